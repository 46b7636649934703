"""Checks of what each validator client sends: its headers, its members, how it reads an answer.

Sources: the clients' own code, in the summer of 2026.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from ....errors import BadRequestError
from ....hex import to_hex
from ..checks import Checks, Subject
from ..messages import Message, changed_message
from ..signatures import Form, sign_call, signature_check

# What clients ask a signer for, in the forks of today; aggregates follow.
DUTIES = (
    "ATTESTATION",
    "AGGREGATION_SLOT",
    "RANDAO_REVEAL",
    "BLOCK_V2",
    "SYNC_COMMITTEE_MESSAGE",
    "SYNC_COMMITTEE_SELECTION_PROOF",
    "SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF",
    "VALIDATOR_REGISTRATION",
    "VOLUNTARY_EXIT",
)
WRAPPED = "AGGREGATE_AND_PROOF_V2"
BARE = "AGGREGATE_AND_PROOF"
FORK_INFO = "fork_info"


class Client(NamedTuple):
    """How a client asks for a signature, and how it reads the answer."""

    name: str
    accept: str | None  # the header; None for a client that sends none
    root: str | None  # the member of the signing root; None for a client that sends none
    aggregate: str  # the type of its aggregates
    reads: Form
    has_capella_exits: bool  # whether fork_info of an exit is Capella's, or that of the head


CLIENTS = (
    Client("Lighthouse", "application/json", "signingRoot", BARE, "json", False),  # noqa: FBT003
    Client("Lodestar", "application/json", "signingRoot", WRAPPED, "json", True),  # noqa: FBT003
    Client("Teku", None, "signingRoot", BARE, "either", False),  # noqa: FBT003
    Client("Prysm", None, "signingRoot", WRAPPED, "either", False),  # noqa: FBT003
    Client("Nimbus", "application/json", None, WRAPPED, "either", False),  # noqa: FBT003
    Client("Vero", "text/plain", None, WRAPPED, "text", True),  # noqa: FBT003
    Client("Grandine", "*/*", "signingRoot", BARE, "json", False),  # noqa: FBT003
    Client("SSV", "application/json", "signing_root", BARE, "json", False),  # noqa: FBT003
)


def checks(subject: Subject) -> Checks:
    """Yields the checks of this group."""
    for client in CLIENTS:
        for message, fields in _duties(subject, client):
            if client.root:
                fields[client.root] = to_hex(message.signing_root)
            body = changed_message(message, **fields).body()
            call = sign_call(subject.key, body, client.accept)
            title = f"{client.name}: {message.topic}"
            yield signature_check(subject, message, title, call, client.reads)


def _duties(subject: Subject, client: Client) -> Iterator[tuple[Message, dict[str, Any]]]:
    """The messages that a client sends, and the members that it spells in its own way."""
    usual = subject.usual
    for name in (*DUTIES, client.aggregate):
        message = usual[name]
        fields: dict[str, Any] = {}
        if name == "VOLUNTARY_EXIT" and client.has_capella_exits:
            fields = _of_capella(subject, message)
        if client.name == "Lodestar" and FORK_INFO in message.fields:
            fields = fields or _with_signing_epoch(message)
        if client.name == "SSV" and name == "VALIDATOR_REGISTRATION":
            fields = {FORK_INFO: usual["RANDAO_REVEAL"].fields[FORK_INFO]}
        if client.name == "Nimbus":
            fields = _of_nimbus(message)
        yield message, fields


def _of_capella(subject: Subject, message: Message) -> dict[str, Any]:
    """The fork_info of an exit that names Capella alone, as EIP-7044 signs it."""
    version = subject.network.fork_versions.get("CAPELLA")
    if version is None:
        return {}
    fork = {"previous_version": to_hex(version), "current_version": to_hex(version), "epoch": "0"}
    fields = {FORK_INFO: {**message.fields[FORK_INFO], "fork": fork}}
    if _leads_to(message, fields):
        return fields
    return {}


def _with_signing_epoch(message: Message) -> dict[str, Any]:
    """Lodestar's fork.epoch: that of the message, not the one that the fork began in."""
    slots = message.network.slots_per_epoch
    epoch = message.request.epoch
    if epoch is None:
        epoch = (message.request.slot or 0) // slots
    fork_info = deepcopy(message.fields[FORK_INFO])
    fork_info["fork"]["epoch"] = str(epoch)
    return {FORK_INFO: fork_info}


def _of_nimbus(message: Message) -> dict[str, Any]:
    """Nimbus's lower-case version of an aggregate, and its proofs next to a block."""
    if message.type == WRAPPED:
        payload = message.fields["aggregate_and_proof"]
        return {"aggregate_and_proof": {**payload, "version": payload["version"].lower()}}
    if message.type == "BLOCK_V2":
        return {"proofs": [{"index": "25", "proof": [to_hex(bytes(32))]}]}
    return {}


def _leads_to(message: Message, fields: Mapping[str, Any]) -> bool:
    try:
        return changed_message(message, **fields).signing_root == message.signing_root
    except BadRequestError:
        return False
