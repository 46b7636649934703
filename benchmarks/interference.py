"""The slowest signature of one client while others open connections and send large bodies.

The client is a process of its own (probe.py). Each load runs three times, and the median of the
slowest answers is the figure. It does not count the moment in which connections are closed.
"""

import http.client
import json
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import load
from run import Run
from signers import Signer, serving

PROBE = Path(__file__).with_name("probe.py")
ENVELOPE = json.loads(
    (Path(__file__).parent.parent / "tests/vectors/signing/signing_live.json").read_text("utf-8")
)["cases"]
KEYSTORE = json.dumps({"crypto": {}, "version": 4, "uuid": "", "description": "x" * 500})
SIGN_LIMIT = (4 << 20) - 1000  # bytes; just under the limit of a sign request
LIMIT = (32 << 20) - 1000  # bytes; just under that of all other bodies
VALUES = 349_000  # just under the limit
HISTORY_VALUES = 999_000  # just under that of a history

IDLE, HALF, BURST = "idle connections", "half-sent requests", "2,000 requests at once"
ENVELOPES = {"an envelope of 16 MiB", "one transaction of 16 MiB"}
OF_CONTROL = {"349,000 keys of control", "64 MiB of records"}  # on a signer with --control
NO_BODIES = {"nothing", IDLE, HALF, BURST, "64 MiB of records"} | ENVELOPES
WORST = "the worst body"


