"""Three signing vectors of mainnet: two attestations, a RANDAO reveal, and who signs them."""

from typing import Any

from support.vectors import unhex, vectors

SLOT, EPOCH = 13730489, 429077  # of ATTESTATION


def case(name: str) -> Any:
    """A signing vector of mainnet."""
    cases = vectors("signing/signing.json")["cases"]
    return next(c for c in cases if (name, "mainnet") == (c["name"], c["network"]))


ATTESTATION = case("ATTESTATION/FULU/random-0")
OTHER = case("ATTESTATION/FULU/random-1")
RANDAO = case("RANDAO_REVEAL/FULU/random-0")
KEYS = [unhex(vector["secret_key"]) for vector in (ATTESTATION, OTHER, RANDAO)]
