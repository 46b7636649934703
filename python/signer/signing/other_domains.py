"""What clients do differently with a domain: its type, its fork version, its chain."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple

from ..hex import to_hex
from ..spec import domains
from ..spec.networks import BY_ROOT, NETWORKS, SLOTS_PER_EPOCH, Network
from ..spec.phase0 import Fork
from .candidates import Candidate
from .changes import Difference
from .generic import GenericMerkleRoot, GenericSigningData
from .request import ForkRequest, GenesisRequest, SignRequest

ZERO_ROOT = bytes(32)

DOMAIN_TYPES = {
    domains.DOMAIN_BEACON_PROPOSER: "DOMAIN_BEACON_PROPOSER",
    domains.DOMAIN_BEACON_ATTESTER: "DOMAIN_BEACON_ATTESTER",
    domains.DOMAIN_RANDAO: "DOMAIN_RANDAO",
    domains.DOMAIN_DEPOSIT: "DOMAIN_DEPOSIT",
    domains.DOMAIN_VOLUNTARY_EXIT: "DOMAIN_VOLUNTARY_EXIT",
    domains.DOMAIN_SELECTION_PROOF: "DOMAIN_SELECTION_PROOF",
    domains.DOMAIN_AGGREGATE_AND_PROOF: "DOMAIN_AGGREGATE_AND_PROOF",
    domains.DOMAIN_SYNC_COMMITTEE: "DOMAIN_SYNC_COMMITTEE",
    domains.DOMAIN_SYNC_COMMITTEE_SELECTION_PROOF: "DOMAIN_SYNC_COMMITTEE_SELECTION_PROOF",
    domains.DOMAIN_CONTRIBUTION_AND_PROOF: "DOMAIN_CONTRIBUTION_AND_PROOF",
    domains.DOMAIN_BEACON_BUILDER: "DOMAIN_BEACON_BUILDER",
    domains.DOMAIN_PTC_ATTESTER: "DOMAIN_PTC_ATTESTER",
    domains.DOMAIN_PROPOSER_PREFERENCES: "DOMAIN_PROPOSER_PREFERENCES",
    domains.DOMAIN_INCLUSION_LIST_COMMITTEE: "DOMAIN_INCLUSION_LIST_COMMITTEE",
    domains.DOMAIN_APPLICATION_BUILDER: "DOMAIN_APPLICATION_BUILDER",
    domains.DOMAIN_BUILDER_REQUEST_AUTH: "DOMAIN_BUILDER_REQUEST_AUTH",
    # no signing type has these: consensus-specs, specs/capella and specs/gloas; Commit-Boost
    bytes.fromhex("0a000000"): "DOMAIN_BLS_TO_EXECUTION_CHANGE",
    bytes.fromhex("0e000000"): "DOMAIN_BUILDER_DEPOSIT",
    bytes.fromhex("6d6d6f43"): "Commit-Boost's",
}


class OtherDomain(NamedTuple):
    """A domain, 32 bytes, that a client may take, and how it differs from the right one."""

    domain: bytes
    differences: tuple[Difference, ...]


class Domains:
    """The domain of a request, and those that clients take instead."""

    domain: bytes  # 32 bytes, the right one

    def nearest(self) -> Iterator[OtherDomain]:
        """The few of the likeliest mistakes, which go together with a changed message."""
        raise NotImplementedError

    def near(self) -> Iterator[OtherDomain]:
        """Those of likely mistakes, the nearest ones as well; each has one difference."""
        raise NotImplementedError

    def of_other_networks(self) -> Iterator[OtherDomain]:
        """Those with a fork version of another network."""
        raise NotImplementedError

    def of_other_chains(self) -> Iterator[OtherDomain]:
        """Those whose fork version and genesis validators root both differ."""
        return iter(())

    def of_other_types(self) -> Iterator[OtherDomain]:
        """Those whose type differs, and something else."""
        return iter(())


class ComputedDomains(Domains):
    """The domains of a request that has a fork_info, or the chain's genesis version."""

    def __init__(self, request: SignRequest, default: Candidate, network: Network) -> None:
        self.domain = default.domain(request.DOMAIN_TYPE)
        self._request = request
        self._network = network
        self._type = request.DOMAIN_TYPE
        self._version = default.fork_version
        self._root = default.genesis_validators_root
        self._tails: dict[tuple[bytes, bytes], bytes] = {}

    def nearest(self) -> Iterator[OtherDomain]:
        for version, difference in self._versions_of_fork_info.items():
            yield self._with(version=version, differences=(difference,))
        for root, difference in self._other_roots.items():
            yield self._with(root=root, differences=(difference,))

    def near(self) -> Iterator[OtherDomain]:
        yield from self.nearest()
        for version, difference in self._near_versions.items():
            yield self._with(version=version, differences=(difference,))
        for domain_type, difference in self._other_types.items():
            yield self._with(domain_type=domain_type, differences=(difference,))

    def of_other_networks(self) -> Iterator[OtherDomain]:
        for version, difference in self._far_versions.items():
            if version not in self._near_versions:
                yield self._with(version=version, differences=(difference,))

    def of_other_chains(self) -> Iterator[OtherDomain]:
        for root, of_root in self._other_roots.items():
            versions = self._near_versions
            if root == ZERO_ROOT:
                versions = self._far_versions | versions
            elif root in BY_ROOT:
                versions = self._versions_of(BY_ROOT[root]) | versions
            for version, of_version in versions.items():
                yield self._with(version=version, root=root, differences=(of_version, of_root))

    def of_other_types(self) -> Iterator[OtherDomain]:
        for domain_type, of_type in self._other_types.items():
            for version, of_version in self._near_versions.items():
                both = (of_type, of_version)
                yield self._with(domain_type=domain_type, version=version, differences=both)
            for root, of_root in self._other_roots.items():
                both = (of_type, of_root)
                yield self._with(domain_type=domain_type, root=root, differences=both)

    def _with(
        self,
        *,
        domain_type: bytes | None = None,
        version: bytes | None = None,
        root: bytes | None = None,
        differences: tuple[Difference, ...],
    ) -> OtherDomain:
        fork_data = (version or self._version, root or self._root)
        tail = self._tails.get(fork_data)
        if tail is None:
            # compute_domain would push the domains of right requests out of its cache
            tail = domains.compute_fork_data_root(*fork_data)[:28]
            self._tails[fork_data] = tail
        return OtherDomain((domain_type or self._type) + tail, differences)

    @cached_property
    def _other_types(self) -> dict[bytes, Difference]:
        remedy = f"use {_named_type(self._type)}"
        others = {}
        for domain_type, name in DOMAIN_TYPES.items():
            if domain_type != self._type:
                found = f"domain type {to_hex(domain_type)}, {name}"
                others[domain_type] = Difference(found, remedy)
        reverse = self._type[::-1]
        if reverse != self._type:
            found = f"domain type {to_hex(reverse)}, which is in reverse byte order"
            others.setdefault(reverse, Difference(found, remedy))
        return others

    @cached_property
    def _other_roots(self) -> dict[bytes, Difference]:
        remedy = f"use genesis_validators_root {to_hex(self._root)}"
        if self._root == ZERO_ROOT:
            remedy = "use a genesis_validators_root of zeros"
        others = {ZERO_ROOT: Difference("a genesis_validators_root of zeros", remedy)}
        for network in NETWORKS.values():
            if network.genesis_validators_root:
                found = f"{network.name}'s genesis_validators_root"
                others[network.genesis_validators_root] = Difference(found, remedy)
        found = "genesis_validators_root in reverse byte order"
        others.setdefault(self._root[::-1], Difference(found, remedy))
        others.pop(self._root, None)
        return others

    @cached_property
    def _versions_of_fork_info(self) -> dict[bytes, Difference]:
        if not isinstance(self._request, ForkRequest):
            return {}
        others: dict[bytes, Difference] = {}
        remedy = f"use {self._right_version}{self._reason(self._request)}"
        for name, version in _versions_in(self._request.fork_info.fork):
            found = f"the {name} fork version {to_hex(version)} of fork_info"
            found += self._by_other_preset(self._request, version)
            others.setdefault(version, Difference(found, remedy))
        others.pop(self._version, None)
        return others

    @cached_property
    def _near_versions(self) -> dict[bytes, Difference]:
        """The fork versions of fork_info and of the request's network, without the right one."""
        return self._versions_of(self._network) | self._versions_of_fork_info

    @cached_property
    def _far_versions(self) -> dict[bytes, Difference]:
        """The fork versions of every network, and the right one the other way round."""
        others: dict[bytes, Difference] = {}
        for network in NETWORKS.values():
            others = self._versions_of(network) | others
        reverse = self._version[::-1]
        found = f"fork version {to_hex(reverse)}, which is in reverse byte order"
        others.setdefault(reverse, Difference(found, f"use {self._right_version}"))
        others.pop(self._version, None)
        return others

    def _versions_of(self, network: Network) -> dict[bytes, Difference]:
        others = {}
        for fork, version in network.fork_versions.items():
            remedy = f"use {self._right_version}"
            if isinstance(self._request, GenesisRequest) and fork == "PHASE0":
                remedy += f", or start the signer with --network {network.name}"
            found = f"fork version {to_hex(version)}, {network.name}'s {fork}"
            others[version] = Difference(found, remedy)
        others.pop(self._version, None)
        return others

    @cached_property
    def _right_version(self) -> str:
        for network in (self._network, *NETWORKS.values()):
            fork = network.fork_of(self._version)
            if fork:
                return f"fork version {to_hex(self._version)}, {network.name}'s {fork}"
        return f"fork version {to_hex(self._version)}"

    def _reason(self, request: ForkRequest) -> str:
        """Why the right version is that of fork_info, where this is the rule for the message."""
        fork = request.fork_info.fork
        by_rule = ForkRequest.default_version(request, self._network)
        if by_rule != self._version or fork.previous_version == fork.current_version:
            return ""
        epoch = request.epoch_on(self._network)
        relation = "before" if epoch < fork.epoch else "not before"
        return f", because epoch {epoch} is {relation} fork.epoch {fork.epoch}"

    def _by_other_preset(self, request: ForkRequest, version: bytes) -> str:
        """The preset whose slots per epoch lead to a version, if the message has only a slot."""
        if request.epoch is None and version != self._version:
            for preset, slots_per_epoch in SLOTS_PER_EPOCH.items():
                network = replace(self._network, slots_per_epoch=slots_per_epoch)
                if version == ForkRequest.default_version(request, network):
                    return f", as with {slots_per_epoch} slots per epoch ({preset})"
        return ""


