"""Sends requests from a grammar to a running signer, by raw sockets: most of them are wrong.

A request has odd methods, paths, headers, encodings, lengths that lie, parts that arrive late, and
others behind it on the same connection. The signer may answer or close the connection. Findings are
a status of 500, no end within ten seconds, memory that grows, and a good request in between that is
answered wrong.

Run: PYTHONPATH=tests:benchmarks python fuzz/raw_http.py --seconds 60
"""

import json
import socket
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random, randrange
from urllib.parse import urlsplit

from support.known_keys import INTEROP
from support.randao import RANDAO
from support.served import Running, serving

TIMEOUT = 10  # seconds; a longer silence is a hang
GOOD_EVERY = 50  # requests
MAX_GROWTH = 40_000  # kB of resident memory after the first tenth of the run
SIGN = f"/api/v1/eth2/sign/{INTEROP[0]}"
BODY = json.dumps(RANDAO).encode()
METHODS = [b"GET", b"POST", b"PUT", b"DELETE", b"HEAD", b"OPTIONS", b"TRACE", b"CONNECT", b"get"]
METHODS += [b"", b"POST ", b"P\xffST", b"A" * 300]
PATHS = [
    *(b"/", b"/upcheck", b"/reload", b"/openapi.json", b"/healthcheck", b"*", b"", b"//", b"/%00"),
    *(b"/api/v1/eth2/publicKeys", b"/api/v1/eth2/sign", SIGN.encode(), SIGN.encode().upper()),
    *(b"/api/v1/eth2/sign/0x", b"/api/v1/eth2/sign/" + b"f" * 96, b"/eth/v1/keystores"),
    *(b"/api/v1/eth2/highWatermark?x=1&x=2", b"/_signer/requests?limit=-1", b"/_signer/faults/1"),
    *(
        b"/_signer/explain",
        b"/_signer/examples?seed=\xff",
        b"/_signer/page/../../x",
        b"/_signer/keys",
    ),
    *(
        b"http://other.example/upcheck",
        b"/" + b"a" * 5_000,
        b"/upcheck#x",
        b"/up check",
        b"/\xff\xfe",
    ),
]
HEADERS = [
    *(
        b"Host: x",
        b"Host:",
        b"Host: x\r\nHost: y",
        b"Accept: application/json",
        b"Accept: text/plain",
    ),
    *(
        b"Accept: */*;q=x",
        b"Content-Type: \xff",
        b"Content-Encoding: gzip",
        b"Expect: 100-continue",
    ),
    *(b"Connection: close", b"Connection: upgrade\r\nUpgrade: websocket", b"Upgrade: h2c"),
    *(
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: gzip, chunked",
        b"Authorization: Basic !",
    ),
    *(b"Origin: null", b"Origin: https://x", b"Cookie: " + b"c" * 4_000, b"X: \x00", b" folded: x"),
    *(
        b"no colon",
        b"Last-Event-ID: -1",
        b"Content-Length: +3",
        b"Content-Length: 0\r\nContent-Length: 9",
    ),
]
BODIES = [
    *(b"", BODY, BODY[:-1], BODY + b"}", b"\x1f\x8b" + bytes(20), b"[" * 3_000, b"\xff" * 100),
    *(
        b'{"type":"ATTESTATION"}',
        b'{"identifiers":[],"signing_request":1}',
        b"null",
        b'"' + b"x" * 9_000,
    ),
    *(
        b'{"keystores":["{}"],"passwords":["x"]}',
        b'{"pubkeys":["0x"]}',
        b'{"status":500,"times":-1}',
    ),
]


class FindingError(Exception):
    """The signer did what it may not."""


