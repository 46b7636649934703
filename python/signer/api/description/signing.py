"""The two routes that sign. Their handlers are on the path of a signature, so it is told here."""

from typing import Any

from msgspec import Struct

from ...errors import SlashingError, UnknownKeyError
from .. import batch
from .. import signing as single
from ..batch import Batch, BatchResult
from ..contract import Contract, Signature
from ..recorder import SIGN_PREFIX
from .schemas import IN_BATCHES, SIGN_REQUEST, name_in, ref


class Signed(Struct):
    signature: Signature


SIGN = Contract(
    {200: Signed},
    other_media={"text/plain": Signature},
    errors=(UnknownKeyError, SlashingError),
)
SIGN_BATCH = Contract({200: list[BatchResult]}, body=Batch)

ROUTES: list[tuple[str, Any, Contract, Any]] = [
    (f"{SIGN_PREFIX}{{identifier}}", single, SIGN, ref(SIGN_REQUEST)),
    (batch.PATH, batch, SIGN_BATCH, None),
]


def complete_batch(schemas: dict[str, Any], body: dict[str, Any]) -> None:
    """Says in the schema of a batch which requests it takes: its class reads them later."""
    schemas[name_in(body)]["properties"]["signing_request"] = ref(IN_BATCHES)
