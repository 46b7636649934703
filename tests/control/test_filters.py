"""Filters of faults and records: values that no request can have are refused."""

from typing import Any

import pytest

from signer.control.filters import RecordFilter
from signer.errors import BadRequestError
from signer.signing.registry import BUILT_IN

PUBKEY = "AB" * 48


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"type": "ATESTATION"}, 'unknown type "ATESTATION"; did you mean ATTESTATION?'),
        ({"type": "attestations"}, "did you mean ATTESTATION?"),
        ({"type": "BLOCKV2"}, "did you mean BLOCK_V2?"),
        ({"type": "RANDAO"}, "did you mean RANDAO_REVEAL?"),
        ({"type": "EXIT"}, "did you mean VOLUNTARY_EXIT?"),
        ({"type": "SYNC-COMMITTEE-MESSAGE"}, "did you mean SYNC_COMMITTEE_MESSAGE?"),
        ({"type": ""}, 'type: expected the name of a type, found ""'),
        ({"pubkey": "0x1234"}, 'pubkey: expected a public key of 48 bytes as hex, found "0x1234"'),
        ({"pubkey": "zz" * 48}, "pubkey: expected a public key of 48 bytes as hex"),
        ({"pubkey": PUBKEY + "0"}, "pubkey: expected a public key of 48 bytes as hex"),
        ({"pubkey": ""}, "pubkey: expected a public key of 48 bytes as hex"),
        ({"path": "upcheck"}, 'path: expected a path that begins with / or *, found "upcheck"'),
        ({"path": ""}, "path: expected a path that begins with / or *"),
        ({"path": "/upcheck/"}, "without doubled slashes and without one at its end"),
        ({"path": "//upcheck"}, "without doubled slashes and without one at its end"),
        ({"path": "/reload?wait=true"}, "path: expected a path without a query"),
        ({"path": "/_signer/requests"}, "outside of /_signer, where requests are not recorded"),
        ({"method": "PSOT"}, 'method: unknown method "PSOT"; did you mean POST?'),
    ],
)
def test_a_value_that_no_request_has_is_refused(values: dict[str, Any], expected: str) -> None:
    with pytest.raises(BadRequestError) as refusal:
        RecordFilter(**values).require_known_type()

    assert expected in str(refusal.value)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"type": "attestation"}, {"type": "ATTESTATION"}),
        ({"type": "MY_PLUGIN"}, {"type": "MY_PLUGIN"}),
        ({"type": "BUILDER_DEPOSIT"}, {"type": "BUILDER_DEPOSIT"}),
        ({"type": "INCLUSION_LIST"}, {"type": "INCLUSION_LIST"}),
        ({"pubkey": PUBKEY}, {"pubkey": f"0x{PUBKEY.lower()}"}),
        ({"path": "*/sign/*"}, {"path": "*/sign/*"}),
        ({"path": "/"}, {"path": "/"}),
        ({"path": "/upchec?"}, {"path": "/upchec?"}),
        ({"method": "post"}, {"method": "POST"}),
    ],
)
def test_other_values_are_taken_as_records_have_them(
    values: dict[str, Any], expected: dict[str, Any]
) -> None:
    record_filter = RecordFilter(**values)
    record_filter.require_known_type()

    assert expected == record_filter.given()


@pytest.mark.parametrize("signing_type", BUILT_IN)
def test_every_built_in_type_is_known(signing_type: Any) -> None:
    record_filter = RecordFilter(type=signing_type.TYPE)
    record_filter.require_known_type()

    assert {"type": signing_type.TYPE} == record_filter.given()


@pytest.mark.parametrize("name", ["VALIDATOR_PREREGISTRATION", "EXIT"])
def test_a_type_that_the_signer_has_is_not_taken_for_another(name: str) -> None:
    RecordFilter(type=name).require_known_type(["VALIDATOR_REGISTRATION", "VOLUNTARY_EXIT", name])
