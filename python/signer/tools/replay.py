"""Sends recorded requests again, and compares the answers."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from queue import Queue
from time import monotonic, sleep
from typing import NamedTuple

from ..control.journal import MAX_NAME_LENGTH, one_line
from ..errors import ConfigError
from ..hex import abbreviated
from ..upstream.endpoint import Endpoint
from .recorded import Recorded, reason_to_leave_out

WAITING_PER_CONNECTION = 32  # requests read ahead; more would only take memory
MAX_ANSWER_SIZE = 1 << 20  # bytes that are read of an answer; a signature has 200
PROGRESS_INTERVAL = 1.0  # seconds
OK = 200
SIGN_PREFIX = "/api/v1/eth2/sign/"
LIST_PATH = "/api/v1/eth2/publicKeys"
UNKNOWN_ROUTE = {404, 405, 501}  # what a server of another kind answers


class Difference(NamedTuple):
    """An answer that is not the recorded one."""

    recorded: Recorded
    problem: str
    is_of_signatures: bool

    @property
    def kind(self) -> tuple[str, bool]:
        """What it shares with others like it: the signing type, and what differs."""
        return self.recorded.record.type or self.recorded.record.method, self.is_of_signatures


class Outcome:
    """What came of it so far."""

    def __init__(self) -> None:
        self.sent = 0
        self.same = 0
        self.signatures = 0  # answers with another signature
        self.statuses = 0  # answers with another status
        self.not_compared = 0  # requests that a fault had answered
        self.left_out = Counter[str]()  # by reason
        self.signed = 0  # requests with a recorded signature
        self.unknown_routes = 0  # those of them whose route is unknown at the target
        self.is_no_signer = False


class _Answer(NamedTuple):
    status: int | None  # None: there was none
    signature: str
    words: str
    is_unknown_route: bool = False


class Replay:
    """Sends requests on several connections, those of one key on one of them: in their order.

    `told` is called with each difference, by any thread, one at a time. `speed` is how many times
    faster than recorded; None is as fast as the signer answers.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        told: Callable[[Difference], None],
        *,
        connections: int,
        timeout: float,
        speed: float | None,
    ) -> None:
        self._endpoint = endpoint
        self._told = told
        self._timeout = timeout
        self._speed = speed
        self.outcome = Outcome()
        self._lock = threading.Lock()
        self._queues = [Queue[Recorded | None](WAITING_PER_CONNECTION) for _ in range(connections)]

    def run(self, records: Iterable[Recorded], progress: Callable[[Outcome], None]) -> Outcome:
        """Sends all, and waits for the answers; calls `progress` once a second.

        Raises ConfigError when nobody listens.
        """
        self._require_listening()
        threads = [
            threading.Thread(target=self._send_all, args=(queue,), daemon=True)
            for queue in self._queues
        ]
        for thread in threads:
            thread.start()
        next_progress = monotonic() + PROGRESS_INTERVAL
        try:
            for recorded in self._in_time(records):
                self._queue_of(recorded).put(recorded)
                if monotonic() >= next_progress:
                    progress(self.outcome)
                    next_progress = monotonic() + PROGRESS_INTERVAL
        finally:
            for queue in self._queues:
                queue.put(None)
        for thread in threads:
            thread.join()
        all_are_unknown = self.outcome.signed == self.outcome.unknown_routes > 0
        self.outcome.is_no_signer = all_are_unknown and not self._lists_keys()
        return self.outcome

    def _lists_keys(self) -> bool:
        """Whether a list of keys is there, perhaps without ours, or for other users only."""
        connection = self._connection()
        headers = {"Accept": "application/json"}
        if self._endpoint.authorization:
            headers["Authorization"] = self._endpoint.authorization.decode()
        try:
            connection.request("GET", self._endpoint.base_path + LIST_PATH, headers=headers)
            with connection.getresponse() as response:
                is_refused = response.status in {401, 403}
                content = response.read(MAX_ANSWER_SIZE)
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
        return is_refused or content.lstrip().startswith(b"[")

    def _in_time(self, records: Iterable[Recorded]) -> Iterator[Recorded]:
        """The records to send, each when its time has come."""
        started = monotonic()
        first_time: float | None = None
        for recorded in records:
            reason = reason_to_leave_out(recorded.record)
            if reason:
                self.outcome.left_out[reason] += 1
                continue
            if first_time is None:
                first_time = recorded.record.time
            if self._speed:
                due = started + (recorded.record.time - first_time) / self._speed
                sleep(max(0.0, due - monotonic()))
            yield recorded

    def _queue_of(self, recorded: Recorded) -> "Queue[Recorded | None]":
        return self._queues[hash(recorded.record.pubkey) % len(self._queues)]

    def _connection(self) -> HTTPConnection:
        endpoint = self._endpoint
        if endpoint.tls:
            return HTTPSConnection(
                endpoint.host, endpoint.port, timeout=self._timeout, context=endpoint.tls
            )
        return HTTPConnection(endpoint.host, endpoint.port, timeout=self._timeout)

    def _require_listening(self) -> None:
        connection = self._connection()
        try:
            connection.connect()
        except OSError as error:
            raise ConfigError(
                f"cannot reach a signer at {self._endpoint.url}: {error.strerror or error}; start "
                "it, or give another URL"
            ) from None
        finally:
            connection.close()

    def _send_all(self, queue: "Queue[Recorded | None]") -> None:
        connection = self._connection()
        try:
            while recorded := queue.get():
                answer = self._answer(connection, recorded)
                with self._lock:
                    self._compare(recorded, answer)
        finally:
            connection.close()

    def _answer(self, connection: HTTPConnection, recorded: Recorded) -> _Answer:
        try:
            return self._ask(connection, recorded)
        except (ConnectionError, HTTPException):  # a kept connection that the signer has closed
            connection.close()
        except OSError as error:
            connection.close()
            return _Answer(None, "", error.strerror or str(error))
        try:
            return self._ask(connection, recorded)
        except (OSError, HTTPException) as error:
            connection.close()
            return _Answer(None, "", str(error) or type(error).__name__)

    def _ask(self, connection: HTTPConnection, recorded: Recorded) -> _Answer:
        method = recorded.record.method
        connection.putrequest(
            method,
            self._endpoint.base_path + recorded.target,
            skip_accept_encoding=True,
        )
        headers = recorded.headers
        if self._endpoint.authorization:
            headers["Authorization"] = self._endpoint.authorization.decode()
        body = recorded.body
        if body is not None or method == "POST":
            headers["Content-Length"] = str(len(body or b""))
        for name, value in headers.items():
            connection.putheader(name, value.encode("latin-1", "replace"))
        connection.endheaders(body)
        with connection.getresponse() as response:
            content = response.read(MAX_ANSWER_SIZE)
            if response.read(1):
                connection.close()  # the rest is not worth reading
            is_unknown_route = response.status in UNKNOWN_ROUTE and not _has_reason(content)
            return _Answer(
                response.status, _signature_in(content), _words(content), is_unknown_route
            )

    def _compare(self, recorded: Recorded, answer: _Answer) -> None:
        outcome = self.outcome
        record = recorded.record
        outcome.sent += 1
        if record.fault:
            outcome.not_compared += 1
            return
        expected = (record.signature or "").lower()
        if expected and record.path.startswith(SIGN_PREFIX):
            outcome.signed += 1
            outcome.unknown_routes += answer.is_unknown_route
        problem = ""
        is_of_signatures = False
        if answer.status is None:
            problem = f"expected status {record.status}, found no answer: {answer.words}"
        elif answer.status != record.status:
            problem = f"expected status {record.status}, found {answer.status}: {answer.words}"
        elif expected and answer.signature != expected:
            is_of_signatures = True
            found = answer.signature or "another answer"
            problem = f"expected signature {expected}, found {found}"
        if not problem:
            outcome.same += 1
            return
        if is_of_signatures:
            outcome.signatures += 1
        else:
            outcome.statuses += 1
        subject = record.type or f"{record.method} {one_line(record.path, MAX_NAME_LENGTH)}"
        if record.pubkey:
            subject += f" by {one_line(abbreviated(record.pubkey))}"
        told = f"line {recorded.line}: {one_line(subject)}: {problem}"
        self._told(Difference(recorded, told, is_of_signatures))


def _signature_in(content: bytes) -> str:
    """The signature of an answer, JSON or text, in lower case; other text as it is."""
    text = content.decode(errors="replace").strip()
    with suppress(ValueError, RecursionError):
        document = json.loads(text)
        if isinstance(document, dict):
            text = str(document.get("signature", ""))
    return one_line(text.lower(), MAX_NAME_LENGTH)


def _has_reason(content: bytes) -> bool:
    """Whether it is the JSON of a signer's error, which says why."""
    with suppress(ValueError, RecursionError):
        document = json.loads(content)
        if isinstance(document, dict):
            return "message" in document or "error" in document
    return False


def _words(content: bytes) -> str:
    """What an error says: the message in its JSON, or its text."""
    text = content.decode(errors="replace").strip()
    with suppress(ValueError, RecursionError):
        document = json.loads(text)
        if isinstance(document, dict):
            text = str(document.get("message", text))
    return one_line(text, MAX_NAME_LENGTH) or "no body"
