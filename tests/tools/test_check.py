"""`signer check`: our own signer is right, and what is wrong with another one is told by group."""

import json
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from shutil import which
from signal import SIGINT
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from signer import Signer
from signer.cli import main
from signer.cli.check import GROUP_NAMES
from signer.hex import to_hex
from signer.keys.derived import interop_key
from signer.tools.check.groups import GROUPS
from support.known_keys import INTEROP
from support.mutants import Asked, as_text, mutant, of_the_next_slot, refusing
from support.served import Answer, free_port

FIRST, SECOND = INTEROP[:2]
REFUSAL = Answer(400, {"content-type": "application/json"}, b'{"message":"not yet implemented"}')
ALL = ("--keymanager", "--slashing", SECOND)


@pytest.fixture(scope="module")
def signer() -> Iterator[Signer]:
    with Signer(interop=4) as signer:
        yield signer


def run(url: str, *flags: object) -> Result:
    result = CliRunner().invoke(main, ["check", url, *map(str, flags)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def report(url: str, *flags: object) -> Any:
    """What --json prints."""
    result = run(url, *flags, "--json")
    document = json.loads(result.stdout)
    assert document["exit_code"] == result.exit_code
    return document


def groups(*names: str) -> list[str]:
    return [word for name in names for word in ("--group", name)]


def types(*names: str) -> list[str]:
    return ["--group", "signatures", *(word for name in names for word in ("--type", name))]


def having(document: Any, verdict: str) -> list[Any]:
    return [check for check in document["checks"] if check["verdict"] == verdict]


def topics(document: Any, verdict: str) -> set[str]:
    return {check["topic"] for check in having(document, verdict)}


@pytest.mark.slow
def test_our_own_signer_is_right_in_everything(tmp_path: Path) -> None:
    token = tmp_path / "token"
    flags: dict[str, Any] = {"slashing": "enforce", "keymanager_token_file": str(token)}

    with Signer(interop=4, **flags) as signer:
        document = report(signer.url, *ALL, "--keymanager-token-file", token)
        again = report(signer.url, *types("ATTESTATION", "BLOCK_V2"), "--slashing", SECOND)

        assert [FIRST, *INTEROP[1:4]] == signer.pubkeys
    assert [] == [check for check in document["checks"] if check["verdict"] != "right"]
    assert 0 == document["exit_code"]
    assert [group.name for group in GROUPS] == [group["name"] for group in document["groups"]]
    assert all(group["right"] for group in document["groups"])
    assert [] == [check for check in again["checks"] if check["verdict"] != "right"]


@pytest.mark.slow
@pytest.mark.parametrize("network", ["minimal", "gnosis", "sepolia"])
def test_our_own_signer_is_right_on_other_networks(network: str) -> None:
    chosen = groups("signatures", "clients", "spellings")

    with Signer(interop=1, network=network) as signer:
        document = report(signer.url, "--network", network, *chosen)

    assert [] == [check for check in document["checks"] if check["verdict"] != "right"]


@pytest.mark.slow
def test_what_nobody_asks_for_is_not_slashable_and_changes_no_key() -> None:
    with Signer(interop=2) as signer:
        result = run(signer.url, *types("ATTESTATION", "BLOCK", "BLOCK_V2"), *groups("clients"))

        signer.assert_not_slashable()
        assert signer.pubkeys == INTEROP[:2]
        assert 0 == signer.count(path="/eth/v1/keystores")
    assert 0 == result.exit_code
    assert "not asked: --keymanager" in result.stdout
    assert "not asked: --slashing" in result.stdout


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("wrong_root", "over a root that no usual mistake leads to"),
        ("wrong_key", "by another key"),
        ("malformed", "bytes that are no point of G2"),
        ("short", "95 bytes instead of 96"),
        ("infinity", "the point at infinity"),
        ("not_in_group", "bytes that are no point of G2"),
    ],
)
def test_a_wrong_signature_is_told(signer: Signer, kind: Any, told: str) -> None:
    with signer.fault(signature=kind, type="RANDAO_REVEAL"):
        document = report(signer.url, *groups("accept", "statuses"))

    assert 1 == document["exit_code"]
    assert {"accept"} == {check["group"] for check in having(document, "wrong")}
    assert told in having(document, "wrong")[0]["found"]


