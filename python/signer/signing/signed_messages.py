"""Signed messages as Beacon APIs print them: their sign request, with what they leave open.

Such a message names neither its signing type nor its fork. Its members tell the type. The schedule
of the network, the members and the signature tell the fork, where they can.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import Raw

from .._core import verify
from ..errors import BadRequestError, did_you_mean
from ..hex import to_hex
from ..spec.networks import FORKS, Network
from ..ssz.scalars import shown
from .registry import SigningTypes
from .request import ForkRequest, SignRequest
from .shapes import NEWEST
from .signed_forms import FORMS, HEADER, SYNC_COMMITTEE_MESSAGE, Form
from .subjects import Members, Subject, Told, members_of, names_of

ELECTRA = "ELECTRA"


def request_of(members: Members, types: SigningTypes, configured: Network, told: Told) -> Subject:
    """The sign request of a signed message. Raises BadRequestError, which says what fits."""
    message = _message(members)
    form, guess = _form_of(members_of(message), told)
    writer = _Writer(form, message, types, configured, told)
    guessed = [guess, *writer.guessed]
    if not form.forks:
        request = writer.request(None)
    else:
        request, guess = _with_fork(writer, configured, told)
        guessed.append(guess)
    return Subject(
        request=request,
        pubkey=told.pubkey,
        signature=told.signature,
        guessed=[guess for guess in guessed if guess],
    )


def _message(members: Members) -> bytes:
    """The JSON of the message next to a signature: a member, or all other members."""
    for name in ("message", "data"):
        content = bytes(members.get(name, b""))
        if content[:1] == b"{":
            return content
    others = {name: value for name, value in members.items() if name in SYNC_COMMITTEE_MESSAGE}
    return msgspec.json.encode(others)


def _form_of(message: Members, told: Told) -> tuple[Form, str]:
    """The form of a message: the one with its members; and what was guessed."""
    fitting = [form for form in FORMS if set(form.fields) == set(message)]
    if told.type:
        name = told.type.upper()
        of_type = [form for form in FORMS if name == form.type]
        if not of_type:
            known = dict.fromkeys(form.type for form in FORMS)
            expected = f"expected one of {', '.join(known)} for a signed message"
            raise BadRequestError(
                f"type: {expected}, found {shown(name)}{did_you_mean(name, known)}"
            )
        return [*(form for form in of_type if form in fitting), *of_type][0], ""
    if not fitting:
        raise BadRequestError(
            f"expected the members of a message that is signed, found {names_of(message)}: give "
            f"its type{_hint_at_header(message)}"
        )
    return fitting[0], f"type {fitting[0].type}, because only its message has these members"


def _hint_at_header(message: Members) -> str:
    if "body" in message:
        return "; of a block from BELLATRIX on, give the header, which has the same root"
    return ""


class _Writer:
    """Writes the sign request of a message, for one fork or another."""

    def __init__(
        self,
        form: Form,
        message: bytes,
        types: SigningTypes,
        network: Network,
        told: Told,
    ) -> None:
        self.form = form
        self.guessed: list[str] = []
        self._message = message
        self._types = types
        self._network = network
        self._root = told.genesis_validators_root or network.genesis_validators_root
        if network.is_default and not told.genesis_validators_root:
            self.guessed.append("network mainnet, because no other was given")

    @property
    def forks(self) -> list[str]:
        """The forks of the network that may have this message, by its members."""
        forks = [fork for fork in self.form.forks if fork in self._network.fork_versions]
        if self.form.member == "aggregate_and_proof":
            aggregate = members_of(bytes(members_of(self._message).get("aggregate", b"{}")))
            first_with_bits = FORKS.index(ELECTRA)
            has_bits = "committee_bits" in aggregate
            forks = [fork for fork in forks if has_bits == (FORKS.index(fork) >= first_with_bits)]
        return forks

    def request(self, fork: str | None) -> SignRequest:
        """The request for a fork; None for a message outside of any."""
        payload: Any = Raw(self._message)
        version = fork
        if self.form.wrapped_as == HEADER:
            version = NEWEST  # it decides only the shape: PHASE0 and ALTAIR sign whole blocks
        if self.form.wrapped_as:
            payload = {"version": version, self.form.wrapped_as: payload}
        document = {"type": self.form.type, self.form.member: payload}
        if fork:
            document["fork_info"] = self._fork_info(fork)
        return self._types.decode(msgspec.json.encode(document))

    def _fork_info(self, fork: str) -> Any:
        if self._root is None:
            raise BadRequestError(
                f"expected genesis_validators_root, because {self._network.name} has no known one, "
                "found none"
            )
        versions = self._network.fork_versions
        known = list(versions)
        previous = known[max(0, known.index(fork) - 1)]
        return {
            "fork": {
                "previous_version": to_hex(versions[previous]),
                "current_version": to_hex(versions[fork]),
                "epoch": str(self._network.fork_epochs.get(fork, 0)),
            },
            "genesis_validators_root": to_hex(self._root),
        }


def _with_fork(writer: _Writer, network: Network, told: Told) -> tuple[SignRequest, str]:
    """The request for the fork that is told, scheduled, or found by the signature."""
    stated = told.fork or told.version
    if stated:
        fork = stated.upper()
        if fork not in network.fork_versions:
            known = ", ".join(network.fork_versions)
            hint = did_you_mean(fork, network.fork_versions)
            raise BadRequestError(f"fork: expected one of {known}, found {shown(fork)}{hint}")
        return writer.request(fork), ""
    forks = writer.forks
    if not forks:
        needed = " or ".join(writer.form.forks)
        raise BadRequestError(
            f"expected a network that has {needed}, found {network.name}: give --network"
        )
    forks = list(_possible(forks, writer.request(forks[0]), network))
    if len(forks) == 1:
        return writer.request(
            forks[0]
        ), f"fork {forks[0]}, the only one of {network.name} that fits"
    for fork in forks:
        request = writer.request(fork)
        if _verifies(request, network, told):
            return request, f"fork {fork}, because the signature is by the key in its domain"
    raise BadRequestError(
        f"the message fits several forks, {', '.join(forks)}: give the fork{_hint_at_key(told)}"
    )


def _possible(forks: Sequence[str], request: SignRequest, network: Network) -> Iterator[str]:
    """The forks in which the network may be at the epoch of a request, by its schedule."""
    epoch = 0
    if isinstance(request, ForkRequest):
        epoch = request.epoch_on(network)
    scheduled = network.scheduled_version(epoch)
    earliest = 0
    if scheduled:
        earliest = FORKS.index(network.fork_of(scheduled) or FORKS[0])
    for fork in forks:
        is_started = network.fork_epochs.get(fork, 0) <= epoch
        if is_started and FORKS.index(fork) >= earliest:
            yield fork


def _verifies(request: SignRequest, network: Network, told: Told) -> bool:
    if told.pubkey is None or told.signature is None:
        return False
    with suppress(BadRequestError):
        signing_root = request.choose(network).signing_root
        return verify(told.pubkey, signing_root, told.signature)
    return False


def _hint_at_key(told: Told) -> str:
    if told.pubkey is None:
        return ", or the public key of the signature"
    return "; the signature is by this key in none of them"
