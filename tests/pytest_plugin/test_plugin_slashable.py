"""The pytest plugin, where tests of a project ask for what is slashable."""

import json

import pytest

from support.equivocations import ATTESTATION, changed
from support.projects import Project, outcomes, run, sections
from support.slashable import KEY, block

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow  # each runs pytest

LATE, EARLY = changed(ATTESTATION), changed(ATTESTATION, payload_present=True)
SIGN = f"""
def sign(signer, *bodies):
    for body in bodies: urlopen(signer.url + "/api/v1/eth2/sign/{KEY}", body).close()
LATE, EARLY = {json.dumps(LATE).encode()!r}, {json.dumps(EARLY).encode()!r}
FIRST, SECOND = {json.dumps(block(7)).encode()!r}, {json.dumps(block(7, 1)).encode()!r}
"""
PAIR = f"double_block_proposal by {KEY[:10]}..: slot 7, "
ASSERTING = ["-o", "signer_assert_not_slashable=true", "-W", "error"]


@pytest.mark.parametrize("used", ["signer", "make_signer()", "signer_session"])
def test_a_project_fails_tests_that_ask_for_what_is_slashable(pytester: Project, used: str) -> None:
    tests = f"{SIGN}\ndef test_it({used.removesuffix('()')}): sign({used}, FIRST, SECOND)"

    result = run(pytester, tests, *ASSERTING)

    assert {"passed": 1, "errors": 1} == result.parseoutcomes()
    result.stdout.fnmatch_lines(["*expected nothing slashable*, found 1:", f"*{PAIR}*"])


@pytest.mark.parametrize(
    ("steps", "flags"),
    [
        ("sign(signer, FIRST, SECOND)", []),
        ("sign(signer, FIRST, FIRST)", ASSERTING),
        ("sign(signer, FIRST, SECOND); signer.reset()", ASSERTING),
        ("signer.stop()", ASSERTING),
        ("make_signer(process=True).stop()", ASSERTING),
    ],
)
def test_a_project_passes_other_tests(pytester: Project, steps: str, flags: list[str]) -> None:
    tests = f"{SIGN}\ndef test_it(signer, make_signer): {steps}"

    assert {"passed": 1} == outcomes(pytester, tests, *flags)


def test_a_project_fails_tests_that_ask_for_an_equivocation(pytester: Project) -> None:
    result = run(pytester, f"{SIGN}\ndef test_it(signer): sign(signer, LATE, EARLY)", *ASSERTING)

    assert {"passed": 1, "errors": 1} == result.parseoutcomes()
    told = "*expected nothing slashable and no equivocation, found 1:"
    result.stdout.fnmatch_lines([told, "*double_payload_attestation_message by *"])


def test_a_failure_shows_equivocations(pytester: Project) -> None:
    tests = f"{SIGN}\ndef test_it(signer): sign(signer, LATE, EARLY); assert False"

    told = sections(pytester, tests)[0][2]

    assert told.startswith("equivocation: double_payload_attestation_message by 0x")


def test_a_failure_shows_slashable_pairs(pytester: Project) -> None:
    tests = f"{SIGN}\ndef test_it(signer): sign(signer, FIRST, SECOND); assert False"

    assert sections(pytester, tests)[0][2].startswith(f"slashable: {PAIR}")
