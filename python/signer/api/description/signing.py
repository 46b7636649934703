"""The routes that sign. Their handlers are on the path of a signature, so it is told here."""

from typing import Any, NamedTuple

from msgspec import Struct

from ...errors import SlashingError, UnavailableKeyError, UnknownKeyError
from ...upstream.errors import UpstreamError, UpstreamTimeoutError
from .. import batch, distributed
from .. import signing as single
from ..batch import Batch, BatchResult
from ..contract import Contract, Signature
from ..recorder import SHARE_PREFIX, SIGN_PREFIX
from .schemas import IN_BATCHES, SIGN_REQUEST, name_in, ref


class Signed(Struct):
    signature: Signature


class PartialSignature(Struct):
    """The signature of a participant's share, and the root that it signed."""

    participant_id: str
    signing_root: str
    signature: Signature


OF_UPSTREAM = (UpstreamError, UpstreamTimeoutError)

SIGN = Contract(
    {200: Signed},
    other_media={"text/plain": Signature},
    errors=(UnknownKeyError, SlashingError, *OF_UPSTREAM),
)
SIGN_BATCH = Contract({200: list[BatchResult]}, body=Batch)

SIGN_SHARE = Contract(
    {200: PartialSignature}, errors=(UnknownKeyError, SlashingError, UnavailableKeyError)
)


class Signing(NamedTuple):
    """What signs at a path: where its text is, its contract, and the schema of its body."""

    documented: Any
    contract: Contract
    body: dict[str, Any] | None = None


# by path; a signer may lack some
SIGNING: dict[str, Signing] = {
    f"{SIGN_PREFIX}{{identifier}}": Signing(single, SIGN, ref(SIGN_REQUEST)),
    batch.PATH: Signing(batch, SIGN_BATCH),
    f"{SHARE_PREFIX}{{identifier}}": Signing(distributed, SIGN_SHARE, ref(SIGN_REQUEST)),
    SHARE_PREFIX.rstrip("/"): Signing(distributed, SIGN_BATCH),
}


def complete_batch(schemas: dict[str, Any], body: dict[str, Any]) -> None:
    """Says in the schema of a batch which requests it takes: its class reads them later."""
    schemas[name_in(body)]["properties"]["signing_request"] = ref(IN_BATCHES)