def test_a_signature_by_another_key_of_the_target_names_that_key(signer: Signer) -> None:
    def before(asked: Asked) -> Asked:
        return asked._replace(path=asked.path.replace(FIRST, SECOND))

    with mutant(signer.url, before) as url:
        document = report(url, *groups("accept"))

    assert 1 == document["exit_code"]
    assert all(f"by another key, {SECOND[:10]}" in check["found"] for check in document["checks"])


def test_another_network_is_named() -> None:
    with Signer(interop=1, network="sepolia") as signer:
        chosen = types("VALIDATOR_REGISTRATION", "BUILDER_REQUEST_AUTH", "DEPOSIT")
        document = report(signer.url, *chosen)

    wrong = having(document, "wrong")
    assert 1 == document["exit_code"]
    assert {"VALIDATOR_REGISTRATION", "BUILDER_REQUEST_AUTH GLOAS"} < topics(document, "wrong")
    assert all("fork version 0x90000069, sepolia's PHASE0" in check["found"] for check in wrong)


@pytest.mark.slow
def test_a_signer_of_the_next_slot_is_found_out(signer: Signer) -> None:
    with mutant(signer.url, of_the_next_slot) as url:
        document = report(url, *types("BLOCK_V2", "RANDAO_REVEAL", "ATTESTATION", "DEPOSIT"))

    found = {check["title"]: check["found"] for check in having(document, "wrong")}
    assert 1 == document["exit_code"]
    assert "over the message one slot later" in found["BLOCK_V2 FULU, ordinary"]
    assert "over the message one slot and epoch later" in found["ATTESTATION FULU, ordinary"]
    assert "over the message one slot and epoch later" in found["RANDAO_REVEAL FULU, ordinary"]
    assert "DEPOSIT" not in topics(document, "wrong")


def test_a_signer_of_any_root_is_found_out(signer: Signer) -> None:
    secret = {key: interop_key(index) for index, key in enumerate(INTEROP[:4])}

    def after(asked: Asked, answer: Answer) -> Answer:
        root = asked.json.get("signingRoot") or asked.json.get("signing_root")
        if not root:
            return answer
        signature = secret[asked.path[-98:]].sign(bytes.fromhex(root[2:]))
        body = json.dumps({"signature": to_hex(signature)}).encode()
        return Answer(200, {"content-type": "application/json"}, body)

    with mutant(signer.url, after=after) as url:
        document = report(url, *groups("roots"), "--type", "ATTESTATION", "--type", "DEPOSIT")

    wrong = having(document, "wrong")
    assert 1 == document["exit_code"]
    assert all("with a wrong signing" in check["title"].lower() for check in wrong)
    assert 4 == len(wrong)


def test_a_signer_that_compares_no_root_lacks_manners(signer: Signer) -> None:
    def before(asked: Asked) -> Asked:
        document = asked.json
        if not document:
            return asked
        document.pop("signingRoot", None)
        document.pop("signing_root", None)
        return asked._replace(body=json.dumps(document).encode())

    with mutant(signer.url, before) as url:
        document = report(url, *groups("roots"), "--type", "ATTESTATION")

    assert 3 == document["exit_code"]
    assert all("is not compared" in check["found"] for check in having(document, "manners"))