class GivenDomains(Domains):
    """The domains of a GENERIC request, which says its own."""

    def __init__(self, request: GenericSigningData | GenericMerkleRoot, network: Network) -> None:
        self.domain = request.signing_domain
        self._request = request
        self._network = network
        self._remedy = f"use the domain of the request, {to_hex(self.domain)}"

    def nearest(self) -> Iterator[OtherDomain]:
        fork_info: Any = getattr(self._request, "fork_info", None)
        if fork_info:
            for name, version in _versions_in(fork_info.fork):
                found = f"a domain of the {name} fork version {to_hex(version)} of fork_info"
                yield self._of_chain(version, fork_info.genesis_validators_root, found)

    def near(self) -> Iterator[OtherDomain]:
        yield from self.nearest()
        yield self._other(self.domain[::-1], "the domain in reverse byte order")
        for domain_type in DOMAIN_TYPES:
            if domain_type != self.domain[:4]:
                found = f"domain type {_named_type(domain_type)}"
                yield self._other(domain_type + self.domain[4:], found)

    def of_other_networks(self) -> Iterator[OtherDomain]:
        for network in chain([self._network], NETWORKS.values()):
            for fork, version in network.fork_versions.items():
                found = f"the domain of {network.name}'s {fork}"
                root = network.genesis_validators_root
                if root:
                    yield self._of_chain(version, root, found)
                found += " with a genesis_validators_root of zeros"
                yield self._of_chain(version, ZERO_ROOT, found)

    def _of_chain(self, version: bytes, root: bytes, found: str) -> OtherDomain:
        tail = domains.compute_fork_data_root(version, root)[:28]
        return self._other(self.domain[:4] + tail, found)

    def _other(self, domain: bytes, found: str) -> OtherDomain:
        return OtherDomain(domain, (Difference(found, self._remedy),))


def _versions_in(fork: Fork) -> list[tuple[str, bytes]]:
    return [("previous", fork.previous_version), ("current", fork.current_version)]


def _named_type(domain_type: bytes) -> str:
    name = DOMAIN_TYPES.get(domain_type)
    if name is None:
        return to_hex(domain_type)
    return f"{to_hex(domain_type)}, {name}"