def request(choose: Random) -> bytes:
    """One request; about one in five is as it should be."""
    method = choose.choice(METHODS)
    path = choose.choice(PATHS)
    body = choose.choice(BODIES)
    lines = [
        method
        + b" "
        + path
        + b" "
        + choose.choice([b"HTTP/1.1"] * 8 + [b"HTTP/1.0", b"HTTP/9", b""])
    ]
    lines += choose.sample(HEADERS, choose.choice([0, 0, 1, 1, 2, 4]))
    length = len(body)
    if choose.random() < 0.2:
        length = max(0, length + choose.choice([-1, 1, -20, 1_000, 10**12]))
    if choose.random() < 0.8:
        lines.append(b"Content-Length: %d" % length)
    if choose.random() < 0.7:
        lines.append(b"Host: localhost")
    elif choose.random() < 0.3:
        lines.append(b"Transfer-Encoding: chunked")
        body = b"%x\r\n%b\r\n" % (choose.choice([len(body), 3, 2**40]), body) + choose.choice(
            [b"", b"0\r\n\r\n"]
        )
    content = b"\r\n".join(lines) + b"\r\n\r\n" + body
    if choose.random() < 0.1:
        place = choose.randrange(len(content) + 1)
        content = (
            content[:place] + choose.randbytes(choose.choice([1, 3, 40])) + content[place + 1 :]
        )
    return content


def exchange(address: tuple[str, int], content: bytes, choose: Random) -> list[int]:
    """Sends bytes in one or several parts, and returns the statuses of the responses.

    Raises FindingError when neither an end comes nor anything else for ten seconds.
    """
    with socket.create_connection(address, timeout=TIMEOUT) as connection:
        try:
            for part in parts(content, choose):
                connection.sendall(part)
            connection.shutdown(socket.SHUT_WR)
            received = b""
            while chunk := connection.recv(1 << 16):
                received += chunk
        except TimeoutError:
            raise FindingError("no response and no end within ten seconds") from None
        except OSError:  # the signer closed first: it may
            return []
    statuses = []
    for line in received.split(b"\r\n"):
        words = line.rsplit(b"HTTP/1.", 1)[-1].split(b" ")
        if line.count(b"HTTP/1.") and len(words) > 1 and words[1].isdigit():
            statuses.append(int(words[1]))
    return statuses


def parts(content: bytes, choose: Random) -> Iterator[bytes]:
    """The bytes in one piece, or in two with a pause."""
    if choose.random() < 0.8:
        yield content
        return
    place = choose.randrange(len(content) + 1)
    yield content[:place]
    time.sleep(0.005)
    yield content[place:]


def memory(pid: int) -> int:
    """Resident memory of a process in kB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def check_good(served: Running, signature: bytes) -> None:
    """Raises FindingError when a good request is not answered as at the start."""
    answer = served.sign(INTEROP[0], RANDAO)
    if (answer.status, answer.body) != (200, signature):
        raise FindingError(f"a good request was answered {answer.status}: {answer.body[:200]!r}")


def check_statuses(statuses: list[int]) -> None:
    """Raises FindingError for a 500."""
    if 500 in statuses:
        raise FindingError("answered 500")


def run(served: Running, seed: int, seconds: float) -> Counter[str]:
    """Sends requests until the time is over. Raises FindingError."""
    choose = Random(seed)
    signature = served.sign(INTEROP[0], RANDAO).body
    parsed = urlsplit(served.url)
    address = (parsed.hostname or "", parsed.port or 0)
    counts = Counter[str]()
    started = time.monotonic()
    settled = 0
    while time.monotonic() < started + seconds:
        content = b"".join(request(choose) for _ in range(choose.choice([1, 1, 1, 2, 3])))
        try:
            statuses = exchange(address, content, choose)
            check_statuses(statuses)
            if counts["connections"] % GOOD_EVERY == 0:
                check_good(served, signature)
        except FindingError as error:
            raise FindingError(f"{error}, to {content!r:.3000}") from None
        counts["connections"] += 1
        counts["closed"] += not statuses
        counts.update(map(str, statuses))
        if not settled and time.monotonic() > started + seconds / 10:
            settled = memory(served.process.pid)
    counts["kB grown"] = memory(served.process.pid) - settled
    if counts["kB grown"] > MAX_GROWTH:
        raise FindingError(f"memory grew by {counts['kB grown']} kB")
    return counts


def main() -> None:
    """Starts a signer, and prints what it answered. The exit code is 1 with a finding."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=randrange(2**32))
    arguments = parser.parse_args()
    print(f"--seed {arguments.seed}")
    with serving("--interop", "2", "--control", "--no-metrics", "--quiet") as served:
        try:
            counts = run(served, arguments.seed, arguments.seconds)
        except FindingError as error:
            raise SystemExit(str(error)) from None
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
