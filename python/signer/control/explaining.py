"""Explanations of what a running signer was asked, or could be asked."""

from collections.abc import Mapping
from typing import Any

import msgspec

from ..errors import BadRequestError
from ..signing.documents import read_subject
from ..signing.explain import explain_subject
from ..signing.explanation import Explanation
from ..signing.registry import SigningTypes
from ..spec.networks import Network
from .journal import NO_BODY, Record


def explain_document(
    document: bytes | Mapping[str, Any],
    types: SigningTypes,
    network: Network,
) -> Explanation:
    """Explains a document of any form. Raises BadRequestError."""
    if not isinstance(document, bytes):
        document = msgspec.json.encode(document)
    return explain_subject(read_subject(document, types, network), network)


def explain_record(record: Record, types: SigningTypes, network: Network) -> Explanation:
    """Explains the request of a record, with its key and its signature.

    Raises BadRequestError when it has no sign request.
    """
    if record.raw_body is NO_BODY and not record.body_dropped:
        raise BadRequestError(
            f"expected the record of a sign request, found {record.method} {record.path}, which "
            "has no JSON body"
        )
    return explain_document(msgspec.json.encode(record), types, network)
