"""Networks: the part of a chain's configuration that a signing root needs.

A request names its chain by genesis_validators_root; a network known by that root is used as it
is, every other one is the configured network (`--network`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..ssz.scalars import Bytes32

# Forks with a version of their own, oldest first
FORKS = ("PHASE0", "ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA", "FULU", "GLOAS", "HEZE")
# SLOTS_PER_EPOCH of the presets in consensus-specs, gnosischain/specs and Teku's acceptance tests
SLOTS_PER_EPOCH = {"mainnet": 32, "minimal": 8, "gnosis": 16, "swift": 4}


@dataclass(frozen=True, slots=True)
class Network:
    """A chain: its fork versions (4 bytes, oldest first) and its slots per epoch."""

    name: str
    slots_per_epoch: int
    fork_versions: Mapping[str, bytes]
    genesis_validators_root: bytes | None = None
    is_default: bool = False  # nobody asked for it, so data of other chains is accepted too
    fork_epochs: Mapping[str, int] = field(default_factory=dict)  # as far as they are known

    @property
    def genesis_fork_version(self) -> bytes:
        """The version of PHASE0: 4 bytes."""
        return self.fork_versions["PHASE0"]

    def fork_of(self, fork_version: bytes) -> str | None:
        """The fork of a version; None if this network lists no such version."""
        for fork, version in self.fork_versions.items():
            if version == fork_version:
                return fork
        return None

    def scheduled_version(self, epoch: int) -> bytes | None:
        """The version of the latest fork that is known to have started by an epoch."""
        version = None
        for fork, fork_epoch in self.fork_epochs.items():
            if fork_epoch <= epoch:
                version = self.fork_versions.get(fork)
        return version


def is_at_least(fork: str | None, earlier: str) -> bool:
    """Whether a fork, if it is known, is `earlier` or a later one."""
    return fork is not None and FORKS.index(fork) >= FORKS.index(earlier)


def network_of(genesis_validators_root: bytes, configured: Network) -> Network:
    """The network with this root if it is a known one, else the configured network."""
    return BY_ROOT.get(genesis_validators_root, configured)


# name, preset, genesis_validators_root (- where each chain has another), fork versions from PHASE0
# on; from consensus-specs, eth-clients/{sepolia,hoodi,holesky}, the Gloas testnet's, gnosischain's,
# ephemery's and Teku's configurations
_TABLE = """
mainnet mainnet 0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95 00000000 01000000 02000000 03000000 04000000 05000000 06000000 07000000 08000000
minimal minimal - 00000001 01000001 02000001 03000001 04000001 05000001 06000001 07000001 08000001
swift swift - 00000001 01000001 02000001 03000001 04000001 05000001 06000001 07000001 08000001
less-swift swift - 00000001 01000001 02000001 03000001 04000001 05000001 06000001 07000001 08000001
lukso mainnet - 42000001 42000002 42000003 42000004 42000005
sepolia mainnet 0xd8ea171f3c94aea21ebc42a1ed61052acf3f9209c00e4efbaaddac09ed9b8078 90000069 90000070 90000071 90000072 90000073 90000074 90000075 90000076
hoodi mainnet 0x212f13fc4df078b6cb7db228f1c8307566dcecf900867401a92023d7ba99cb5f 10000910 20000910 30000910 40000910 50000910 60000910 70000910 80000910
holesky mainnet 0x9143aa7c615a7f7115e2b6aac319c03529df8242ae705fba9df39b79c59fa8b1 01017000 02017000 03017000 04017000 05017000 06017000 07017000
ephemery mainnet - 1000101b 2000101b 3000101b 4000101b 5000101b 6000101b 7000101b 8000101b
plataberget mainnet 0xbb4a1a9e3f7f4e10edcd734e4acc3b5ffd4f830efe0af2748fa458cfee5d2658 10733183 20733183 30733183 40733183 50733183 60733183 70733183 80733183 90000000
gnosis gnosis 0xf5dcb5564e829aab27264b9becd5dfaa017085611224cb3036f573368dbb9d47 00000064 01000064 02000064 03000064 04000064 05000064 06000064 07000064
chiado gnosis 0x9d642dac73058fbf39c0ae41ab1e34e4d889043cb199851ded7095bc99eb4c1e 0000006f 0100006f 0200006f 0300006f 0400006f 0500006f 0600006f 0700006f
"""


# by network: epochs of the forks that may be under way while clients still change
_EPOCHS = {"sepolia": {"GLOAS": 353024}, "plataberget": {"GLOAS": 1536}}


def _network(name: str, preset: str, root: str, *versions: str) -> Network:
    fork_versions = dict(zip(FORKS, map(bytes.fromhex, versions), strict=False))
    known = None if root == "-" else Bytes32.parse(root)
    epochs = _EPOCHS.get(name, {})
    return Network(name, SLOTS_PER_EPOCH[preset], fork_versions, known, fork_epochs=epochs)


NETWORKS = {line.split()[0]: _network(*line.split()) for line in _TABLE.strip().splitlines()}

DEFAULT_NETWORK = replace(NETWORKS["mainnet"], is_default=True)

BY_ROOT = {network.genesis_validators_root: network for network in NETWORKS.values()}
