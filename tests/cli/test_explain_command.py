"""`signer explain`: its three forms of input, its output, and what it says of mistakes."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from signer import explain
from signer.cli import main
from support.duties import ATTESTATION, OTHER
from support.known_keys import INTEROP
from support.plugins import EXECUTION_PROOF, PROOF_ROOT, proof_request
from support.served import WRONG_FLAGS
from support.vectors import vectors

REQUEST = json.dumps(ATTESTATION["request"])
CASES = vectors("signing/signing.json")["cases"]
EXIT = next(case for case in CASES if case["name"] == "VOLUNTARY_EXIT/PHASE0/random-0")


def run(*arguments: str | Path, document: Any = REQUEST, **environment: str) -> Result:
    """How the command ends, with a document on its standard input."""
    text = document if isinstance(document, str) else json.dumps(document)
    return CliRunner().invoke(main, ["explain", *map(str, arguments)], text, env=environment)


def explained(*arguments: str | Path, document: Any = REQUEST) -> Any:
    result = run(*arguments, "--json", document=document)
    assert 0 == result.exit_code, result.stderr
    return json.loads(result.stdout)


def refusal(*arguments: str | Path, document: Any = REQUEST) -> str:
    """What it says of a mistake; nothing is on standard output, and no traceback."""
    result = run(*arguments, document=document)
    assert isinstance(result.exception, SystemExit)
    assert (WRONG_FLAGS, "") == (result.exit_code, result.stdout)
    return result.stderr


def signed(case: Any, **more: Any) -> dict[str, Any]:
    """A vector's message as Beacon APIs print it."""
    request = case["request"]
    member = request["type"].lower()
    return {"message": request[member], "signature": case["signature"], **more}


def test_the_text_is_that_of_python() -> None:
    result = run()

    assert (0, f"{explain(REQUEST)}\n") == (result.exit_code, result.stdout)


@pytest.mark.parametrize("source", ["file", "-", "nothing"])
def test_a_request_comes_from_a_file_or_standard_input(source: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(REQUEST)
    arguments = {"file": str(tmp_path / "file"), "-": "-", "nothing": "--json"}

    assert explain(REQUEST).to_dict() == explained(arguments[source])


def test_a_key_signs(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"{OTHER['secret_key']}\n{ATTESTATION['secret_key']}\n")

    by_default = explained("--secret-keys-file", keys)
    by_pubkey = explained("--secret-keys-file", keys, "--pubkey", ATTESTATION["pubkey"])

    assert (OTHER["pubkey"], True) == (by_default["pubkey"], by_default["verifies"])
    assert ATTESTATION["signature"] == by_pubkey["signature"]


def test_a_key_that_is_not_loaded_is_told() -> None:
    message = refusal("--interop", "1", "--pubkey", INTEROP[1])

    assert "expected one of the 1 loaded public keys" in message


def test_keystores_sign(vector_keystores: Path) -> None:
    password = vector_keystores / "password"

    result = explained(
        "--keystores-path",
        vector_keystores,
        "--keystores-password-file",
        password,
        "--pubkey",
        ATTESTATION["pubkey"],
    )

    assert ATTESTATION["signature"] == result["signature"]


@pytest.mark.parametrize(("case", "verdict"), [(ATTESTATION, True), (OTHER, False)])
def test_a_signature_is_verified(case: Any, verdict: bool) -> None:  # noqa: FBT001
    flags = ["--pubkey", ATTESTATION["pubkey"], "--signature", case["signature"]]

    assert verdict is explained(*flags)["verifies"]


def test_a_network_tells_the_version_of_a_registration() -> None:
    case = next(
        case
        for case in vectors("signing/signing_live.json")["cases"]
        if case["name"] == "VALIDATOR_REGISTRATION/sepolia-without-a-flag/sent"
    )
    request = {name: value for name, value in case["request"].items() if name != "signingRoot"}

    assert (
        case["signing_root"] == explained("--network", "sepolia", document=request)["signing_root"]
    )
    assert case["signing_root"] != explained(document=request)["signing_root"]


def test_a_type_of_a_plugin_is_explained() -> None:
    tree = explained("--plugin", EXECUTION_PROOF, document=proof_request(1))["message"]

    assert f"0x{PROOF_ROOT}" == tree["root"]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("", "expected a request to explain as a JSON object"),
        ("[]", "found an array: give one item of it"),
        ('{"slot": "1"}', "found an object with"),
        ('{"type": "ATESTATION"}', "did you mean ATTESTATION?"),
        ('{"data": [1], "finalized": true}', "data: expected one signed message as an object"),
        ('{"method": "GET", "path": "/upcheck"}', "expected a record with the body"),
        ('{"\\u001b[2J": 1}', r'found an object with "\u001b[2J"'),
        ('{"data":' * 9 + "1" + "}" * 9, "found an object"),
        ('{"message": {"a": 1}, "signature": "0x00"}', 'found "a": give its type'),
    ],
)
def test_another_document_is_told_what_fits(document: str, expected: str) -> None:
    assert expected in refusal(document=document)


