"""The readings of a request that its network leaves open: the default first, then the others.

A root that the client sent chooses one of them. Without a root, the default is signed.
"""

from typing import Any, NamedTuple

from ..spec import domains


class Candidate(NamedTuple):
    """One reading of a request: its message, and what the domain is computed from."""

    message: Any  # what is hashed
    fork_version: bytes  # 4 bytes
    genesis_validators_root: bytes  # 32 bytes
    reading: str = ""  # how it differs from the default, for the log and the record

    def domain(self, domain_type: bytes) -> bytes:
        """The domain, 32 bytes, of a domain type of 4 bytes."""
        return domains.compute_domain(domain_type, self.fork_version, self.genesis_validators_root)

    def signing_root(self, domain_type: bytes) -> bytes:
        """The root to sign, 32 bytes."""
        object_root = self.message.hash_tree_root()
        return domains.compute_signing_root(object_root, self.domain(domain_type))


class Chosen(NamedTuple):
    """The root to sign, 32 bytes, and how its reading of the request differs from the default."""

    signing_root: bytes
    reading: str
