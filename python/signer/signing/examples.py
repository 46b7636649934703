"""Examples: a request of each signing type and fork, made from the annotations of the types.

A seed makes the same examples again. Each is decoded, so that it is one that the signer signs.
"""

import logging
from collections.abc import Iterable, Iterator
from random import Random
from typing import Any

import msgspec

from ..errors import BadRequestError
from ..hex import to_hex
from ..spec.networks import FORKS, SLOTS_PER_EPOCH, Network
from .example import Example, Values
from .forms import Form, forms_of
from .request import SignRequest
from .values import KINDS, Maker

log = logging.getLogger(__name__)

USUAL_FORK = "FULU"  # of a type whose form follows no fork: mainnet's in 2026
EPOCHS_PER_FORK = 60_000  # between forks whose epochs the network does not tell
EPOCHS_SINCE_FORK = 1_000
SLOTS = ("slot", "proposal_slot", "slot_number")  # the specification's names of a message's slot
OTHER_FORKS = {"BLOCK": "PHASE0"}  # by type; this one is a whole block of the first fork
BARE = ("AGGREGATE_AND_PROOF",)  # clients send its payload without the version


def examples(
    signing_types: Iterable[type[SignRequest]],
    network: Network,
    seed: int = 0,
    values: Values = "ordinary",
    *,
    with_root: bool = False,
) -> Iterator[Example]:
    """An example of each type and fork on a network; with the signing root, if it is wanted.

    A type that refuses all values is left out, and the log tells why.
    """
    is_minimal = network.slots_per_epoch == SLOTS_PER_EPOCH["minimal"]
    for signing_type in signing_types:
        for number, form in enumerate(forms_of(signing_type, is_minimal=is_minimal)):
            # an example is the same whether or not others are made too
            dice = Random(f"{seed} {signing_type.TYPE} {number} {values}")  # noqa: S311
            source = _Source(signing_type, form, network, dice, values)
            try:
                yield source.example(with_root=with_root)
            except (BadRequestError, TypeError) as error:
                log.warning("cannot make an example of %s: %s", signing_type.TYPE, error)


class _Source:
    """Makes the example of one form."""

    def __init__(
        self,
        signing_type: type[SignRequest],
        form: Form,
        network: Network,
        dice: Random,
        values: Values,
    ) -> None:
        self._signing_type = signing_type
        self._kind = form.kind
        self._version = form.fork
        self._fork = form.fork or OTHER_FORKS.get(signing_type.TYPE, USUAL_FORK)
        self._network = network
        self._values: Values = values
        self._dice = dice

    def example(self, *, with_root: bool) -> Example:
        """The example. Raises BadRequestError when its type refuses all values."""
        request = self._request(self._values)
        try:
            root = self._signing_root(request)
        except BadRequestError:  # a type may refuse the least value, such as an empty text
            request = self._request("ordinary")
            root = self._signing_root(request)
        if with_root:
            request["signingRoot"] = to_hex(root)
        fork = self._version
        if "fork_info" in request:
            fork = self._fork
        return Example(self._signing_type.TYPE, fork, request)

    def _signing_root(self, request: dict[str, Any]) -> bytes:
        decoded = self._signing_type.decode(msgspec.json.encode(request))
        return decoded.choose(self._network).signing_root

    def _request(self, values: Values) -> dict[str, Any]:
        sizes = KINDS[values](self._dice)
        chosen = self._chosen(values)
        is_minimal = self._network.slots_per_epoch == SLOTS_PER_EPOCH["minimal"]
        members = Maker(sizes, chosen, is_minimal=is_minimal).make(self._kind)
        if self._signing_type.TYPE in BARE:
            members = {name: _without_version(member) for name, member in members.items()}
        return {"type": self._signing_type.TYPE, **members}

    def _chosen(self, values: Values) -> dict[str, Any]:
        """The members that must fit together: the chain, its fork, and a time in that fork."""
        network = self._network
        fork_epoch = network.fork_epochs.get(self._fork, FORKS.index(self._fork) * EPOCHS_PER_FORK)
        slot = (fork_epoch + self._dice.randrange(1, EPOCHS_SINCE_FORK)) * network.slots_per_epoch
        if values == "minimal":
            fork_epoch = 0
            slot = 0
        if values == "extreme":
            slot = (1 << 64) - 1
        epoch = slot // network.slots_per_epoch
        root = network.genesis_validators_root or self._dice.randbytes(32)
        fork = {
            "previous_version": self._version_of(FORKS[max(0, FORKS.index(self._fork) - 1)]),
            "current_version": self._version_of(self._fork),
            "epoch": str(fork_epoch),
        }
        return {
            **dict.fromkeys(SLOTS, str(slot)),
            "epoch": str(epoch),
            "source.epoch": str(max(0, epoch - 1)),
            "fork_info": {"fork": fork, "genesis_validators_root": to_hex(root)},
            "genesis_validators_root": to_hex(root),
            "genesis_fork_version": to_hex(network.genesis_fork_version),
            "version": self._fork,
        }

    def _version_of(self, fork: str) -> str:
        """The version of a fork; any, if it is not planned on the network."""
        version = self._network.fork_versions.get(fork)
        return to_hex(version or self._dice.randbytes(4))


def _without_version(member: Any) -> Any:
    if isinstance(member, dict) and {"version", "data"} == member.keys():
        return member["data"]
    return member
