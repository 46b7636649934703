"""A client that uses a signer in every way, and compares each answer with all earlier ones."""

import http.client
import json
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from queue import SimpleQueue
from random import Random
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from support.answered import KINDS, Answered, BrokenError, Kind, Message
from support.covered import METADATA, history, slashable
from support.data_dir import KEYSTORES, PASSWORD
from support.served import Answer, Served
from support.traffic import aggregation_slot, randao_reveal, sync_committee_message

TIMEOUT = 30  # seconds; a longer silence is a hang
MOST_STEPS = 2_000  # of a client before its signer is killed
FIRST_EPOCH = 430_000
SIGN = "/api/v1/eth2/sign"
KEYSTORES_PATH = "/eth/v1/keystores"
# what the system or SQLite says of a disk that fails
REASONS = (
    *("No space left on device", "Input/output error", "Disk quota exceeded"),
    *("Read-only file system", "disk I/O error", "database or disk is full"),
    *("unable to open database file", "attempt to write a readonly database"),
)
Step = Callable[[], None]


def is_of_the_disk(message: str) -> bool:
    """Whether an error says that a disk failed, and how."""
    return "cannot " in message and any(reason in message for reason in REASONS)


class Last(NamedTuple):
    """The newest message that a key has signed, and what makes its request."""

    message: Message
    content: int