def test_a_signer_that_needs_a_root_is_given_one(signer: Signer) -> None:
    needs_root = refusing(lambda document: "signing_root" not in document, REFUSAL)

    with mutant(signer.url, needs_root) as url:
        document = report(url, *types("RANDAO_REVEAL"), *groups("accept", "roots", "clients"))

    lacking = [check for check in having(document, "manners") if check["group"] == "roots"]
    refused = [check for check in having(document, "manners") if check["group"] == "clients"]
    clients = {check["title"].partition(":")[0] for check in refused}
    assert 3 == document["exit_code"]
    assert "it signs only requests with signing_root, so the others have it" == document["note"]
    assert {
        "RANDAO_REVEAL FULU without a root",
        "RANDAO_REVEAL FULU with signingRoot",
        "RANDAO_REVEAL FULU with null as its root",
    } == {check["title"] for check in lacking}
    assert 7 == len(clients)
    assert "SSV" not in clients


def test_a_type_that_is_unknown_is_not_there_with_a_wrong_root_either(signer: Signer) -> None:
    unknown = refusing(lambda document: document.get("type") == "DEPOSIT", REFUSAL)

    with mutant(signer.url, unknown) as url:
        document = report(url, *groups("roots"), "--type", "DEPOSIT", "--type", "ATTESTATION")

    assert 0 == document["exit_code"]
    assert {"DEPOSIT"} == topics(document, "not there")
    assert 5 == len(having(document, "not there"))


def test_text_only_lacks_manners_for_clients_that_read_json(signer: Signer) -> None:
    with mutant(signer.url, after=as_text) as url:
        document = report(url, *groups("accept", "clients"))

    clients = {check["title"].partition(":")[0] for check in having(document, "manners")}
    assert 3 == document["exit_code"]
    assert {"Lighthouse", "Lodestar", "Grandine", "SSV", "Accept"} == clients


def test_a_signer_without_gloas_is_right_otherwise(signer: Signer) -> None:
    def is_gloas(document: Any) -> bool:
        return any(f'"{fork}"' in json.dumps(document) for fork in ("GLOAS", "HEZE"))

    with mutant(signer.url, refusing(is_gloas, REFUSAL)) as url:
        result = run(url, *types("BLOCK_V2", "INCLUSION_LIST"))
        document = report(url, *types("BLOCK_V2", "INCLUSION_LIST"))

    assert 0 == document["exit_code"]
    assert 3 == len(topics(document, "not there"))
    assert all(topic.endswith((" GLOAS", " HEZE")) for topic in topics(document, "not there"))
    assert '\n  BLOCK_V2 GLOAS: 400 "not yet implemented"\n' in result.stdout


def test_a_fork_that_one_type_lacks_is_named(signer: Signer) -> None:
    def is_refused(document: Any) -> bool:
        return bool(document.get("beacon_block", {}).get("version") == "ELECTRA")

    with mutant(signer.url, refusing(is_refused, REFUSAL)) as url:
        document = report(url, *types("BLOCK_V2", "AGGREGATE_AND_PROOF_V2"))

    assert {"BLOCK_V2 ELECTRA"} == topics(document, "not there")
    assert 0 == document["exit_code"]


def test_a_form_that_is_refused_of_a_type_that_is_known_is_a_matter_of_manners(
    signer: Signer,
) -> None:
    with mutant(signer.url, refusing(lambda document: "unknown" in document, REFUSAL)) as url:
        document = report(url, *groups("spellings"))

    titles = [check["title"] for check in having(document, "manners")]
    assert 3 == document["exit_code"]
    assert 4 == len(titles)
    assert all("with an unknown member" in title for title in titles)
    assert "though it knows" in having(document, "manners")[0]["found"]


def test_wrong_statuses_are_told(signer: Signer) -> None:
    def after(_: Asked, answer: Answer) -> Answer:
        return answer._replace(status={400: 422, 404: 500}.get(answer.status, answer.status))

    with mutant(signer.url, after=after) as url:
        document = report(url, *groups("accept", "statuses"))

    assert 3 == document["exit_code"]
    assert 13 == len(having(document, "manners"))
    assert {"statuses"} == {check["group"] for check in having(document, "manners")}