class Probe:
    """The client next to the load."""

    def __init__(self, signer: Signer) -> None:
        command = [sys.executable, str(PROBE), signer.url, signer.pubkeys[0]]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        time.sleep(0.3)
        self.slowest()

    def slowest(self) -> float:
        """Seconds of the slowest answer since the last call."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline().split()[0])

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()


# Loads the signer, and returns a remark; the stack closes what it opened after the measurement
Load = Callable[[Signer, Probe, ExitStack], str]


@contextmanager
def connections(signer: Signer, text: bytes, count: int) -> Iterator[list[socket.socket]]:
    """So many connections, on each of which a text was sent."""
    address = urlsplit(signer.url)
    with ExitStack() as stack:
        opened = []
        for _ in range(count):
            connection = socket.create_connection((address.hostname or "", address.port or 0), 30)
            opened.append(stack.enter_context(connection))
            connection.sendall(text)
        yield opened


def nothing(_: Signer, __: Probe, ___: ExitStack) -> str:
    """A second without any load."""
    time.sleep(1)
    return ""


def held(text: bytes, count: int) -> Load:
    """Connections that stay open for a second. Opening them is in the remark."""

    def hold(signer: Signer, probe: Probe, after: ExitStack) -> str:
        after.enter_context(connections(signer, text, count))
        opening = probe.slowest() * 1e3
        time.sleep(1)
        return f"{count:,} connections; {opening:.0f} ms while they open"

    return hold


def burst(count: int) -> Load:
    """Requests at once, each on its own connection."""

    def send(signer: Signer, _: Probe, __: ExitStack) -> str:
        body = load.attestation()
        head = f"POST /api/v1/eth2/sign/{signer.pubkeys[1]} HTTP/1.1\r\nHost: signer\r\n"
        text = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        with connections(signer, b"", count) as opened:
            started = time.perf_counter()
            for connection in opened:
                connection.sendall(text)
            for connection in opened:
                connection.recv(15)
            return f"{time.perf_counter() - started:.2f} s until the last answer"

    return send


def body(method: str, path: str, content: bytes) -> Load:
    """One request with a body, or several of GET."""

    def send(signer: Signer, _: Probe, __: ExitStack) -> str:
        connection = http.client.HTTPConnection(urlsplit(signer.url).netloc, timeout=120)
        started = time.perf_counter()
        # A body that is refused before it is read ends the connection while it is sent.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, path.replace("KEY", signer.pubkeys[0]), content or None)
        status = "closed"
        with suppress(ConnectionError, http.client.HTTPException):
            response = connection.getresponse()
            response.read()
            status = str(response.status)
        connection.close()
        return f"{status} after {time.perf_counter() - started:.2f} s"

    return send


def filled(before: bytes, part: bytes, after: bytes, limit: int, most: int = VALUES) -> bytes:
    """A document of as many parts as fit."""
    count = min(most, (limit - len(before) - len(after)) // len(part))
    return before + part * count + after


def envelope(transactions: list[str]) -> bytes:
    """A request for the signature of a Gloas envelope with a large payload."""
    case = next(
        case for case in ENVELOPE if case["request"]["type"] == "EXECUTION_PAYLOAD_ENVELOPE"
    )
    request = json.loads(json.dumps(case["request"]))
    request.pop("signingRoot", None)
    request["execution_payload_envelope"]["data"]["payload"]["transactions"] = transactions
    return json.dumps(request).encode()


def loads(run: Run) -> dict[str, Load]:
    """All loads, by the names of their rows."""
    size = run.size(1, 200)  # a quick run has small ones
    sign, batch, keystores = "/api/v1/eth2/sign/KEY", "/api/v1/eth2/sign", "/eth/v1/keystores"
    idle = b"GET /upcheck HTTP/1.1\r\nHost: signer\r\n\r\n"
    half = b"POST /api/v1/eth2/sign HTTP/1.1\r\nHost:"
    limit, sign_limit, values = LIMIT // size, SIGN_LIMIT // size, VALUES // size
    history = b'{"metadata":{"interchange_format_version":"5","genesis_validators_root":"0x%s"}' % (
        b"11" * 32
    )
    entry = b'{"pubkey":"0x%s","signed_blocks":[' % (b"ab" * 48)
    block = b'{"slot":"1"},'
    count = HISTORY_VALUES // size // 3
    protection = history + b',"data":[' + entry + (block * count)[:-1]
    protection += b'],"signed_attestations":[]}]}'
    imported = {"keystores": [], "passwords": [], "slashing_protection": protection.decode()}
    of_1000_keys = history + b',"data":['
    of_1000_keys += b",".join([entry + (block * (count // 1_000))[:-1] + b"]}"] * 1_000) + b"]}"
    imported_1000 = {**imported, "slashing_protection": of_1000_keys.decode()}
    pubkeys = b",".join(b'"0x%096x"' % number for number in range(100_000 // size))
    many = json.dumps({"keystores": [KEYSTORE] * (50_000 // size), "passwords": []}).encode()
    many = many.replace(
        b'"passwords": []', b'"passwords": [%s]' % b",".join([b'"x"'] * (50_000 // size))
    )
    randao = load.attestation()
    return {
        "nothing": nothing,
        IDLE: held(idle, 10_000 // size),
        HALF: held(half, 3_000 // size),
        BURST: burst(2_000 // size),
        "lists in a header": body(
            "POST",
            sign,
            filled(
                b'{"type":"BLOCK_V2","beacon_block":{"version":"DENEB","block_header":[',
                b"[],",
                b"0]}}",
                sign_limit,
                values,
            ),
        ),
        "objects in an unknown member": body(
            "POST",
            sign,
            filled(b'{"type":"BLOCK_V2","x":[', b'{"a":1},', b"0]}", sign_limit, values // 2),
        ),
        "a long type": body("POST", sign, filled(b'{"type":"', b"\\n", b'"}', sign_limit, limit)),
        "an ALTAIR block": body(
            "POST",
            sign,
            filled(
                b'{"type":"BLOCK_V2","beacon_block":{"version":"ALTAIR","block":{"slot":"1","body":'
                b'{"attestations":[',
                b"{},",
                b"{}]}}}}",
                sign_limit,
                values // 2,
            ),
        ),
        "349,000 identifiers": body(
            "POST",
            batch,
            filled(b'{"identifiers":[', b'"a",', b'"b"],"signing_request":{}}', limit, values),
        ),
        "100,000 identifiers": body(
            "POST", batch, b'{"identifiers":[%s],"signing_request":%s}' % (pubkeys, randao)
        ),
        "349,000 keystores": body(
            "POST",
            keystores,
            filled(b'{"passwords":[],"keystores":[', b'"",', b'""]}', limit, values),
        ),
        "50,000 keystores": body("POST", keystores, many),
        "a history of one key": body("POST", keystores, json.dumps(imported).encode()),
        "a history of 1,000 keys": body("POST", keystores, json.dumps(imported_1000).encode()),
        "32 MiB of white space": body(
            "POST", keystores, filled(b'{"keystores":[]', b" ", b',"passwords":[]}', limit, limit)
        ),
        "an identifier of 32 MiB": body(
            "POST", batch, filled(b'{"identifiers":["', b"a", b'"]}', limit, limit)
        ),
        "300,000 keys to delete": body(
            "DELETE",
            keystores,
            b'{"pubkeys":[%s]}'
            % b",".join(b'"0x%096x"' % number for number in range(300_000 // size)),
        ),
        "349,000 keys to delete": body(
            "DELETE", keystores, filled(b'{"pubkeys":[', b'"0x",', b'"0x"]}', limit, values)
        ),
        "a text of 32 MiB": body(
            "POST",
            keystores,
            filled(b'{"keystores":["', b'\\"', b'"],"passwords":[""]}', limit, limit),
        ),
        "349,000 keys of control": body(
            "POST", "/_signer/keys", filled(b'{"keys":[', b'"0x",', b'"0x"]}', limit, values)
        ),
        "an envelope of 16 MiB": body(
            "POST", sign, envelope(["0x" + "ab" * 1024] * (8_000 // size))
        ),
        "64 MiB of records": body("GET", "/_signer/requests", b""),
        "one transaction of 16 MiB": body(
            "POST", sign, envelope(["0x" + "ab" * (8_000_000 // size)])
        ),
    }


def measure(run: Run) -> None:
    """A table: the slowest signature next to each load."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    rows: dict[str, dict[str, float | str]] = {}
    flags = ["--interop", run.size(1_000, 20), "--slashing", "off"]
    with serving(*flags) as signer, serving(*flags, "--control") as controlled:
        probes = {signer: Probe(signer), controlled: Probe(controlled)}
        for name, apply in loads(run).items():
            loaded = controlled if name in OF_CONTROL else signer
            slowest = []
            for _ in range(min(run.rounds, 3)):
                with ExitStack() as after:
                    probes[loaded].slowest()
                    remark = apply(loaded, probes[loaded], after)
                    slowest.append(probes[loaded].slowest() * 1e3)
            rows[name] = {"slowest ms": median(slowest), "remark": remark}
        for probe in probes.values():
            probe.close()
    worst = max(set(rows) - NO_BODIES, key=lambda name: float(rows[name]["slowest ms"]))
    rows[WORST] = rows[worst] | {"remark": worst}
    seconds = str(rows[BURST]["remark"]).split()[0]
    rows[BURST]["last answer s"] = float(seconds)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    note = "The slowest signature of one client next to each load: the median of three runs."
    run.table("interference", note, rows)
