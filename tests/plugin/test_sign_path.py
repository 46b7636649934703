"""A plugin's type takes the path of built-in ones: records, faults, metrics, slashing."""

from pathlib import Path
from typing import Any

import pytest

from load import FORK_INFO
from signer import Signer
from signer.errors import ConfigError, SignerError
from support.asking import WHERE, ask
from support.known_keys import INTEROP
from support.plugins import EXAMPLES, PREREGISTRATION, VOTE, registration_request, write_plugin
from support.randao import RANDAO
from support.served import Answer, free_port, request, serving_here

VOTE_REQUEST = {"type": "VOTE", "fork_info": FORK_INFO, "ballot": {"slot": "7"}}
# blocks of a researcher, under the proposer's domain
SLASHABLE = """\
class Draft(Container):
    slot: uint64
    body_root: Bytes32

class DraftRequest(ForkRequest):
    TYPE = "DRAFT"
    DOMAIN_TYPE = bytes.fromhex("00000000")
    MESSAGE = attrgetter("draft")
    draft: Draft

def register(plugin: Plugin) -> None:
    plugin.add_signing_type(DraftRequest)
"""


def draft(root: int) -> dict[str, Any]:
    message = {"slot": "7", "body_root": f"0x{root:064x}"}
    return {"type": "DRAFT", "fork_info": FORK_INFO, "draft": message}


def sign(signer: Signer, request: Any) -> Answer:
    return ask(signer, "POST", f"/api/v1/eth2/sign/{INTEROP[0]}", request)


@WHERE
def test_it_is_recorded_and_selected_by_its_name(where: Any) -> None:
    with Signer(interop=1, plugins=[PREREGISTRATION], **where) as signer:
        answer = sign(signer, registration_request())
        [record] = signer.wait_for(1, type="VALIDATOR_PREREGISTRATION")

        assert answer.body.decode() == record.signature
        signer.assert_signed(1, type="validator_preregistration")
        with pytest.raises(AssertionError, match="expected 2 signed"):
            signer.assert_signed(2, type="VALIDATOR_PREREGISTRATION")


def test_a_name_that_nearly_is_a_plugins_is_refused_in_a_filter() -> None:
    with (
        Signer(interop=1, plugins=[PREREGISTRATION]) as signer,
        pytest.raises(SignerError, match=r"did you mean VALIDATOR_PREREGISTRATION\?"),
    ):
        signer.count(type="VALIDATOR_PREREGISTRATON")


@WHERE
def test_a_fault_applies_to_it(where: Any) -> None:
    with Signer(interop=1, plugins=[PREREGISTRATION], **where) as signer:
        signer.fault(type="VALIDATOR_PREREGISTRATION", status=503, times=1)

        answers = [sign(signer, registration_request()).status for _ in range(2)]

    assert [503, 200] == answers


def test_the_signer_starts_with_a_fault_of_it() -> None:
    fault = {"type": "VALIDATOR_PREREGISTRATION", "status": 503}

    with Signer(interop=1, plugins=[PREREGISTRATION], fault=fault) as signer:
        assert 503 == sign(signer, registration_request()).status


def test_a_fault_of_a_mistyped_plugin_type_ends_the_start() -> None:
    fault = {"type": "VALIDATOR_PREREGISTRATON", "status": 503}

    with pytest.raises(ConfigError, match=r"--fault: .* mean VALIDATOR_PREREGISTRATION\?"):
        Signer(interop=1, plugins=[PREREGISTRATION], fault=fault)


def test_it_is_counted_in_the_metrics() -> None:
    port = free_port()
    flags = ["--interop", "1", "--metrics-port", str(port), f"--plugin={PREREGISTRATION}"]
    with serving_here(*flags) as signer:
        signer.sign(INTEROP[0], registration_request())
        metrics = request(f"http://127.0.0.1:{port}", "GET", "/metrics").body.decode()

    counted = 'signer_sign_requests_total{status="200",type="VALIDATOR_PREREGISTRATION"} 1.0'
    assert counted in metrics


def test_a_slashable_domain_is_protected(tmp_path: Path) -> None:
    plugin = write_plugin(tmp_path, SLASHABLE)
    with Signer(interop=1, plugins=[plugin], slashing="enforce") as signer:
        statuses = [sign(signer, draft(root)).status for root in (1, 1, 2)]
        [pair] = signer.slashable()

    assert [200, 200, 412] == statuses
    assert "double_block_proposal" == pair.rule


def test_types_of_one_signer_are_unknown_to_another(tmp_path: Path) -> None:
    plugin = write_plugin(tmp_path, VOTE)
    with Signer(interop=1, plugins=[plugin]) as with_it, Signer(interop=1) as without:
        assert [200, 400] == [sign(signer, VOTE_REQUEST).status for signer in (with_it, without)]


def test_an_unknown_type_is_told_the_nearest_of_a_plugin() -> None:
    with Signer(interop=1, plugins=EXAMPLES) as signer:
        answer = sign(signer, {"type": "EXECUTION_PROOF_ENVELOP"})

    assert answer.json["message"].endswith("; did you mean EXECUTION_PROOF_ENVELOPE?")


def test_a_function_that_fails_after_signing_keeps_the_signature_back(tmp_path: Path) -> None:
    code = """
    def fail(signed):
        raise KeyError("a slip")

    def register(plugin: Plugin) -> None:
        plugin.after_signing(fail)
    """
    plugin = write_plugin(tmp_path, code)
    with Signer(interop=1, plugins=[plugin]) as signer:
        answer = sign(signer, RANDAO)
        [record] = signer.requests

    assert 500 == answer.status
    assert f"plugin {plugin} failed: see the log of the signer" == answer.json["message"]
    assert (500, None) == (record.status, record.signature)
