"""`explain`: from a request to the steps that lead to its signing root, and to its signature.

It shows the reading that a signer on the same network signs. Signing uses nothing of this file.
"""

from collections.abc import Mapping
from contextlib import suppress
from itertools import chain
from typing import Any, NamedTuple

import msgspec

from .._core import SecretKey, verify
from ..errors import BadRequestError
from ..hex import to_hex
from ..spec import domains
from ..spec.network_files import load_network
from ..spec.networks import BY_ROOT, NETWORKS, Network, network_of
from ..spec.phase0 import ForkData
from ..ssz.nodes import Node, tree_of
from ..ssz.scalars import Bytes4, Bytes32
from .candidates import Candidate
from .diagnosis import diagnose
from .documents import read_subject
from .explanation import Explanation, ForkStep
from .generic import GenericMerkleRoot, GenericSigningData
from .mismatch import roots_sent
from .registry import SigningTypes
from .request import ForkRequest, GenesisRequest, SignRequest
from .subjects import Subject, Told
from .titles import title_of

NO_ROOT = bytes(32)  # the genesis validators root of a domain outside of any fork

# Types that choose their fork version by a rule of their own
RULES = {
    "VOLUNTARY_EXIT": "exits are signed for CAPELLA from DENEB on (EIP-7044)",
    "DEPOSIT": "a deposit is valid across forks: the genesis_fork_version of the request",
}
GENESIS_RULE = "outside of any fork: the genesis fork version"
OWN_RULE = "the signing type has a rule of its own"

DOMAIN_NAMES = {value: name for name, value in vars(domains).items() if name.startswith("DOMAIN_")}


def explain(
    document: bytes | str | Mapping[str, Any] | msgspec.Struct,
    *,
    network: str | None = None,
    key: SecretKey | None = None,
    pubkey: str | None = None,
    signature: str | None = None,
    type: str | None = None,  # noqa: A002 - the member of a request
    fork: str | None = None,
    genesis_validators_root: str | None = None,
) -> Explanation:
    """Explains a sign request, a record, or a signed message as Beacon APIs print it.

    `network` is a name or a config.yaml. With `key` it also signs; with a signature and a public
    key, given or in the document, it verifies. A signed message may need `type`, `fork` and
    `genesis_validators_root`: the error says what fits. Raises BadRequestError.
    """
    told = Told.parse(
        type=type,
        fork=fork,
        pubkey=pubkey,
        signature=signature,
        genesis_validators_root=genesis_validators_root,
    )
    configured = load_network(network)
    subject = read_subject(_body(document), SigningTypes(), configured, told)
    return explain_subject(subject, configured, key)


def _body(document: bytes | str | Mapping[str, Any] | msgspec.Struct) -> bytes:
    if isinstance(document, bytes):
        return document
    if isinstance(document, str):
        return document.encode()
    try:
        return msgspec.json.encode(document)
    except TypeError as error:
        raise BadRequestError(
            f"expected JSON, or a mapping of what JSON can hold: {error}"
        ) from None


class _Steps(NamedTuple):
    """What differs between a request whose message is known, and one that has only its root."""

    message: Node
    object_root: bytes
    domain: bytes
    signing_root: bytes
    fork: ForkStep | None = None
    network: str | None = None
    genesis_validators_root: str | None = None
    fork_data_root: str | None = None
    reading: str = ""


def explain_subject(
    subject: Subject,
    configured: Network,
    key: SecretKey | None = None,
) -> Explanation:
    """Explains what was read; signs with the key if no signature came with it."""
    request = subject.request
    if isinstance(request, GenericMerkleRoot | GenericSigningData):
        steps = _steps_of_root(request)
    else:
        steps = _steps_of_message(request, configured)
    sent = roots_sent(request)
    problem = None
    if not request.is_sent(steps.signing_root):
        problem = _problem(request, configured, steps.signing_root)
    signature = subject.signature
    pubkey = subject.signer
    if key:
        pubkey = key.public_key()
        signature = signature or key.sign(steps.signing_root)
    verifies = None
    if signature and pubkey:
        verifies = verify(pubkey, steps.signing_root, signature)
    return Explanation(
        type=request.TYPE,
        title=title_of(request, steps.fork, steps.network),
        message=steps.message,
        object_root=to_hex(steps.object_root),
        fork=steps.fork,
        network=steps.network,
        genesis_validators_root=steps.genesis_validators_root,
        domain_type=to_hex(request.DOMAIN_TYPE),
        domain_name=DOMAIN_NAMES.get(request.DOMAIN_TYPE),
        fork_data_root=steps.fork_data_root,
        domain=to_hex(steps.domain),
        signing_root=to_hex(steps.signing_root),
        sent_root=_hex_or_none(min(sent, default=None)),
        reading=steps.reading,
        problem=problem,
        signature=_hex_or_none(signature),
        verifies=verifies,
        pubkey=_hex_or_none(pubkey),
        guessed=[*subject.guessed],
    )


