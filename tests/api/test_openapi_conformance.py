"""schemathesis asks a real signer what its OpenAPI document allows, and compares the answers."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis.configuration import set_hypothesis_home_dir
from schemathesis import GenerationMode, checks
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks as openapi_checks

from signer import Signer
from support.served import request

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]  # it makes requests of many types

SIGN = "POST /api/v1/eth2/sign/{identifier}"
EXAMPLES = 5  # of each operation, right ones and as many wrong ones
MOST_KEYS = 3
ENDLESS = "/_signer/events"
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
]
BOUNDED = hypothesis.settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signer]:
    set_hypothesis_home_dir(tmp_path_factory.mktemp("hypothesis"))  # else it writes into the tree
    with Signer(interop=2) as signer:
        yield signer


def all_operations(signer: Signer) -> list[Any]:
    document = request(signer.url, "GET", "/openapi.json").json
    found = schemathesis.openapi.from_dict(document).get_all_operations()
    operations = []
    for result in found:
        assert isinstance(result, Ok), result
        if result.ok().path != ENDLESS:
            operations.append(result.ok())
    return operations


def bound(case: Any, signer: Signer) -> None:
    """Lets a case take neither long nor much, and have a key that exists where it can be."""
    if case.path_parameters and "identifier" in case.path_parameters:
        case.path_parameters["identifier"] = signer.pubkeys[0]
    if case.query and "wait" in case.query and case.path == "/_signer/requests":
        case.query["wait"] = "0"
    if isinstance(case.body, dict):
        for name in ("signing_root", "signingRoot"):  # made up, it is that of no message
            case.body.pop(name, None)
        for name in ("interop", "count"):
            if isinstance(case.body.get(name), int):
                case.body[name] = min(case.body[name], MOST_KEYS)


def statuses_of(signer: Signer, mode: GenerationMode) -> dict[str, set[int]]:
    """What the signer answers to cases of each operation. Fails for an answer that is not told."""
    statuses: dict[str, set[int]] = {}
    for operation in all_operations(signer):

        @BOUNDED
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            bound(case, signer)
            response = case.call_and_validate(base_url=signer.url, checks=CHECKS)
            statuses.setdefault(case.operation.label, set()).add(response.status_code)

        with suppress(hypothesis.errors.Unsatisfiable):  # nothing that may be sent is wrong
            ask()
        signer.reset()
    return statuses


def test_right_requests_are_answered_as_the_document_says(signer: Signer) -> None:
    statuses = statuses_of(signer, GenerationMode.POSITIVE)

    assert {operation.label for operation in all_operations(signer)} == set(statuses)
    assert {200} == statuses["GET /api/v1/eth2/publicKeys"]
    assert {404} == statuses["GET /_signer/faults/{id}"]


def test_wrong_requests_are_answered_as_the_document_says(signer: Signer) -> None:
    statuses = statuses_of(signer, GenerationMode.NEGATIVE)

    assert 400 in statuses[SIGN]
    assert {400} == statuses["POST /_signer/faults"]
