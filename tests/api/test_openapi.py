"""GET /openapi.json: it is valid, and describes all that there is."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from reference import tree_of_errors
from signer.signing.registry import BUILT_IN
from support.plugins import EXAMPLES
from support.served import Served, serving_here

Json = dict[str, Any]


def document_of(served: Served) -> Json:
    answer = served.ask("GET", "/openapi.json")
    assert (200, "application/json") == (answer.status, answer.headers["content-type"])
    document: Json = answer.json
    return document


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving_here("--interop", "1", "--control", "--no-metrics") as served:
        yield served


@pytest.fixture(scope="module")
def document(served: Served) -> Json:
    return document_of(served)


def operations(document: Json) -> dict[str, Json]:
    """The operations of a document, by method and path."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def statuses(document: Json, route: str) -> set[str]:
    return set(operations(document)[route]["responses"])


def flags_with_files(folder: Path) -> list[str]:
    """Flags that name files: users, a token, and the plugins of the documentation."""
    (folder / "users").write_text("Teku:secret\n")
    (folder / "token").write_text("abc\n")
    flags = ["--auth-file", str(folder / "users"), "--keymanager-token-file", str(folder / "token")]
    for plugin in EXAMPLES:
        flags += ["--plugin", str(plugin)]
    return flags


@pytest.mark.slow
def test_the_document_is_openapi_3_1_with_and_without_all_flags(tmp_path: Path) -> None:
    with serving_here("--no-keymanager") as least:
        OpenAPIV31SpecValidator(document_of(least)).validate()
    with serving_here("--control", *flags_with_files(tmp_path)) as most:
        headers = {"Authorization": "Basic VGVrdTpzZWNyZXQ="}
        OpenAPIV31SpecValidator(most.ask("GET", "/openapi.json", None, headers).json).validate()


def test_the_document_describes_every_route_that_the_root_lists(
    served: Served,
    document: Json,
) -> None:
    listed = served.ask("GET", "/").json["routes"]

    assert {route.replace("/ID", "/{id}") for route in listed} == set(operations(document))
    assert "GET /openapi.json" in listed


def test_every_operation_has_a_text_for_people(document: Json) -> None:
    texts = {name: operation["summary"] for name, operation in operations(document).items()}

    assert [] == [name for name, text in texts.items() if not text]


def test_every_operation_declares_what_it_responds_with(document: Json) -> None:
    assert [] == [name for name in operations(document) if "default" in statuses(document, name)]
    assert [] == [name for name in operations(document) if "200" not in statuses(document, name)]


def test_each_signing_type_is_a_schema_with_an_example(document: Json) -> None:
    schemas = document["components"]["schemas"]

    for signing_type in BUILT_IN:
        types = {example["type"] for example in schemas[signing_type.TYPE]["examples"]}
        assert {signing_type.TYPE} == types


def test_the_example_of_a_type_fits_its_schema_and_is_signed(
    served: Served,
    document: Json,
) -> None:
    pubkey = served.ask("GET", "/api/v1/eth2/publicKeys").json[0]
    schema = {"$ref": "#/components/schemas/SignRequest", "components": document["components"]}
    validator = OAS31Validator(schema)

    for signing_type in BUILT_IN:
        for example in document["components"]["schemas"][signing_type.TYPE]["examples"]:
            assert [] == [error.message for error in validator.iter_errors(example)]
            assert 200 == served.sign(pubkey, example).status


def test_requests_are_told_apart_by_type_also_by_an_old_name(document: Json) -> None:
    mapping = document["components"]["schemas"]["SignRequest"]["discriminator"]["mapping"]

    assert "#/components/schemas/ATTESTATION" == mapping["ATTESTATION"]
    assert mapping["PAYLOAD_ATTESTATION_MESSAGE"] == mapping["PAYLOAD_ATTESTATION"]


def test_a_batch_takes_the_types_that_may_be_in_one(document: Json) -> None:
    mapping = document["components"]["schemas"]["BatchedSignRequest"]["discriminator"]["mapping"]

    assert "ATTESTATION" in mapping
    assert "BLOCK_V2" not in mapping


