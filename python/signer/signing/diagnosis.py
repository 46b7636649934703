"""Why a root differs: what a client did to get the root of no reading of its request.

It hashes the message once. Then it tries the mistakes of clients, the likeliest first: in the
domain, in the message, then two at a time.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from operator import methodcaller
from typing import Any, Generic, NamedTuple, TypeVar

from ..hex import to_hex
from ..spec.domains import compute_signing_root
from ..spec.networks import Network, network_of
from .changes import KINDS, Difference, Kind, Message
from .generic import GenericMerkleRoot, GenericSigningData, ProvenAttestation, ProvenHeader
from .other_domains import ComputedDomains, Domains, GivenDomains, OtherDomain
from .request import ForkRequest, SignRequest
from .trees import tree_of

MAX_SEARCH = 0.02  # seconds of the thread's own time, after the message was hashed
TIME_BETWEEN_PAUSES = 0.0003  # seconds; the event loop may wait for the GIL as long
PAUSE = 0.0001  # seconds; after a shorter one the GIL would come straight back
REMEMBERED = 64  # items of a memory

NO_DOMAIN = Difference(
    "no domain, so it is the object root",
    "send the root of SigningData, which has the object root and the domain",
)
REVERSED = Difference("all bytes in reverse order", "send them in the order of the hash")
DOMAIN_FIRST = Difference("the domain in front of the object root", "hash the object root first")
ZERO_DOMAIN = Difference("a domain of zeros", "use the domain above")
ZEROS = Difference("zeros instead of a hash", "compute it, or send no root")

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")


class Memory(Generic[K, V]):
    """A mapping that keeps the newest items, as many as REMEMBERED."""

    def __init__(self) -> None:
        self._items = OrderedDict[K, V]()

    def get(self, key: K) -> V | None:
        """The value of a key, if it is remembered."""
        return self._items.get(key)

    def keep(self, key: K, value: V) -> None:
        """Remembers a value, and forgets the oldest one for it."""
        self._items[key] = value
        self._items.move_to_end(key)
        if len(self._items) > REMEMBERED:
            self._items.popitem(last=False)


class Mistake(NamedTuple):
    """A signing root, 32 bytes, that a client may have computed, and what it did differently."""

    signing_root: bytes
    differences: tuple[Difference, ...]

    def __str__(self) -> str:
        found = " and ".join(difference.found for difference in self.differences)
        remedies = dict.fromkeys(difference.remedy for difference in self.differences)
        return f"{found}; {' and '.join(remedies)}"


class Case(NamedTuple):
    """A wrong request: its message, hashed once, and its domain."""

    request: SignRequest
    message: Message
    domains: Domains


Step = Callable[[Case], Iterator[Mistake]]
Causes = Memory[tuple[str, Any], Step]  # by the type of a request and its fork_info


def diagnose(
    request: SignRequest,
    configured_network: Network,
    roots_sent: Collection[bytes],
    causes: Causes | None = None,
) -> str | None:
    """What the client did differently and what it should do, in a sentence; None if nothing fits.

    The step that finds it is noted in `causes`, and is the first one the next time. Takes some
    milliseconds, with pauses, so it is for a thread. Raises TimeoutError after MAX_SEARCH.
    """
    case = _case(request, configured_network)
    if causes is None:
        causes = Causes()
    for step, mistake in _with_pauses(_mistakes(case, _usual_first(request, causes))):
        if mistake.signing_root in roots_sent:
            causes.keep(_key_of(request), step)
            subject = "this"
            if len(roots_sent) > 1:
                subject = to_hex(mistake.signing_root)
            return f"{subject} is the root with {mistake}"
    return None


def find_mistake(
    request: SignRequest,
    configured_network: Network,
    is_meant: Callable[[bytes], bool],
    causes: Causes,
) -> Mistake | None:
    """The first mistake whose signing root is meant, without a limit of time: `is_meant` may raise.

    As in `diagnose`, the step that finds it is the first one the next time.
    """
    case = _case(request, configured_network)
    for step, mistake in _mistakes(case, _usual_first(request, causes)):
        if is_meant(mistake.signing_root):
            causes.keep(_key_of(request), step)
            return mistake
    return None


def _key_of(request: SignRequest) -> tuple[str, Any]:
    return request.TYPE, getattr(request, "fork_info", None)


def _usual_first(request: SignRequest, causes: Causes) -> list[Step]:
    """The steps; first the one that found the cause of the last such request."""
    steps = [*STEPS]
    usual = causes.get(_key_of(request))
    if usual:
        steps.remove(usual)
        steps.insert(0, usual)
    return steps


def _mistakes(case: Case, steps: Iterable[Step]) -> Iterator[tuple[Step, Mistake]]:
    for step in steps:
        for mistake in step(case):
            yield step, mistake


def _with_pauses(items: Iterator[T]) -> Iterator[T]:
    """The same items, with pauses in between. Raises TimeoutError after MAX_SEARCH."""
    end = time.thread_time() + MAX_SEARCH
    started = time.perf_counter()
    for item in items:
        yield item
        if time.perf_counter() - started > TIME_BETWEEN_PAUSES:
            if time.thread_time() > end:
                raise TimeoutError
            time.sleep(PAUSE)
            started = time.perf_counter()


def _case(request: SignRequest, configured: Network) -> Case:
    slots_per_epoch = configured.slots_per_epoch
    if isinstance(request, GenericSigningData | GenericMerkleRoot):
        message = Message(tree_of(request.object_root), None, slots_per_epoch)
        return Case(request, message, GivenDomains(request, configured))
    network = configured
    if isinstance(request, ForkRequest):
        network = network_of(request.fork_info.genesis_validators_root, configured)
    default = request.default(configured)
    message = Message(tree_of(default.message), request.slot, network.slots_per_epoch)
    return Case(request, message, ComputedDomains(request, default, network))


def _roots_only(case: Case) -> Iterator[Mistake]:
    """Mistakes with the two roots themselves: no domain, or the wrong order."""
    domain = case.domains.domain
    object_root = case.message.tree.root
    signing_root = compute_signing_root(object_root, domain)
    yield Mistake(object_root, (NO_DOMAIN,))
    yield Mistake(signing_root[::-1], (REVERSED,))
    yield Mistake(compute_signing_root(domain, object_root), (DOMAIN_FIRST,))
    yield Mistake(compute_signing_root(object_root, bytes(32)), (ZERO_DOMAIN,))
    yield Mistake(bytes(32), (ZEROS,))


def _proven_containers(case: Case) -> Iterator[Mistake]:
    """The containers below the root of a GENERIC message."""
    remedy = "sign merkle_root, to which the proof leads"
    for name in ("attestation", "block_header"):
        proven = getattr(case.request, name, None)
        if isinstance(proven, ProvenAttestation | ProvenHeader):
            difference = Difference(f"the root of {name} alone", remedy)
            object_root = proven.container.hash_tree_root()
            root = compute_signing_root(object_root, case.domains.domain)
            yield Mistake(root, (difference,))


def _other_domains(
    group: Callable[[Domains], Iterator[OtherDomain]], case: Case
) -> Iterator[Mistake]:
    object_root = case.message.tree.root
    for domain, differences in group(case.domains):
        yield Mistake(compute_signing_root(object_root, domain), differences)


def _changed_messages(kind: Kind, case: Case) -> Iterator[Mistake]:
    right = case.message.tree.root
    for difference, object_root in kind(case.message):
        if object_root != right:
            root = compute_signing_root(object_root, case.domains.domain)
            yield Mistake(root, (difference,))
            yield Mistake(object_root, (difference, NO_DOMAIN))


def _changed_messages_in_other_domains(kind: Kind, case: Case) -> Iterator[Mistake]:
    right = case.message.tree.root
    domains = [*case.domains.nearest()]
    for difference, object_root in kind(case.message):
        if object_root != right:
            for domain, differences in domains:
                root = compute_signing_root(object_root, domain)
                yield Mistake(root, (difference, *differences))


# each is short, because the one that found a cause is repeated; the cheapest first
STEPS: tuple[Step, ...] = (
    _roots_only,
    partial(_other_domains, methodcaller("near")),
    _proven_containers,
    *(partial(_changed_messages, kind) for kind in KINDS),
    partial(_other_domains, methodcaller("of_other_networks")),
    partial(_other_domains, methodcaller("of_other_chains")),
    partial(_other_domains, methodcaller("of_other_types")),
    *(partial(_changed_messages_in_other_domains, kind) for kind in KINDS),
)