def test_a_signer_that_reports_only_signs_what_it_should_refuse(signer: Signer) -> None:
    result = run(signer.url, *groups("accept"), "--slashing", FIRST)

    assert 1 == result.exit_code
    assert "slashing: 0xa99a76ed..: another attestation with the same target" in result.stdout


@pytest.mark.skipif(which("curl") is None, reason="curl is not installed")
def test_the_curl_line_shows_the_difference(signer: Signer, tmp_path: Path) -> None:
    with signer.fault(signature="infinity", type="BLOCK_V2"):
        result = run(signer.url, *types("BLOCK_V2"), "--save", tmp_path / "bodies")
        lines = [line.strip() for line in result.stdout.splitlines() if line.startswith("    curl")]
        answers = [subprocess.check_output(["sh", "-c", line], text=True) for line in lines]

    assert 5 == len(lines)
    assert all('{"signature":"0xc0000000' in answer for answer in answers)


def test_a_long_body_is_saved_for_its_curl_line(signer: Signer, tmp_path: Path) -> None:
    with signer.fault(status=418, type="BLOCK"):
        checks = report(signer.url, *types("BLOCK"), "--save", tmp_path)["checks"]

    refused = [check for check in checks if check["verdict"] != "right"]
    long = max(refused, key=lambda check: len(check["body"]))
    file = Path(shlex.split(long["curl"])[-1].removeprefix("@"))
    assert long["body"].encode() == file.read_bytes()
    assert 3 == len(refused)


def test_the_junit_report_has_a_case_for_each_check(signer: Signer, tmp_path: Path) -> None:
    file = tmp_path / "report.xml"

    with signer.fault(signature="infinity", type="RANDAO_REVEAL", times=1):
        result = run(signer.url, *groups("accept", "statuses"), "--junit", file)

    suites = ET.parse(file).getroot()
    assert 1 == result.exit_code
    assert ["accept", "statuses"] == [suite.get("name") for suite in suites]
    assert 22 == len(suites.findall("*/testcase"))
    assert ["wrong"] == [failure.get("type") for failure in suites.iter("failure")]


def test_what_a_target_says_is_bounded_and_escaped(signer: Signer, tmp_path: Path) -> None:
    file = tmp_path / "report.xml"
    hostile = "\x1b[2J\r\n]]>\x00\u202e" * 10_000
    answer = Answer(400, {}, hostile.encode())

    with mutant(signer.url, refusing(lambda _: True, answer)) as url:
        result = run(url, *groups("accept", "clients"), "--junit", file)

    assert 2 == result.exit_code
    assert "no right signature came" in result.stdout
    assert not {"\x1b", "\r", "\x00", "\u202e"} & {*result.stdout}
    assert 20_000 > len(result.stdout)
    assert 1 == len(ET.parse(file).findall("testsuite[@name='accept']"))