def test_the_statuses_of_errors_are_those_of_the_reference(tmp_path: Path) -> None:
    rows = tree_of_errors().splitlines()
    told = {row.split("|")[1].strip() for row in rows if row[2:3].isdigit()}
    flags = ["--control", "--slashing", "enforce", *flags_with_files(tmp_path)]
    with serving_here() as behind, serving_here(*flags, "--upstream", behind.url) as served:
        headers = {"Authorization": "Basic VGVrdTpzZWNyZXQ="}
        document = served.ask("GET", "/openapi.json", None, headers).json
    described = {status for name in operations(document) for status in statuses(document, name)}

    # 405 is for methods that a path does not have, 409 a reload's, 500 for Python
    assert told - {"405", "500"} | {"409"} == {status for status in described if status[0] in "45"}


def test_a_refusal_by_slashing_protection_is_described_where_it_may_come() -> None:
    sign = "POST /api/v1/eth2/sign/{identifier}"
    with serving_here("--slashing", "enforce") as enforcing, serving_here() as reporting:
        assert "412" in statuses(document_of(enforcing), sign)
        assert "412" not in statuses(document_of(reporting), sign)


def test_authentication_is_described_as_the_flags_have_it(tmp_path: Path) -> None:
    headers = {"Authorization": "Basic VGVrdTpzZWNyZXQ="}
    with serving_here(*flags_with_files(tmp_path)) as served:
        document = served.ask("GET", "/openapi.json", None, headers).json
    described = operations(document)

    assert {"basic", "token"} == set(document["components"]["securitySchemes"])
    assert [{"basic": []}] == described["GET /api/v1/eth2/publicKeys"]["security"]
    assert [{"token": []}] == described["DELETE /eth/v1/keystores"]["security"]
    assert "security" not in described["GET /signatures"]
    challenge = described["GET /upcheck"]["responses"]["401"]["headers"]["www-authenticate"]
    assert 'Basic realm="signer"' == challenge["example"]


def test_types_and_routes_of_plugins_are_described(tmp_path: Path) -> None:
    headers = {"Authorization": "Basic VGVrdTpzZWNyZXQ="}
    with serving_here(*flags_with_files(tmp_path)) as served:
        document = served.ask("GET", "/openapi.json", None, headers).json
    schema = document["components"]["schemas"]["EXECUTION_PROOF_ENVELOPE"]

    assert "GET /signatures" in operations(document)
    assert {"type", "slot", "fork_info", "execution_proof_envelope"} == set(schema["required"])
    assert "EXECUTION_PROOF_ENVELOPE" == schema["examples"][0]["type"]


def test_a_plugin_may_have_a_class_with_the_name_of_one_of_ours(tmp_path: Path) -> None:
    plugin = tmp_path / "batches.py"
    plugin.write_text(
        "from operator import attrgetter\n"
        "from signer.plugin import *\n"
        "class Batch(Container):\n"
        "    slot: uint64\n"
        "class Sign(ForkRequest):\n"
        "    TYPE = 'BATCH'\n"
        "    DOMAIN_TYPE = bytes.fromhex('77000000')\n"
        "    MESSAGE = attrgetter('batch')\n"
        "    batch: Batch\n"
        "def register(plugin):\n"
        "    plugin.add_signing_type(Sign)\n"
    )
    with serving_here("--plugin", plugin) as served:
        document = document_of(served)
    batch = operations(document)["POST /api/v1/eth2/sign"]["requestBody"]["content"]
    name = batch["application/json"]["schema"]["$ref"].rpartition("/")[2]

    assert "BATCH" in document["components"]["schemas"]
    assert {"identifiers", "signing_request"} == set(
        document["components"]["schemas"][name]["properties"]
    )


def test_the_document_is_made_once(served: Served, document: Json) -> None:
    assert document == document_of(served)


def test_a_start_loads_nothing_of_it() -> None:
    code = "import sys, signer.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())

    assert "signer.api.openapi" in loaded
    assert set() == loaded & {"signer.api.description", "signer.signing.examples"}


def test_descriptions_do_not_speak_of_python(document: Json) -> None:
    texts = re.findall(r'"(?:summary|description)":"([^"]*)"', json.dumps(document))

    assert [] == [text for text in texts if "self" in text or "SignerError" in text]