class Client:
    """Signs with its own keys, imports and deletes them, and reloads, as a seed decides.

    Raises BrokenError for an answer that does not agree with an earlier one.
    """

    def __init__(self, pubkeys: list[str], seed: int) -> None:
        self.answered = Answered(pubkeys)
        self.counts = Counter[str]()
        self.expects_faults = False  # whether the disk may fail: an error must then say how
        self._pubkeys = pubkeys
        self._random = Random(seed)
        self._number = FIRST_EPOCH
        self._last: dict[tuple[str, Kind], Last] = {}
        self._exports: dict[str, Any] = {}  # the histories of deleted keys
        self._weights: dict[Step, int] = {
            self._sign: 50,
            self._sign_other: 15,
            self._sign_batch: 8,
            self._repeat: 5,
            self._conflict: 5,
            self._import: 7,
            self._import_with_history: 5,
            self._delete: 6,
            self._reload: 3,
        }

    def change(self, signer: Served, answered: SimpleQueue[None]) -> None:
        """Makes requests, and notes each answer, until the signer is gone."""
        self.use(signer, MOST_STEPS, answered)

    def use(self, signer: Served, steps: int, answered: SimpleQueue[None]) -> bool:
        """Makes so many requests. Returns whether all were answered: the signer may be gone."""
        choices = [*self._weights]
        weights = [*self._weights.values()]
        with closing(_connection_to(signer)) as self._connection:
            try:
                for step in self._random.choices(choices, weights, k=steps):
                    step()
                    answered.put(None)
            except (ConnectionError, http.client.HTTPException):
                return False
        return True

    def confirm(self, signer: Served) -> None:
        """Asks for the last messages again, and for messages that conflict with them."""
        with closing(_connection_to(signer)) as self._connection:
            for last in self._last.values():
                self._repeat_message(last)
                self._ask_for_conflict(last)

    def _ask(self, method: str, path: str, body: Any = None) -> Answer:
        self._connection.request(method, path, None if body is None else json.dumps(body))
        try:
            response = self._connection.getresponse()
        except TimeoutError:
            raise BrokenError(f"{method} {path}: no answer within {TIMEOUT} seconds") from None
        answer = Answer(response.status, dict(response.getheaders()), response.read())
        self.counts["requests"] += 1
        return answer

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def _some_pubkeys(self) -> list[str]:
        return self._random.sample(self._pubkeys, self._random.randint(1, 3))

    def _check_failure(self, status: int, message: str) -> None:
        """Raises BrokenError for an error that nothing explains."""
        if not self.expects_faults:
            raise BrokenError(f"expected no error, found {status}: {message}")
        if not is_of_the_disk(message):
            raise BrokenError(f"expected an error of the disk, found {status}: {message}")
        self.counts["told of the disk"] += 1

    def _is_signed(self, pubkey: str, status: int, message: str) -> bool:
        """Whether a key has signed. Compares that with whether it is there."""
        there = self.answered.there[pubkey]
        if status == 200 and there is not False:
            self.counts["signatures"] += 1
            return True
        if status == 404 and there is not True:
            return False
        if status in {200, 404}:
            raise BrokenError(f"{pubkey} was answered {there=}, and then {status}: {message}")
        self._check_failure(status, message)
        return False

    def _signature(self, pubkey: str, request: Any) -> str:
        """The signature of a request; empty without one."""
        answer = self._ask("POST", f"{SIGN}/{pubkey}", request)
        text = answer.body.decode()
        return text if self._is_signed(pubkey, answer.status, text) else ""

    def _note(self, message: Message, content: int) -> None:
        self.answered.note_signed(message)
        self._last[message.pubkey, message.kind] = Last(message, content)

    def _sign(self) -> None:
        kind: Kind = self._random.choice(KINDS)
        pubkey = self._random.choice(self._pubkeys)
        number = self._next_number()
        content = self._random.getrandbits(64)
        signature = self._signature(pubkey, slashable(kind, number, content))
        if signature:
            self._note(Message(pubkey, kind, number, signature), content)

    def _sign_other(self) -> None:
        request = self._random.choice([randao_reveal, sync_committee_message, aggregation_slot])
        self._signature(self._random.choice(self._pubkeys), request(self._next_number()))

    def _sign_batch(self) -> None:
        pubkeys = self._some_pubkeys()
        number = self._next_number()
        content = self._random.getrandbits(64)
        request = slashable("signed_attestations", number, content)
        answer = self._ask("POST", SIGN, {"identifiers": pubkeys, "signing_request": request})
        if answer.status != 200:
            self._check_failure(answer.status, answer.body.decode())
            return
        for pubkey, result in zip(pubkeys, answer.json, strict=True):
            error = result.get("error", {"code": 200, "message": ""})
            if self._is_signed(pubkey, error["code"], error["message"]):
                self._note(
                    Message(pubkey, "signed_attestations", number, result["signature"]), content
                )

    def _repeat(self) -> None:
        if self._last:
            self._repeat_message(self._random.choice([*self._last.values()]))

    def _repeat_message(self, last: Last) -> None:
        message = last.message
        request = slashable(message.kind, message.number, last.content)
        signature = self._signature(message.pubkey, request)
        if signature not in {"", message.signature}:
            raise BrokenError(f"expected the same signature again, found {signature}: {message}")
        self.counts["repeated"] += bool(signature)

    def _conflict(self) -> None:
        if self._last:
            self._ask_for_conflict(self._random.choice([*self._last.values()]))

    def _ask_for_conflict(self, last: Last) -> None:
        message = last.message
        request = slashable(message.kind, message.number, last.content + 1)
        answer = self._ask("POST", f"{SIGN}/{message.pubkey}", request)
        if answer.status == 412:
            self.counts["refused"] += 1
        elif self._is_signed(message.pubkey, answer.status, answer.body.decode()):
            raise BrokenError(f"signed what conflicts with {message}")

    def _import(self) -> None:
        self._import_keys(self._some_pubkeys())

    def _import_keys(self, pubkeys: list[str], **members: str) -> list[str]:
        """The public keys that were imported, and not only there already."""
        keystores = [KEYSTORES[pubkey].decode() for pubkey in pubkeys]
        body: dict[str, Any] = {"keystores": keystores, **members}
        body["passwords"] = [PASSWORD] * len(pubkeys)
        results = self._change("POST", pubkeys, body).get("data", [])
        self.counts["imports"] += 1
        outcomes = zip(pubkeys, results, strict=False)  # there are no results of an error
        return [pubkey for pubkey, result in outcomes if result["status"] == "imported"]

    def _import_with_history(self) -> None:
        """Imports keys with what they signed before they were deleted, or with new messages."""
        pubkeys = self._some_pubkeys()
        exports = [self._exports[pubkey] for pubkey in pubkeys if pubkey in self._exports]
        if exports and self._random.random() < 0.5:
            pubkeys = [export["pubkey"] for export in exports]
            messages = []
        else:
            number = self._next_number()
            messages = [Message(pubkey, kind, number) for pubkey in pubkeys for kind in KINDS]
            exports = [history(pubkey, number) for pubkey in pubkeys]
        for export in exports:
            self.answered.note_minimums(export)
        document = json.dumps({"metadata": METADATA, "data": exports})
        imported = self._import_keys(pubkeys, slashing_protection=document)
        for message in messages:
            if message.pubkey in imported:
                self.answered.note_signed(message)

    def _delete(self) -> None:
        pubkeys = self._some_pubkeys()
        answer = self._change("DELETE", pubkeys, {"pubkeys": pubkeys})
        self.counts["deletes"] += 1
        if not answer:
            return
        gone = [pubkey for pubkey in pubkeys if self.answered.there[pubkey] is False]
        document = json.loads(answer["slashing_protection"])
        self.answered.check_history(document, gone)
        self._exports |= {validator["pubkey"]: validator for validator in document["data"]}

    def _change(self, method: str, pubkeys: list[str], body: Any) -> dict[str, Any]:
        """What the Keymanager API answers; empty where it could do nothing."""
        self.answered.note_request(pubkeys)
        answer = self._ask(method, KEYSTORES_PATH, body)
        if answer.status != 200:
            self._check_failure(answer.status, answer.body.decode())
            return {}
        results = answer.json["data"]
        for result in results:
            if result["status"] == "error":
                self._check_failure(200, result["message"])
        self.answered.note_results(pubkeys, results)
        return dict(answer.json)

    def _reload(self) -> None:
        answer = self._ask("POST", f"/reload{self._random.choice(['', '?wait=true'])}")
        if answer.status not in {200, 202, 409}:
            self._check_failure(answer.status, answer.body.decode())
        elif answer.status == 200 and answer.json["status"] != "completed":
            self._check_reload(answer.json)
        self.counts["reloads"] += 1

    def _check_reload(self, status: dict[str, str]) -> None:
        if status["status"] == "failed" or not self.expects_faults:
            self._check_failure(200, status.get("lastError", status["status"]))


def _connection_to(signer: Served) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(signer.url).netloc, timeout=TIMEOUT)