# a few checks of each kind of answer; the other groups only judge more signatures
OTHER_GROUPS = ("accept", "statuses", "status-routes", "reload", "batch")
HOSTILE = [
    b"[" * 100_000,
    b'{"signature":{"signature":[]},"data":[1],"status":{},"outcome":null}',
    rb'{"signature":"\ud800","data":[{"status":[]}],"status":"\u001b[2J","message":"\u001b[2J"}',
    b'[{"identifier":1},{"error":"x"}]',
    b"\xff\xfe\x00",
    b'{"data":[{"status":"deleted"}],"slashing_protection":"{\\"data\\":[{\\"pubkey\\":1}]}"}',
    b"",
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_any_answer_is_survived(signer: Signer, body: bytes) -> None:
    def after(asked: Asked, answer: Answer) -> Answer:
        if asked.path == "/api/v1/eth2/publicKeys":
            return answer
        return Answer(200, {"content-type": "application/json\x1b"}, body)

    with mutant(signer.url, after=after) as url:
        result = run(url, *groups(*OTHER_GROUPS), *ALL)

    assert 1 == result.exit_code
    assert "\x1b" not in result.stdout


def test_a_run_without_signatures_is_right(signer: Signer) -> None:
    assert 0 == run(signer.url, *groups("status-routes")).exit_code


def test_a_target_that_speaks_no_http_is_told() -> None:
    def answer(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"\x1b[2J hello\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        result = run(f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()

    assert (2, "") == (result.exit_code, result.stdout)
    assert "no whole answer: \\x1b[2J hello" in result.stderr


def test_a_target_that_is_down_is_told() -> None:
    url = f"http://127.0.0.1:{free_port()}"

    result = run(url)

    assert (2, "") == (result.exit_code, result.stdout)
    assert f"cannot reach the target at {url}: Connection refused" in result.stderr


def test_a_target_that_goes_away_is_told_with_what_was_found() -> None:
    with Signer(interop=1) as other:

        def before(asked: Asked) -> Asked:
            if asked.path.startswith("/healthcheck"):
                other.stop()
            return asked

        with mutant(other.url, before) as url:
            document = report(url, *groups("accept", "statuses", "status-routes"), "--timeout", 1)

    assert 3 == document["exit_code"]
    assert "no whole answer" in having(document, "manners")[0]["found"]


def test_a_target_that_hangs_is_given_up(signer: Signer) -> None:
    with signer.fault(hang=True, type="RANDAO_REVEAL"):
        document = report(signer.url, *groups("accept"), "--timeout", 0.05)

    assert "5 requests had no answer; the rest was not sent" == document["stopped"]
    assert [True] == [group["is_run"] for group in document["groups"]]
    assert 5 == len(document["checks"])
    assert "no answer within 0.05 seconds" == document["checks"][0]["found"]


def test_ctrl_c_prints_what_was_checked(signer: Signer) -> None:
    running: list[subprocess.Popen[str]] = []
    requests = count(1)

    def before(asked: Asked) -> Asked:
        if next(requests) == 30:
            running[0].send_signal(SIGINT)
        return asked

    with mutant(signer.url, before) as url:
        command = [sys.executable, "-m", "signer", "check", url]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=-1, text=True))
        output, errors = running[0].communicate(timeout=30)

    rows = {line.partition(" ")[0]: line.split()[1:] for line in output.splitlines()}
    assert (130, "") == (running[0].returncode, errors)
    assert "stopped: by Ctrl-C" == output.splitlines()[-1]
    assert ["6", "0", "0", "0"] == rows["public-keys"]
    assert ["not", "run"] == rows["batch"]
    assert "0" != rows["signatures"][0]


@pytest.mark.parametrize("status", [200, 404])
def test_a_server_of_another_kind_is_told(signer: Signer, status: int) -> None:
    def before(asked: Asked) -> Answer:
        if asked.method == "GET":
            return Answer(status, {}, b"# HELP up")
        return Answer(405, {}, b"")

    with mutant(signer.url, before) as url:
        result = run(url)

    assert (2, "") == (result.exit_code, result.stdout)
    assert "is this a signer?" in result.stderr
    assert f'publicKeys, found {status} "# HELP up"' in result.stderr
    assert "has none of our keys" not in result.stderr


def test_https_at_a_server_of_http_is_told(signer: Signer) -> None:
    result = run(signer.url.replace("http:", "https:"))

    assert 2 == result.exit_code
    assert "it may speak http" in result.stderr


