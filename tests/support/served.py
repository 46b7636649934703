"""A signer that is spoken to over a real socket: a process, as a user starts it, or a thread here.

A process takes most of a second to start, a thread milliseconds. A test has a process where it is
about that: how it starts, stops and restarts, what it writes, and what it does under load.
"""

import asyncio
import http.client
import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

from click.testing import CliRunner, Result
from prometheus_client import make_wsgi_app

from signer import server
from signer.app import Application
from signer.cli import main
from signer.cli.serve import serve
from signer.config.settings import Config
from signer.testing.process import SignerProcess
from signer.testing.thread import ServerThread


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
        headers = headers or {}
        connection.putrequest(method, path, "Host" in headers, skip_accept_encoding=True)
        for name, value in headers.items():
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
    ready: dict[str, Any]
    metrics_url: str = field(default="", kw_only=True)  # of `serving_here`, with a port for them

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


@dataclass
class Running(Served):
    """A signer that is a process of its own."""

    process: SignerProcess


@contextmanager
def serving_here(*flags: str | Path) -> Iterator[Served]:
    """A signer on a thread of this process, on a free port, with flags of `signer serve`.

    It has no log of its own, and metrics where a port for them is given.
    """
    with serving_application(*flags) as (served, _):
        yield served


@contextmanager
def serving_application(*flags: str | Path) -> Iterator[tuple[Served, Application]]:
    """As `serving_here`, with the application that serves."""
    arguments = [*map(str, flags), "--port", "0"]
    config = Config(**serve.make_context("serve", arguments).params)
    with (
        server.bind(config.host, config.port) as listener,
        closing(Application(config)) as app,
        ExitStack() as stack,
    ):
        url = server.url_of(listener, config)
        metrics_url = ""
        if config.metrics and config.metrics_port is not None:
            host = config.metrics_host or config.host
            metrics_url = stack.enter_context(_serving_metrics(host, config.metrics_port, app))
        app.keymanager.load()
        stack.callback(ServerThread(app, listener, config).stop)
        ready = {"url": url, "pid": os.getpid(), "pubkeys": len(app.keyring)}
        served = Served(url, ready, metrics_url=metrics_url)
        yield served, app


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Logs nothing."""


@contextmanager
def _serving_metrics(host: str, port: int, app: Application) -> Iterator[str]:
    """The URL of an application's metrics; prometheus_client's server takes long to end."""
    registry = app.metrics.registry
    with make_server(host, port, make_wsgi_app(registry), handler_class=_Silent) as metrics:
        thread = Thread(target=metrics.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://{host}:{metrics.server_port}/metrics"
        finally:
            metrics.shutdown()
            thread.join()


def command(*flags: str | Path) -> list[str]:
    """`signer serve` with flags; every warning of Python is an error."""
    return [sys.executable, "-W", "error", "-m", "signer", "serve", *map(str, flags)]


def serving(*flags: str | Path) -> AbstractContextManager[Running]:
    """A signer on a free port; stopped, and seen to stop well, on the way out."""
    return running(command("--port", "0", "--ready-json", *flags))


@contextmanager
def running(
    command: Sequence[str | Path],
    environment: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """The same of a command that prints the line of --ready-json."""
    process = SignerProcess([*map(str, command)], {**os.environ, **(environment or {})}, timeout=30)
    try:
        yield Running(process.url, process.ready, process)
    finally:
        code = process.stop()
        assert 0 == code, process.log()


@contextmanager
def started(flags: Sequence[str | Path]) -> Iterator[Running]:
    """A signer that is killed on the way out if it still runs."""
    process = SignerProcess(command("--port", "0", "--ready-json", *flags))
    try:
        yield Running(process.url, process.ready, process)
    finally:
        process.kill()
        process.stop()


CANNOT_SERVE = 1  # exit codes of the signer
WRONG_FLAGS = 2


def refused(*flags: str | Path, code: int = WRONG_FLAGS) -> str:
    """What `signer serve` says when it does not start, in this process."""
    done = ended_here("serve", *flags)
    assert (code, "") == (done.exit_code, done.stdout)
    return done.stderr


def process_refused(*flags: str | Path, code: int = CANNOT_SERVE) -> str:
    """The same of a process of its own."""
    done = subprocess.run(command(*flags), capture_output=True, text=True, check=False, timeout=20)
    assert (code, "") == (done.returncode, done.stdout)
    return done.stderr


def ended_here(*arguments: str | Path, **environment: str) -> Result:
    """How a command ends with an error, in this process.

    Within an event loop: a command that would serve after all cannot, as it needs one of its own.
    """

    async def invoke() -> Result:
        return CliRunner().invoke(main, [*map(str, arguments)], env=environment)

    log = logging.getLogger()
    handlers, level = [*log.handlers], log.level
    try:
        done = asyncio.run(invoke())
    finally:
        log.handlers[:] = handlers
        log.setLevel(level)
    assert isinstance(done.exception, SystemExit), done.exception  # no other, with a traceback
    return done


def said(signer: Running) -> list[str]:
    """Everything on stderr of a signer that is told to stop."""
    signer.process.stop()
    return signer.process.log().splitlines()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """So many different ports: the system gives out the same one again once it is closed."""
    with ExitStack() as stack:
        address = ("127.0.0.1", 0)
        taken = [stack.enter_context(socket.create_server(address)) for _ in range(count)]
        return [server.getsockname()[1] for server in taken]