# signed messages of Beacon APIs


def test_a_signed_message_needs_its_fork_if_several_fit() -> None:
    message = refusal(document=signed(ATTESTATION))

    assert "fits several forks, PHASE0, ALTAIR, " in message
    assert "give the fork, or the public key of the signature" in message


@pytest.mark.parametrize("told", [["--fork", "fulu"], ["--pubkey", ATTESTATION["pubkey"]]])
def test_a_fork_or_the_key_of_the_signature_tells_the_fork(told: list[str]) -> None:
    result = explained(*told, document=signed(ATTESTATION))

    assert (ATTESTATION["signing_root"], "FULU") == (result["signing_root"], result["fork"]["name"])


def test_what_was_guessed_is_told() -> None:
    document = signed(ATTESTATION, pubkey=ATTESTATION["pubkey"])

    assert [
        "type ATTESTATION, because only its message has these members",
        "network mainnet, because no other was given",
        "fork FULU, because the signature is by the key in its domain",
    ] == explained(document=document)["guessed"]
    assert "guessed: fork FULU" in run(document=document).stdout


def test_a_response_of_a_beacon_api_is_unwrapped() -> None:
    document = {"version": "phase0", "finalized": False, "data": signed(EXIT)}

    result = explained("--pubkey", EXIT["pubkey"], document=document)

    assert (EXIT["signing_root"], True) == (result["signing_root"], result["verifies"])


def test_a_header_of_a_block_has_the_signing_root_of_the_block() -> None:
    case = next(
        c for c in CASES if ("mainnet", "BLOCK_V2/FULU/random-0") == (c["network"], c["name"])
    )
    header = case["request"]["beacon_block"]["block_header"]
    document = {"header": {"message": header, "signature": case["signature"]}, "canonical": True}

    result = explained("--fork", "FULU", "--pubkey", case["pubkey"], document={"data": document})

    assert (case["signing_root"], True) == (result["signing_root"], result["verifies"])


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--fork", "FULLU"], "did you mean FULU?"),
        (["--type", "ATESTATION"], "did you mean ATTESTATION?"),
        (["--fork", "FULU", "--network", "minimal"], "expected genesis_validators_root"),
    ],
)
def test_a_wrong_flag_of_a_signed_message_is_told(flags: list[str], expected: str) -> None:
    assert expected in refusal(*flags, document=signed(ATTESTATION))


def test_the_schedule_of_a_network_tells_the_fork(tmp_path: Path) -> None:
    epoch = int(ATTESTATION["request"]["attestation"]["target"]["epoch"])
    config = tmp_path / "config.yaml"
    config.write_text(
        "GENESIS_FORK_VERSION: 0x00000000\n"
        "ALTAIR_FORK_VERSION: 0x01000000\nALTAIR_FORK_EPOCH: 0\n"
        f"FULU_FORK_VERSION: 0x06000000\nFULU_FORK_EPOCH: {epoch}\n"
        f"GLOAS_FORK_VERSION: 0x07000000\nGLOAS_FORK_EPOCH: {epoch + 1}\n"
    )
    root = ATTESTATION["request"]["fork_info"]["genesis_validators_root"]

    result = explained(
        "--network", config, "--genesis-validators-root", root, document=signed(ATTESTATION)
    )

    assert ("FULU", str(epoch)) == (result["fork"]["name"], result["fork"]["fork_epoch"])
    assert ATTESTATION["signing_root"] == result["signing_root"]


def on_a_terminal(**environment: str) -> bytes:
    """The output of the command where standard output is a terminal."""
    controller, terminal = pty.openpty()
    try:
        command = [sys.executable, "-m", "signer", "explain", "-"]
        subprocess.run(
            command,
            input=REQUEST.encode(),
            stdout=terminal,
            check=True,
            env={**os.environ, **environment},
            timeout=30,
        )
        return os.read(controller, 1 << 16)
    finally:
        os.close(controller)
        os.close(terminal)


def test_a_terminal_gets_colours_unless_it_wants_none() -> None:
    assert b"\x1b[" in on_a_terminal(NO_COLOR="", TERM="xterm")
    assert b"\x1b[" not in on_a_terminal(NO_COLOR="1", TERM="xterm")
