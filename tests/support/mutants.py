"""Signers that are wrong: a real HTTP server in front of a real signer, which changes one thing."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from support.requests import everywhere
from support.served import Answer, request

SIGN = "/api/v1/eth2/sign"
TIMES = ("slot", "epoch", "slot_number", "proposal_slot")
ROOTS = ("signingRoot", "signing_root")
HIGHEST = (1 << 64) - 1


class Asked(NamedTuple):
    """What a client asks."""

    method: str
    path: str
    body: bytes | None
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        """The body of a sign request; of any other one, nothing."""
        try:
            document = json.loads(self.body or b"")
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}


# One of them changes the request, or answers it; the other one changes the answer.
Before = Callable[[Asked], Asked | Answer]
After = Callable[[Asked, Answer], Answer]


def the_same(asked: Asked) -> Asked:
    return asked


def unchanged(_: Asked, answer: Answer) -> Answer:
    return answer


@contextmanager
def mutant(url: str, before: Before = the_same, after: After = unchanged) -> Iterator[str]:
    """The URL of a server that passes requests on to a signer, changed."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            length = self.headers.get("content-length")
            body = None if length is None else self.rfile.read(int(length))
            passed = {name: value for name, value in self.headers.items() if name not in LEFT_OUT}
            asked = Asked(self.command, self.path, body, passed)
            changed = before(asked)
            if isinstance(changed, Asked):
                changed = request(url, *changed)
            answer = after(asked, changed)
            head = f"HTTP/1.1 {answer.status} .\r\nContent-Length: {len(answer.body)}\r\n"
            content_type = answer.headers.get("content-type")
            if content_type:
                head += f"Content-Type: {content_type}\r\n"
            self.wfile.write(f"{head}\r\n".encode() + answer.body)

        do_GET = do_POST = do_DELETE = handle_any  # noqa: N815 - the names of http.server

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


LEFT_OUT = ("Host", "Content-Length")


def refusing(is_refused: Callable[[Any], bool], answer: Answer) -> Before:
    """Answers sign requests of which this is true."""

    def before(asked: Asked) -> Asked | Answer:
        if asked.path.startswith(SIGN) and is_refused(asked.json):
            return answer
        return asked

    return before


def of_the_next_slot(asked: Asked) -> Asked:
    """A sign request one slot and one epoch later, without its roots."""
    document = asked.json
    if not asked.path.startswith(SIGN) or "type" not in document:
        return asked
    fork_info = document.pop("fork_info", None)
    for root in ROOTS:
        document.pop(root, None)
    later = everywhere(document, _later)
    if fork_info:
        later["fork_info"] = fork_info
    return asked._replace(body=json.dumps(later).encode())


def _later(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    times = {name: value[name] for name in TIMES if str(value.get(name)).isdigit()}
    return value | {name: str(min(int(time) + 1, HIGHEST)) for name, time in times.items()}


def as_text(asked: Asked, answer: Answer) -> Answer:
    """Every signature as text, whatever the client accepts."""
    if not asked.path.startswith(SIGN) or answer.status != 200:
        return answer
    body = answer.body
    if body.startswith(b'{"signature"'):
        body = json.loads(body)["signature"].encode()
    return Answer(200, {"content-type": "text/plain; charset=utf-8"}, body)
