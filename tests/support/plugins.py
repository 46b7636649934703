"""Plugins: the examples of the documentation, and files that a test writes."""

from pathlib import Path
from textwrap import dedent
from typing import Any

from load import FORK_INFO, GENESIS_VALIDATORS_ROOT

FOLDER = Path(__file__).parent.parent.parent / "docs" / "plugins"
EXECUTION_PROOF = FOLDER / "execution_proof.py"
PREREGISTRATION = FOLDER / "validator_preregistration.py"
COUNTS = FOLDER / "signature_counts.py"
EXAMPLES = [EXECUTION_PROOF, PREREGISTRATION, COUNTS]

# Messages and object roots of consensus-specs v1.7.0-beta.4, by its executable specification
PROOF = {"proof_data": "0x0102", "proof_type": "1", "beacon_block_root": "0x" + "11" * 32}
PROOF_ROOT = "1404fac62e9dc133e0434487941ba65f30104807d70b615f6f65a2614ba51615"
REGISTRATION = {"pubkey": "0x" + "aa" * 48, "withdrawal_credentials": "0x01" + "00" * 31}
REGISTRATION_ROOT = "1b53e709009c9b23bc2bd1623aa71ce94b30d65e66b6be37c2b53574899a75ed"


def proof_request(slot: int, **more: Any) -> dict[str, Any]:
    """A sign request of EIP-8025 on mainnet."""
    request = {"type": "EXECUTION_PROOF_ENVELOPE", "fork_info": FORK_INFO, "slot": str(slot)}
    return {**request, "execution_proof_envelope": PROOF, **more}


def registration_request(root: str = GENESIS_VALIDATORS_ROOT, **more: Any) -> dict[str, Any]:
    """A sign request of EIP-8205, by default on mainnet."""
    request = {"type": "VALIDATOR_PREREGISTRATION", "genesis_validators_root": root}
    return {**request, "validator_preregistration": REGISTRATION, **more}


IMPORTS = """\
from operator import attrgetter
from msgspec import Struct
from signer.plugin import *

"""
# A type that can be signed; tests change it.
VOTE = """\
class Ballot(Container):
    slot: uint64

class Vote(ForkRequest):
    TYPE = "VOTE"
    DOMAIN_TYPE = bytes.fromhex("77000000")
    MESSAGE = attrgetter("ballot")
    ballot: Ballot

def register(plugin: Plugin) -> None:
    plugin.add_signing_type(Vote)
"""


def write_plugin(folder: Path, code: str, name: str = "mine.py") -> Path:
    """A plugin of this code, below the imports of all; its line 5 is the first of the code."""
    path = folder / name
    path.write_text(IMPORTS + dedent(code))
    return path
