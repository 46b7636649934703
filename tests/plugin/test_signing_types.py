"""Signing types that cannot be added: the start ends, and the message says what is missing."""

from pathlib import Path
from typing import Any

import pytest

from signer.plugin.checks import check_signing_type
from signer.signing.registry import BUILT_IN
from support.plugins import EXECUTION_PROOF, VOTE, write_plugin
from support.served import refused


def failure(*plugins: Path) -> str:
    return refused("--no-metrics", "--port", "0", *(f"--plugin={plugin}" for plugin in plugins))


@pytest.mark.parametrize(
    ("line", "instead", "expected"),
    [
        ('TYPE = "VOTE"', "pass", "expected a TYPE in capitals, such as ATTESTATION, found none"),
        ('TYPE = "VOTE"', 'TYPE = "vote"', "expected a TYPE in capitals, such as ATTESTATION"),
        ('TYPE = "VOTE"', "TYPE = 7", "found 7"),
        ('TYPE = "VOTE"', 'TYPE = "VOTE"; OLD_TYPES = "BALLOT"', "OLD_TYPES to be a tuple"),
        ('DOMAIN_TYPE = bytes.fromhex("77000000")', "pass", "a DOMAIN_TYPE of 4 bytes, found none"),
        ('bytes.fromhex("77000000")', 'bytes.fromhex("77")', "DOMAIN_TYPE of 4 bytes, found 1"),
        ('bytes.fromhex("77000000")', '"77000000"', "DOMAIN_TYPE of 4 bytes, found '77000000'"),
        ('MESSAGE = attrgetter("ballot")', "pass", 'a MESSAGE such as attrgetter("attestation")'),
        ('attrgetter("ballot")', "lambda request: request.ballot", "expected a MESSAGE such as"),
        ('attrgetter("ballot")', 'attrgetter("balot")', "not have; did you mean ballot?"),
        ("slot: uint64", "epoch: uint64", "expected a SLOT or an EPOCH, which decide the fork"),
        ("slot: uint64", "slot: int", "expected slot of Ballot to have an SSZ type, found int"),
        ("slot: uint64", "x: List[int, 3]", "expected x of Ballot to have an SSZ type, found int"),
        ("slot: uint64", "pass", "expected Ballot to have a field, found none"),
        ("(Container)", "(Struct)", "expected a Container as its message, found Ballot"),
        ("(ForkRequest)", "(SignRequest)", "a subclass of ForkRequest or GenesisRequest, or a"),
        ("(ForkRequest)", "(Struct)", "expected a subclass of SignRequest, such as ForkRequest"),
        ("(ForkRequest)", "", "expected a subclass of SignRequest, such as ForkRequest"),
        ("(Vote)", "(Vote.TYPE)", "such as ForkRequest or GenesisRequest, found 'VOTE'"),
        ('"77000000"', '"01000000"', "expected source and target in the message, or a"),
        (
            "ballot: Ballot\n",
            "ballot: Ballot\n    SLOT = 7\n",
            "expected SLOT such as attrgetter(",
        ),
        ("ballot: Ballot\n", "ballot: Ballot\n    other: complex | str | Ballot\n", "TypeError: "),
    ],
)
def test_a_class_that_cannot_be_signed_is_refused(
    tmp_path: Path, line: str, instead: str, expected: str
) -> None:
    assert line in VOTE
    plugin = write_plugin(tmp_path, VOTE.replace(line, instead))

    message = failure(plugin)

    assert expected in message
    assert f"{plugin}, line " in message


@pytest.mark.parametrize("signing_type", [kind for kind in BUILT_IN if kind.TYPE != "GENERIC"])
def test_every_type_of_the_signer_could_be_a_plugins(signing_type: Any) -> None:
    check_signing_type(signing_type)


def test_everything_that_is_missing_is_told_at_once(tmp_path: Path) -> None:
    code = "class Vote(ForkRequest):\n    pass\ndef register(p):\n    p.add_signing_type(Vote)\n"
    plugin = write_plugin(tmp_path, code)

    message = failure(plugin)

    assert f"{plugin}, line 8: cannot sign Vote: expected a TYPE in capitals" in message
    assert "; expected a DOMAIN_TYPE of 4 bytes, found none; expected a MESSAGE" in message


@pytest.mark.parametrize("name", ["ATTESTATION", "PAYLOAD_ATTESTATION", "GENERIC"])
@pytest.mark.parametrize("declared", ['TYPE = "{}"', 'TYPE = "VOTE"; OLD_TYPES = ("{}",)'])
def test_a_name_that_the_signer_has_is_refused(tmp_path: Path, name: str, declared: str) -> None:
    plugin = write_plugin(tmp_path, VOTE.replace('TYPE = "VOTE"', declared.format(name)))

    message = failure(plugin)

    expected = f"the signing type {name} of plugin {plugin}: py3signer has it already"
    assert f"{plugin}, line 15: cannot add {expected}" in message


def test_a_name_that_another_plugin_has_is_refused_with_both(tmp_path: Path) -> None:
    code = VOTE.replace('"VOTE"', '"EXECUTION_PROOF_ENVELOPE"')
    plugin = write_plugin(tmp_path, code)

    expected = f"EXECUTION_PROOF_ENVELOPE of plugin {plugin}: plugin {EXECUTION_PROOF} has it"
    assert expected in failure(EXECUTION_PROOF, plugin)


def test_a_plugin_cannot_add_once_the_signer_serves(tmp_path: Path) -> None:
    code = f"{VOTE}    kept.append(plugin)\nkept = []\n"
    first = write_plugin(tmp_path, code, "kept_for_later.py")
    second = write_plugin(
        tmp_path,
        "import sys\ndef register(plugin):\n"
        "    [first] = [m for n, m in sys.modules.items() if n.startswith('kept_for_later_')]\n"
        "    first.kept[0].add_signing_type(first.Vote)\n",
        "second.py",
    )

    assert f"expected plugin {first} to add within register" in failure(first, second)
