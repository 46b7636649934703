"""The fields of operations, from a query or as JSON: what an error about them tells."""

import pytest

from signer.control.faults import Fault
from signer.control.fields import decode_fields
from signer.control.queries import NewKeys
from signer.errors import BadRequestError


@pytest.mark.parametrize(
    ("kind", "document", "expected"),
    [
        (Fault, b'{"status": 42}', "status: expected `int` >= 200, found 42"),
        (Fault, b'{"status": "x"}', 'status: expected `int | null`, found "x"'),
        (Fault, b'{"status": 42, ]', "status: expected `int` >= 200"),
        (Fault, b'{"status": 500, "status": 404}', 'expected "status" once, found it twice'),
        (Fault, b'{"staus": 42}', "unknown field `staus`; did you mean status?"),
        (Fault, b'{"signature": "shrot"}', "enum value 'shrot'; did you mean short?"),
        (Fault, b'{"status": 42, "ti\xedes": 1}', "status: expected `int` >= 200"),  # by a fuzzer
        (NewKeys, b'{"mnemonic": 1234567}', "mnemonic: expected `str`, got `int`"),
        (NewKeys, {"mnemonic": 1234567}, "mnemonic: expected `str`, got `int`"),
    ],
)
def test_an_error_tells_the_value_or_the_nearest_name_and_no_secret(
    kind: type, document: bytes | dict[str, int], expected: str
) -> None:
    with pytest.raises(BadRequestError) as refusal:
        decode_fields(kind, document, "fields")

    assert expected in str(refusal.value)
    assert "1234567" not in str(refusal.value)
