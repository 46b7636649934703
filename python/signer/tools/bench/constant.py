"""A server that only answers: what the generator reaches against it is the generator's own limit.

`python -m signer.tools.bench.constant` prints {"url", "pid"} on one line once it serves.
"""

import asyncio
import json
import os
import sys
from typing import Any

import uvloop

# -P keeps the working folder off the path: its own signer.py would be started instead of ours.
COMMAND = (sys.executable, "-P", "-m", "signer.tools.bench.constant")

BODY = b'{"signature":"0x%s"}' % (b"ab" * 96)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(
    BODY
)


class Constant(asyncio.Protocol):
    """A connection on which anything is answered with the same signature."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        del data  # a whole request: the generator writes it at once, and it fits a segment
        self._transport.write(HEAD + BODY)


async def serve() -> None:
    """Serves on a free port until the process is told to end."""
    server = await asyncio.get_running_loop().create_server(Constant, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    ready = {"url": f"http://{host}:{port}", "pid": os.getpid()}
    sys.stdout.write(f"{json.dumps(ready)}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve())
