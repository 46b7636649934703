"""What else happens to a signer during the soak: changes of keys, readers, idle connections."""

import socket
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import cycle
from threading import Event, Lock, Thread
from typing import Any, Self
from urllib.parse import urlsplit

from support.events import Reader
from support.keymanager import Keymanager, fresh
from support.served import Running, request

PAUSE = 0.1  # seconds between two visits
KEYS_AT_ONCE = 2
KEYS_KEPT = 8  # imported ones, before the oldest are deleted
WHOLE_JOURNAL_EVERY = 10
FAULT = {"type": "ATTESTATION", "status": 412, "pubkey": "0x" + "00" * 48}  # meets no request


class Idlers:
    """Connections on which nothing is sent. The signer closes them after a time."""

    def __init__(self, url: str, count: int) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 0)
        self._count = count
        self._sockets: list[socket.socket] = []

    def open(self) -> None:
        """Opens all; one of them asks for events, and never reads one."""
        self._sockets = [self._connect() for _ in range(self._count)]
        self._sockets[0].sendall(b"GET /_signer/events HTTP/1.1\r\nHost: localhost\r\n\r\n")

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(self._address, timeout=10)
        connection.settimeout(0)
        return connection

    def reopen(self) -> None:
        """Opens those again that the signer has closed."""
        for place, connection in enumerate(self._sockets[1:], 1):
            with suppress(BlockingIOError):  # nothing has come: it is open
                connection.recv(1)
                connection.close()
                self._sockets[place] = self._connect()

    def close(self) -> None:
        """Closes all."""
        for connection in self._sockets:
            connection.close()


class Visitors(Thread):
    """Visits the signer on a thread until it is closed; `problem` tells what was wrong."""

    def __init__(self, served: Running, metrics_url: str, idle_connections: int) -> None:
        super().__init__(name="visitors")
        self._served = served
        self._metrics_url = metrics_url
        self._journals = 0
        self._last_seq = 0
        self._keymanager = Keymanager(served)
        self._imported: deque[str] = deque()
        self._interop = len(self._keymanager.list_keys())
        self._idlers = Idlers(served.url, idle_connections)
        self._is_over = Event()
        self._visiting = Lock()
        self._kinds: list[Callable[[], None]] = [
            self._change_keys,
            self._read_journal,
            self._read_events,
            self._set_fault,
            self._read_pages,
            self._idlers.reopen,
        ]
        self.rounds = 0  # how often it has visited in each way
        self.problem: Exception | None = None
        self.counts = Counter[str]()

    def run(self) -> None:
        for number, visit in enumerate(cycle(self._kinds)):
            self.rounds = number // len(self._kinds)
            if self._is_over.wait(PAUSE):
                return
            try:
                with self._visiting:
                    visit()
            except Exception as error:  # noqa: BLE001 - the main thread raises it
                self.problem = error
                return

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nobody visits meanwhile, and all idle connections are open."""
        with self._visiting:
            self._idlers.close()
            self._idlers.open()
            yield

    def __enter__(self) -> Self:
        self._idlers.open()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self.join()
        self._idlers.close()

    def _change_keys(self) -> None:
        """Imports keys, signs with them, and deletes the oldest ones."""
        keystores = [fresh() for _ in range(KEYS_AT_ONCE)]
        statuses = self._keymanager.import_keystores(*keystores)
        _expect(["imported"] * KEYS_AT_ONCE, statuses)
        for keystore in keystores:
            if not self._keymanager.sign(keystore.pubkey):
                raise ValueError(f"an imported key does not sign: {keystore.pubkey}")
            self._imported.append(keystore.pubkey)
        if len(self._imported) > KEYS_KEPT:
            oldest = [self._imported.popleft() for _ in range(KEYS_AT_ONCE)]
            _expect(["deleted"] * KEYS_AT_ONCE, self._keymanager.delete_keys(*oldest))
            _expect(None, self._keymanager.sign(oldest[0]))
        _expect(self._interop + len(self._imported), len(self._keymanager.list_keys()))
        self.counts["keys imported"] += KEYS_AT_ONCE

    def _read_journal(self) -> None:
        """Reads the records of a type that are new, and sometimes all of them."""
        self._journals += 1
        query = f"type=RANDAO_REVEAL&since={self._last_seq}"
        if self._journals % WHOLE_JOURNAL_EVERY == 1:
            query = ""
            self.counts["slashable pairs read"] += len(self._get("/_signer/slashable"))
        records = self._get(f"/_signer/requests?{query}")
        numbers = [record["seq"] for record in records]
        _expect(sorted(set(numbers)), numbers)
        if not query:
            _expect([*range(numbers[0], numbers[0] + len(numbers))], numbers)
        self._last_seq = max([self._last_seq, *numbers])
        self.counts["records read"] += len(records)

    def _read_events(self) -> None:
        """Causes an event itself, so that it never waits for others."""
        with Reader(self._served.url) as reader:
            self._served.ask("GET", "/upcheck")
            self.counts["events read"] += len(reader.until("records").data)

    def _set_fault(self) -> None:
        fault = self._served.ask("POST", "/_signer/faults", FAULT).json["id"]
        _expect(200, self._served.ask("DELETE", f"/_signer/faults/{fault}").status)

    def _read_pages(self) -> None:
        """What monitors ask for."""
        for path in ("/upcheck", "/healthcheck", "/api/v1/eth2/publicKeys", "/", "/_signer/"):
            _expect(200, self._served.ask("GET", path).status)
        _expect(202, self._served.ask("POST", "/reload").status)
        metrics = request(self._metrics_url, "GET", "/metrics")
        _expect(200, metrics.status)

    def _get(self, path: str) -> list[dict[str, Any]]:
        answer = self._served.ask("GET", path)
        _expect(200, answer.status)
        items: list[dict[str, Any]] = answer.json
        return items


def _expect(expected: object, found: object) -> None:
    """Raises ValueError for two different values."""
    if expected != found:
        raise ValueError(f"expected {expected!r:.300}, found {found!r:.300}")
