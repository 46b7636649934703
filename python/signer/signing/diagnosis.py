"""Why a root differs: what a client did to get the root of no reading of its request.

The message is hashed once. Then the mistakes of clients are tried, the likeliest first: in the
domain, in the message, then two of them at a time.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from ..hex import to_hex
from ..spec.domains import compute_signing_root
from ..spec.networks import Network, network_of
from .changes import Change, Difference, changes_of
from .generic import GenericMerkleRoot, GenericSigningData
from .other_domains import ComputedDomains, Domains, GivenDomains
from .request import ForkRequest, SignRequest
from .trees import Tree, tree_of

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


@dataclass(frozen=True)
class Case:
    """A wrong request with its message, hashed once, and with its domain."""

    request: SignRequest
    tree: Tree
    domains: Domains
    slot: int | None
    slots_per_epoch: int

    computed: list[Change] = field(default_factory=list)

    def changes(self) -> Iterator[Change]:
        """What clients do differently with the message; computed one by one, and once."""
        if self.computed:
            yield from self.computed
            return
        for change in self._changes():
            self.computed.append(change)
            yield change

    def _changes(self) -> Iterator[Change]:
        if isinstance(self.request, GenericMerkleRoot):
            yield from _proven_containers(self.request)
        yield from changes_of(self.tree, self.slot, self.slots_per_epoch)


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
    key = (request.TYPE, getattr(request, "fork_info", None))
    steps = [*STEPS]
    usual = causes.get(key)
    if usual:
        steps.remove(usual)
        steps.insert(0, usual)
    end = time.thread_time() + MAX_SEARCH
    for step in steps:
        for mistake in _with_pauses(step(case), end):
            if mistake.signing_root in roots_sent:
                causes.keep(key, step)
                subject = "this"
                if len(roots_sent) > 1:
                    subject = to_hex(mistake.signing_root)
                return f"{subject} is the root with {mistake}"
    return None


def _with_pauses(mistakes: Iterator[Mistake], end: float) -> Iterator[Mistake]:
    """The same mistakes. Raises TimeoutError after a pause behind the `end`."""
    started = time.perf_counter()
    for mistake in mistakes:
        yield mistake
        if time.perf_counter() - started > TIME_BETWEEN_PAUSES:
            if time.thread_time() > end:
                raise TimeoutError
            time.sleep(PAUSE)
            started = time.perf_counter()


def _case(request: SignRequest, configured: Network) -> Case:
    slots_per_epoch = configured.slots_per_epoch
    if isinstance(request, GenericSigningData | GenericMerkleRoot):
        tree = tree_of(request.object_root)
        return Case(request, tree, GivenDomains(request, configured), None, slots_per_epoch)
    network = configured
    if isinstance(request, ForkRequest):
        network = network_of(request.fork_info.genesis_validators_root, configured)
    default = request.default(configured)
    domains = ComputedDomains(request, default, network)
    tree = tree_of(default.message)
    return Case(request, tree, domains, request.slot, network.slots_per_epoch)


def _proven_containers(request: GenericMerkleRoot) -> Iterator[Change]:
    """The containers below the root of a GENERIC message."""
    remedy = "sign merkle_root, to which the proof leads"
    for name in ("attestation", "block_header"):
        proven = getattr(request, name)
        if proven:
            difference = Difference(f"the root of {name} alone", remedy)
            yield Change(difference, proven.container.hash_tree_root())


def _roots_only(case: Case) -> Iterator[Mistake]:
    """Mistakes with the two roots themselves: no domain, or the wrong order."""
    domain = case.domains.domain
    object_root = case.tree.root
    signing_root = compute_signing_root(object_root, domain)
    yield Mistake(object_root, (NO_DOMAIN,))
    yield Mistake(signing_root[::-1], (REVERSED,))
    yield Mistake(compute_signing_root(domain, object_root), (DOMAIN_FIRST,))
    yield Mistake(compute_signing_root(object_root, bytes(32)), (ZERO_DOMAIN,))
    yield Mistake(bytes(32), (ZEROS,))


def _near_domains(case: Case) -> Iterator[Mistake]:
    for domain, differences in case.domains.near():
        yield Mistake(compute_signing_root(case.tree.root, domain), differences)


def _far_domains(case: Case) -> Iterator[Mistake]:
    for domain, differences in case.domains.far():
        yield Mistake(compute_signing_root(case.tree.root, domain), differences)


def _changed_messages(case: Case) -> Iterator[Mistake]:
    domain = case.domains.domain
    for difference, object_root in case.changes():
        yield Mistake(compute_signing_root(object_root, domain), (difference,))
        yield Mistake(object_root, (difference, NO_DOMAIN))


def _changed_messages_in_nearest_domains(case: Case) -> Iterator[Mistake]:
    domains = [*case.domains.nearest()]
    for difference, object_root in case.changes():
        for domain, differences in domains:
            yield Mistake(compute_signing_root(object_root, domain), (difference, *differences))


# the cheapest first
STEPS: tuple[Step, ...] = (
    _roots_only,
    _near_domains,
    _changed_messages,
    _far_domains,
    _changed_messages_in_nearest_domains,
)
