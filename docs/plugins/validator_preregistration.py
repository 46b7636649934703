"""EIP-8205: a validator registers its withdrawal credentials before its deposit.

The domain has the genesis fork version, and the chain's real genesis validators root.

Source: consensus-specs v1.7.0-beta.4, specs/_features/eip8205.
"""

from collections.abc import Iterator
from operator import attrgetter

from signer.plugin import (
    Bytes32,
    Bytes48,
    Candidate,
    Container,
    GenesisRequest,
    Network,
    Plugin,
    network_of,
)


class ValidatorPreregistration(Container):
    pubkey: Bytes48
    withdrawal_credentials: Bytes32


class ValidatorPreregistrationRequest(GenesisRequest):
    TYPE = "VALIDATOR_PREREGISTRATION"
    DOMAIN_TYPE = bytes.fromhex("11000000")
    MESSAGE = attrgetter("validator_preregistration")

    genesis_validators_root: Bytes32
    validator_preregistration: ValidatorPreregistration

    def default(self, configured: Network) -> Candidate:
        return self._on_its_chain(super().default(self._network(configured)))

    def others(self, configured: Network) -> Iterator[Candidate]:
        for candidate in super().others(self._network(configured)):
            yield self._on_its_chain(candidate)

    def _network(self, configured: Network) -> Network:
        """The chain of the request, if it is a known one; else that of --network."""
        return network_of(self.genesis_validators_root, configured)

    def _on_its_chain(self, candidate: Candidate) -> Candidate:
        """A reading with the chain's root: that of a GenesisRequest is zero."""
        return candidate._replace(genesis_validators_root=self.genesis_validators_root)


def register(plugin: Plugin) -> None:
    """Adds the signing type."""
    plugin.add_signing_type(ValidatorPreregistrationRequest)