@pytest.mark.parametrize("text", ["s3cret\nother\n", "s3cret other", "", "\n"])
def test_a_file_of_more_than_a_token_is_refused(signer: Signer, tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_text(text)

    result = run(signer.url, "--keymanager", "--keymanager-token-file", file)

    assert (2, "") == (result.exit_code, result.stdout)
    assert f"expected a token in {file}, on one line and without spaces" in result.stderr
    assert "s3cret" not in result.stderr


def test_a_target_without_our_keys_is_told_what_to_do() -> None:
    with Signer(mnemonic="devnet", count=2) as signer:
        result = run(signer.url)
        by_flags = run(signer.url, "--mnemonic", "devnet", "--count", 3, *groups("accept"))

    assert 2 == result.exit_code
    assert "has none of our keys, 0xa99a76ed.., 0xb89bebc6.., 0xa3a32b0f.. and 1" in result.stderr
    assert "it has 2: " in result.stderr
    assert "--mnemonic" in result.stderr
    assert 0 == by_flags.exit_code


def test_the_report_says_which_keys_are_known(signer: Signer) -> None:
    result = run(signer.url, "--interop", 1, *groups("accept"))

    assert "1 of its 4 keys are known: 0xa99a76ed..; not known, and not checked: " in result.stdout


def test_a_target_that_lists_no_keys_is_tried(signer: Signer) -> None:
    def before(asked: Asked) -> Asked | Answer:
        if asked.path == "/api/v1/eth2/publicKeys":
            return Answer(404, {}, b"")
        return asked

    with mutant(signer.url, before) as url:
        result = run(url, *groups("accept", "public-keys"))

    assert 0 == result.exit_code
    assert "it lists no keys; it knows 4 of those that were tried" in result.stdout
    assert "\n  public-keys: the list: 404 without a body\n" in result.stdout


@pytest.mark.slow
def test_a_target_with_mutual_tls_and_a_user_is_checked(tmp_path: Path) -> None:
    user = tmp_path / "user"
    user.write_text("# for the check\nme:secret-word\n")

    with Signer(interop=1, tls="mtls", auth="me:secret-word") as signer:
        files = signer.tls
        assert files
        flags = ["--tls-ca", files.ca, "--tls-client-cert", files.client]
        result = run(signer.url, *flags, "--auth-file", user, *groups("accept"))
        without_ca = run(signer.url, "--auth-file", user)
        without_certificate = run(signer.url, "--tls-ca", files.ca, "--auth-file", user)
        without_user = run(signer.url, *flags)

    assert 0 == result.exit_code
    assert [2, 2, 2] == [done.exit_code for done in (without_ca, without_certificate, without_user)]
    assert "--tls-ca FILE" in without_ca.stderr
    assert "--tls-client-cert FILE" in without_certificate.stderr
    assert "--auth-file FILE" in without_user.stderr


def test_a_curl_line_names_files_and_no_secret(signer: Signer, tmp_path: Path) -> None:
    user = tmp_path / "user"
    user.write_text("me:secret-word\n")

    with signer.fault(status=500, type="RANDAO_REVEAL", times=2):
        result = run(signer.url, *groups("accept"), "--auth-file", user)

    assert 3 == result.exit_code
    assert f'--user "$(grep -v ^# {user} | head -n 1)"' in result.stdout
    assert "secret-word" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["127.0.0.1:9000"], "expected URL such as http://127.0.0.1:9000"),
        (["http://me:word@host"], "give --auth-file FILE instead"),
        (["http://host:99999"], "expected URL such as"),
        (["http://host", "--slashing", "0x12"], "expected --slashing with the public key"),
        (["http://host", "--keymanager-token-file", __file__], "expected --keymanager with"),
        (["http://host", "--tls-client-key", __file__], "expected --tls-client-cert"),
        (["http://host", "--group", "acept"], "did you mean accept"),
        (["http://host", "--type", "ATESTATION"], "did you mean ATTESTATION"),
    ],
)
def test_a_wrong_flag_is_told(arguments: list[str], told: str) -> None:
    result = run(*arguments)

    assert (2, "") == (result.exit_code, result.stdout)
    assert told in result.stderr
    assert "word" not in result.stderr


def test_the_names_of_groups_in_the_help_are_those_of_the_groups() -> None:
    assert [*GROUP_NAMES] == [group.name for group in GROUPS if not group.asked_by]


PAGE = Path(__file__).parent.parent.parent / "docs" / "check.md"


def test_the_page_has_the_table_of_groups() -> None:
    text = PAGE.read_text("utf-8")
    rows = [f"| {group.name} | {group.about} |" for group in GROUPS]

    assert [] == [row for row in rows if row not in text]
