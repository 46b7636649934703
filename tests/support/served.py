"""A signer as a user starts it: a process of its own, spoken to over a real socket."""

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from signer.testing.process import SignerProcess


class Answer(NamedTuple):
    """What comes back; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def request(
    url: str,
    method: str,
    path: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request, with no header but the given ones, Host and Content-Length."""
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        if content is not None:
            connection.putheader("Content-Length", str(len(content)))
        connection.endheaders(content)
        response = connection.getresponse()
        lowered = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, lowered, response.read())
    finally:
        connection.close()


@dataclass
class Served:
    """A signer that runs, and the line of its --ready-json."""

    url: str
    process: SignerProcess
    ready: dict[str, Any]

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request, with no header but the given ones, Host and Content-Length."""
        return request(self.url, method, path, body, headers)

    def sign(self, pubkey: str, body: Any, **headers: str) -> Answer:
        return self.ask("POST", f"/api/v1/eth2/sign/{pubkey}", body, headers)


def command(*flags: str | Path) -> list[str]:
    """`signer serve` with flags; every warning of Python is an error."""
    return [sys.executable, "-W", "error", "-m", "signer", "serve", *map(str, flags)]


def serving(
    *flags: str | Path, environment: Mapping[str, str] | None = None
) -> AbstractContextManager[Served]:
    """A signer on a free port; stopped, and seen to stop well, on the way out."""
    return running(command("--port", "0", "--ready-json", *flags), environment)


@contextmanager
def running(
    command: Sequence[str | Path],
    environment: Mapping[str, str] | None = None,
) -> Iterator[Served]:
    """The same of a command that prints the line of --ready-json."""
    process = SignerProcess([*map(str, command)], {**os.environ, **(environment or {})}, timeout=30)
    try:
        yield Served(process.url, process, process.ready)
    finally:
        code = process.stop()
        assert 0 == code, process.log()


@contextmanager
def started(flags: Sequence[str | Path]) -> Iterator[Served]:
    """A signer that is killed on the way out if it still runs."""
    process = SignerProcess(command("--port", "0", "--ready-json", *flags))
    try:
        yield Served(process.url, process, process.ready)
    finally:
        process.kill()
        process.stop()


def refused(*flags: str | Path) -> str:
    """What `signer serve` says when it does not start."""
    done = subprocess.run(command(*flags), capture_output=True, text=True, check=False, timeout=20)
    assert (1, "") == (done.returncode, done.stdout)
    return done.stderr


def said(signer: Served) -> list[str]:
    """Everything on stderr of a signer that is told to stop."""
    signer.process.stop()
    return signer.process.log().splitlines()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port