def _problem(request: SignRequest, configured: Network, signing_root: bytes) -> str:
    """What is wrong with the signing roots that the client sent."""
    sent = roots_sent(request)
    found = " and ".join(sorted(map(to_hex, sent)))
    problem = f"the client sent {found}, which no reading has: expected {to_hex(signing_root)}"
    with suppress(TimeoutError):
        cause = diagnose(request, configured, sent)
        if cause:
            problem = f"{problem}; {cause}"
    return problem


def _hex_or_none(content: bytes | None) -> str | None:
    if content is None:
        return None
    return to_hex(content)


def _steps_of_root(request: GenericMerkleRoot | GenericSigningData) -> _Steps:
    """The steps of GENERIC, which has a root and a domain; perhaps a container that proves it."""
    message = request.slashable_message(must_exist=False)
    if message is None:
        message = Bytes32(request.object_root)
    return _Steps(
        tree_of("message", message),
        request.object_root,
        request.signing_domain,
        domains.compute_signing_root(request.object_root, request.signing_domain),
    )


def _steps_of_message(request: SignRequest, configured: Network) -> _Steps:
    candidate = _chosen(request, configured)
    version = candidate.fork_version
    genesis_validators_root = candidate.genesis_validators_root
    network = _network_of(candidate, configured)
    fork_data = ForkData(Bytes4(version), Bytes32(genesis_validators_root))
    used = network_of(genesis_validators_root, configured)
    if isinstance(request, ForkRequest):
        fork = _fork_step(request, candidate, used)
    else:
        fork = _step_without_fork(request, candidate, used)
    return _Steps(
        tree_of("message", candidate.message),
        candidate.message.hash_tree_root(),
        candidate.domain(request.DOMAIN_TYPE),
        candidate.signing_root(request.DOMAIN_TYPE),
        fork,
        network,
        to_hex(genesis_validators_root),
        to_hex(fork_data.hash_tree_root()),
        candidate.reading or request.NOTE,
    )


def _chosen(request: SignRequest, configured: Network) -> Candidate:
    """The reading that is signed: as `choose`, but the default where no reading has the root."""
    default = request.default(configured)
    for candidate in chain([default], request.others(configured)):
        if request.is_sent(candidate.signing_root(request.DOMAIN_TYPE)):
            return candidate
    return default


def _network_of(candidate: Candidate, configured: Network) -> str | None:
    """The name of the network of a domain; None for a chain that nobody told."""
    root = candidate.genesis_validators_root
    if root in BY_ROOT:
        return BY_ROOT[root].name
    if root != NO_ROOT:
        return None if configured.is_default else configured.name
    version = candidate.fork_version
    if configured.genesis_fork_version == version:
        return configured.name
    names = [name for name, known in NETWORKS.items() if known.genesis_fork_version == version]
    return names[0] if len(names) == 1 else None


def _step_without_fork(request: SignRequest, candidate: Candidate, network: Network) -> ForkStep:
    rule = RULES.get(request.TYPE, OWN_RULE)
    if isinstance(request, GenesisRequest):
        rule = candidate.reading or GENESIS_RULE
    name = network.fork_of(candidate.fork_version)
    if candidate.genesis_validators_root == NO_ROOT:
        name = "PHASE0"
    return ForkStep(version=to_hex(candidate.fork_version), name=name, why=rule)


def _fork_step(request: ForkRequest, candidate: Candidate, network: Network) -> ForkStep:
    fork = request.fork_info.fork
    epoch = request.epoch_on(network)
    is_before = epoch < fork.epoch
    member = "previous_version" if is_before else "current_version"
    why = f"epoch {epoch} is {'before' if is_before else 'not before'} {fork.epoch}: {member}"
    slot = request.slot
    if request.epoch is None and slot is not None:
        why = f"slot {slot} is in epoch {epoch} ({network.slots_per_epoch} slots each); {why}"
    if candidate.fork_version != getattr(fork, member):
        rule = candidate.reading or RULES.get(request.TYPE, OWN_RULE)
        why = f"{why}, but {rule}"
    return ForkStep(
        epoch=str(epoch),
        slot=None if slot is None else str(int(slot)),
        previous_version=to_hex(fork.previous_version),
        current_version=to_hex(fork.current_version),
        fork_epoch=str(int(fork.epoch)),
        version=to_hex(candidate.fork_version),
        name=network.fork_of(candidate.fork_version),
        why=why,
    )
