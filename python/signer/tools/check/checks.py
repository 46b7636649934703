"""What a check is, what it finds, and what all checks know."""

from collections.abc import Callable, Collection, Generator, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Any

import msgspec
from msgspec import Struct

from ...control.journal import one_line
from ...hex import to_hex
from ...keys.keyring import Key
from ...signing.request import SignRequest
from ...spec.networks import Network
from .calls import Call
from .causes import Causes
from .messages import Message, messages_of, usual_messages
from .target import Answer

MAX_SHOWN = 200  # characters of an answer in a report


class Verdict(StrEnum):
    """What a check found, the worst first."""

    WRONG = "wrong"  # a signature that is not the right one, or that must not be given
    MANNERS = "manners"  # the right signature or refusal, in another form than clients expect
    NOT_THERE = "not there"  # the target does not have it
    RIGHT = "right"


class Finding(Struct, frozen=True):
    """A verdict, and what came instead of the expected answer."""

    verdict: Verdict
    found: str = ""


RIGHT = Finding(Verdict.RIGHT)


class Check(Struct, frozen=True):
    """A request, what is expected, and how the answer is judged.

    `topic` names what is there or not, such as a type and a fork: a target that signs it in one
    form, and refuses it in another, has it.
    """

    title: str
    call: Call
    expected: str
    judge: Callable[[Answer], Finding]
    topic: str = ""
    is_signature: bool = False  # whether the right answer is a signature


class _Refusal(Struct):
    message: str = ""
    error: str = ""
    detail: str = ""


class Result(Struct):
    """A check that was run. `answer` is None when none came."""

    group: str
    check: Check
    verdict: Verdict
    found: str
    answer: Answer | None = None


# A group yields its checks, and gets the result of each.
Checks = Generator[Check, Result, None]


class Subject:
    """What all checks know: the keys that both signers have, the network, and right requests."""

    def __init__(
        self,
        keys: list[Key],
        types: Sequence[type[SignRequest]],
        network: Network,
        slashable: Sequence[Key] = (),
        *,
        has_token: bool = False,
        chosen_types: Collection[str] = (),
    ) -> None:
        self.keys = keys
        self.known_types = types
        self.network = network
        self.slashable = slashable  # the keys that --slashing names
        self.root_member = ""  # the member of the root that the target needs; most need none
        self.has_token = has_token  # whether the Keymanager API's is known
        self.chosen_types: Sequence[type[SignRequest]] = [
            known_type
            for known_type in types
            if not chosen_types or known_type.TYPE in chosen_types
        ]
        # slashable messages would get in the way of the others
        usable = [key for key in keys if key not in slashable] or keys
        self.key = usable[0]
        self.causes = Causes(network, [key.pubkey for key in keys])

    @cached_property
    def messages(self) -> list[Message]:
        """Messages of each chosen type in each fork with all kinds of values."""
        return messages_of(self.chosen_types, self.network)

    @cached_property
    def usual(self) -> dict[str, Message]:
        """An ordinary message of each type, in today's fork if it has it."""
        return usual_messages(messages_of(self.known_types, self.network, ["ordinary"]))

    def body(self, message: Message, **more: Any) -> bytes:
        """The JSON of a message, with its root if the target needs one, and more members."""
        root = {}
        if self.root_member:
            root[self.root_member] = to_hex(message.signing_root)
        return message.body(**root, **more)


def shown(content: bytes) -> str:
    """What a target sent, bounded and on one line, in quotation marks."""
    text = content[: 4 * MAX_SHOWN].decode(errors="backslashreplace")
    return f'"{one_line(text, MAX_SHOWN)}"'


def told(answer: Answer) -> str:
    """The status of an answer and its text, bounded."""
    if not answer.body:
        return f"{answer.status} without a body"
    return f"{answer.status} {shown(_reason_in(answer.body))}"


def decoded(body: bytes, kind: Any = Any) -> Any:
    """The JSON of a target as `kind`; None for another document, or none."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _reason_in(body: bytes) -> bytes:
    """The message in the JSON of a refusal; the whole body, where it has no message."""
    refusal = decoded(body, _Refusal)
    if refusal is None:
        return body
    return (refusal.message or refusal.error or refusal.detail).encode() or body


def one_of(answer: Answer, *statuses: int) -> Finding:
    """Whether an answer has one of these statuses."""
    if answer.status in statuses:
        return RIGHT
    return Finding(Verdict.MANNERS, told(answer))


def not_there(answer: Answer) -> Finding | None:
    """The finding for an answer that says that there is no such route; None for others."""
    if answer.status in {404, 405, 501}:
        return Finding(Verdict.NOT_THERE, told(answer))
    return None
