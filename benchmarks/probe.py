"""One client that signs new roots on one connection: a process of its own, next to other load.

For each line on standard input it prints the slowest answer since the last line, in seconds, and
the number of answers.
"""

import select
import socket
import sys
import time
from urllib.parse import urlsplit

import load


def main() -> None:
    """Signs until standard input ends."""
    url, pubkey = sys.argv[1:]
    address = urlsplit(url)
    bodies = load.new_roots()
    slowest = 0.0
    count = 0
    with socket.create_connection((address.hostname or "", address.port or 0)) as connection:
        while True:
            body = next(bodies)
            head = f"POST /api/v1/eth2/sign/{pubkey} HTTP/1.1\r\nHost: signer\r\n"
            started = time.perf_counter()
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            answer = connection.recv(4096)
            slowest = max(slowest, time.perf_counter() - started)
            count += 1
            if not answer.startswith(b"HTTP/1.1 200 "):
                raise SystemExit(f"expected a signature, found {answer!r}")
            if select.select([sys.stdin], [], [], 0.001)[0]:
                if not sys.stdin.readline():
                    return
                print(slowest, count, flush=True)
                slowest = 0.0
                count = 0


if __name__ == "__main__":
    main()
