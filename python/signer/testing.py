"""`Signer`: a signer inside of a test, in a thread or in a process of its own."""

import asyncio
import os
import select
import sys
import threading
import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import asdict
from pathlib import Path
from subprocess import PIPE, Popen
from tempfile import TemporaryFile
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import msgspec
import uvloop

from . import server
from .app import Application
from .config import Config
from .decoding import convert
from .errors import ConfigError, SignerError
from .faults import Fault, fault_of
from .journal import Match, Record
from .slashing import Slashable

DIRECT = build_opener(ProxyHandler({}))  # whatever proxy the environment names
READY = 10.0  # seconds within which a signer answers, or its start has failed


class FaultHandle:
    """A fault that was set; as a context manager it is removed on the way out."""

    def __init__(self, signer: "Controls", number: int) -> None:
        self._signer, self.id = signer, number

    @property
    def hits(self) -> int:
        """How often it struck."""
        return int(self._signer.ask_control("GET", f"faults/{self.id}")["hits"])

    def remove(self) -> None:
        """Takes it back: requests that it hangs go on."""
        self._signer.ask_control("DELETE", f"faults/{self.id}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class Controls:
    """What a test can do with a signer that serves at `url` with --control."""

    url: str

    def ask_control(self, method: str, path: str, /, **sent: Any) -> Any:
        """Asks /_signer; raises SignerError with its message when it refuses."""
        given = {name: value for name, value in sent.items() if value is not None}
        query = f"?{urlencode(given)}" if method == "GET" else ""
        body = None if method == "GET" else msgspec.json.encode(given)
        request = Request(f"{self.url}/_signer/{path}{query}", body, method=method)  # noqa: S310
        try:
            with DIRECT.open(request, timeout=60 + sent.get("wait", 0)) as response:
                return msgspec.json.decode(response.read())
        except HTTPError as error:
            raise SignerError(msgspec.json.decode(error.read())["message"]) from None

    @property
    def pubkeys(self) -> list[str]:
        """The public keys that can sign, as 0x and 96 hex digits."""
        return list(self.ask_control("GET", "keys"))

    @property
    def requests(self) -> list[Record]:
        """The last ten thousand requests, oldest first, without those to /_signer."""
        return self.wait_for(0)

    def wait_for(
        self, n: int = 1, timeout: float = 5.0, *, since: int = 0, **match: Any
    ) -> list[Record]:
        """The requests that match, as soon as there are n. Raises AssertionError after `timeout` s.

        `since` leaves out those up to that `seq`. Blocks; in a coroutine:
        `await asyncio.to_thread(signer.wait_for, 3, type="ATTESTATION")`.
        """
        sent = {"n": n, "wait": timeout, "since": since, **match}
        records = convert(list[Record], self.ask_control("GET", "requests", **sent))
        if len(records) < n:
            raise AssertionError(self._told(f"{n} requests", Match(**match), records))
        return records

    def count(self, **match: Any) -> int:
        """How many requests match, whatever they were answered."""
        return len(self.wait_for(0, **match))

    def assert_signed(self, n: int | None = None, **match: Any) -> None:
        """Asserts that n requests that match were signed; without n, that at least one was.

        The message shows what came instead.
        """
        signed = [record for record in self.wait_for(0, **match) if record.signature]
        if len(signed) != n if n is not None else not signed:
            expected = f"{'at least 1' if n is None else n} signed"
            raise AssertionError(self._told(expected, Match(**match), signed))

    def _told(self, expected: str, match: Match, found: list[Record]) -> str:
        records = self.requests
        lines = [f"expected {expected} {match.given() or 'of any kind'}, found {len(found)}"]
        lines.append(f"{len(records)} requests were received{':' if records else ''}")
        for record in records[-20:]:
            misses = match.misses(record) or ([] if record.signature else ["signature"])
            near = f"   <- all but its {misses[0]}" if len(misses) == 1 else ""
            lines.append(f"  {record.line()}{near}")
        return "\n".join(lines)

    def slashable(self) -> list[Slashable]:
        """The pairs of messages that keys were asked to sign, and that slash them."""
        return convert(list[Slashable], self.ask_control("GET", "slashable"))

    def assert_not_slashable(self) -> None:
        """Asserts that there are none; the message shows them."""
        if pairs := self.slashable():
            told = "\n".join(pair.line() for pair in pairs)
            raise AssertionError(f"expected nothing slashable, found {len(pairs)}:\n{told}")

    def fault(self, fault: Fault | None = None, /, **what: Any) -> FaultHandle:
        """Sets a fault, or one of these fields of `Fault`. The last one that matches wins."""
        sent = msgspec.to_builtins(fault) | what if fault else what
        return FaultHandle(self, self.ask_control("POST", "faults", **sent)["id"])

    @property
    def faults(self) -> list[dict[str, Any]]:
        """The faults that are set, each with `id` and `hits`."""
        return list(self.ask_control("GET", "faults"))

    def add_keys(self, *, keys: Iterable[bytes] = (), **sources: Any) -> list[str]:
        """Adds keys, of `interop`, `mnemonic`, `count`, `start`, or secrets of 32 bytes."""
        secrets = [f"0x{key.hex()}" for key in keys]
        return list(self.ask_control("POST", "keys", keys=secrets, **sources))

    def remove_keys(self, *pubkeys: str) -> None:
        """Removes keys: requests for them are 404 from now on."""
        self.ask_control("DELETE", "keys", pubkeys=pubkeys)

    def reset(self) -> None:
        """Forgets requests, faults and what was signed; the keys stay."""
        self.ask_control("POST", "reset")


class Signer(Controls):
    """A signer on a free port of this machine, that answers when it is made.

    `with Signer(interop=4) as signer:` stops it on the way out. It serves from a thread, or with
    `process=True` from a process of its own; `start=False` leaves it unstarted: the url is known,
    connecting to it is refused. Other arguments are flags of `signer serve`, as `Config` has them.
    What was asked, set and added outlives `stop`, except in a process, which takes it along.
    Raises ConfigError when it cannot start.
    """

    def __init__(
        self,
        *,
        interop: int = 0,
        keystores: Path | None = None,
        keys: Iterable[bytes] = (),
        start_index: int = 0,
        host: str = "127.0.0.1",
        port: int = 0,
        process: bool = False,
        start: bool = True,
        **flags: Any,
    ) -> None:
        self._keys = list(keys)
        self._end: Callable[[], None] | None = None  # stops what serves, while it does
        self._reserve(host, port)
        flags = {"metrics": False, "keystores_path": keystores, "start": start_index, **flags}
        port = self._listener.getsockname()[1]
        self._config = Config(interop=interop, host=host, port=port, control=True, **flags)
        self._application = None if process else Application(self._config)
        if self._application:
            self._application.keymanager.load(lambda _: None)
            self.add_keys(keys=self._keys)
        if start:
            self.start()

    def _reserve(self, host: str, port: int) -> None:
        """Takes the port, until the signer listens on it or is forgotten."""
        self._listener = server.bind(host, port)
        self.url = server.url_of(self._listener)
        weakref.finalize(self, self._listener.close)

    def ask_control(self, method: str, path: str, /, **sent: Any) -> Any:
        if self._application:
            return self._application.control.handle(method, path, sent)
        return super().ask_control(method, path, **sent)

    def start(self) -> None:
        """Serves; also again after `stop`, on the same port. Nothing if it does already."""
        if self._application and not self._end:
            self._start_thread(self._application)
        elif not self._end:
            self._start_process()

    def _start_thread(self, application: Application) -> None:
        listener, timeout, stop = self._listener, self._config.idle_timeout, asyncio.Event()
        ready = Future[asyncio.AbstractEventLoop]()

        def on_ready() -> None:
            ready.set_result(asyncio.get_running_loop())

        def run() -> None:
            serving = server.serve(application, listener, timeout, on_ready, stop, patient=False)
            try:
                uvloop.run(serving)
            except BaseException as error:  # noqa: BLE001 - raised where the signer is started
                if not ready.done():
                    ready.set_exception(error)

        thread = threading.Thread(target=run, name="signer", daemon=True)
        thread.start()
        try:
            loop = ready.result(READY)
        except TimeoutError:
            raise ConfigError(f"expected {self.url} to answer within {READY} seconds") from None

        def end() -> None:
            application.control.journal.release()
            loop.call_soon_threadsafe(stop.set)
            thread.join()

        self._end = end

    def _start_process(self) -> None:
        self._listener.close()
        # by its environment: no mnemonic is in a list of processes then
        kept = {name: value for name, value in os.environ.items() if name[:7] != "SIGNER_"}
        flags = {
            f"SIGNER_{name.upper()}": str(value)
            for name, value in asdict(self._config).items()
            if value is not None and name != "fault"
        }
        command = [sys.executable, "-m", "signer", "serve", "--ready-json"]
        with TemporaryFile() as log:
            process = Popen(command, stdout=PIPE, stderr=log, env=kept | flags)  # noqa: S603

            def end() -> None:
                with process:
                    process.terminate()

            self._end = end
            output: Any = process.stdout
            ready, _, _ = select.select([output], [], [], READY)
            if not ready or not output.readline():
                process.kill()
                self.stop()
                log.seek(0)
                last = b"\n".join(log.read().splitlines()[-20:]).decode()
                raise ConfigError(f"expected a signer at {self.url}, found:\n{last}")
        self.add_keys(keys=self._keys)
        for fault in self._config.fault:
            self.fault(fault_of(fault))

    def stop(self) -> None:
        """Stops serving, at once: connecting is refused then. Nothing if it does not serve."""
        if self._end:
            self._end()
            self._end = None
            self._reserve(self._config.host, self._config.port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._listener.close()
        if self._application:
            self._application.close()
