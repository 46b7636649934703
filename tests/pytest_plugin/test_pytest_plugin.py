"""The pytest plugin, in projects of its users: strict, and with every warning an error."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from signer import Signer
from support.projects import ASK, Project, outcomes, run, sections
from support.served import serving
from support.vectors import vectors

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow  # each runs pytest
INTEROP = [key["pubkey"] for key in vectors("interop_keys/keys.json")]


@pytest.fixture
def project(pytester: Project) -> Project:
    pytester.makeini("[pytest]\nstrict = true\nfilterwarnings = error")
    return pytester


@pytest.fixture(scope="module")
def other_url() -> Iterator[str]:
    """The url of a signer that serves what Web3Signer does, and no /_signer."""
    with serving("--interop", "2", "--no-metrics") as served:
        yield served.url


def test_each_test_has_a_fresh_signer_with_four_keys(project: Project) -> None:
    tests = f"""
    @pytest.mark.parametrize("round", range(3))
    def test_it(signer, round):
        assert (200, 1) == (ask(signer), signer.count())
        assert {INTEROP[:4]} == signer.pubkeys
    """
    assert {"passed": 3} == outcomes(project, tests)


@pytest.mark.slow
def test_what_a_test_started_is_stopped_after_it(project: Project) -> None:
    tests = """
    signers = []
    def test_starts(signer, make_signer):
        signers.extend([signer, make_signer(), make_signer(process=True)])
        assert [200] * 3 == [ask(signer) for signer in signers]
    @pytest.mark.parametrize("number", range(3))
    def test_finds_none(number):
        with pytest.raises(OSError, match="refused"): ask(signers[number])
    """
    assert {"passed": 4} == outcomes(project, tests)


def test_the_session_shares_a_signer_that_tests_reset(project: Project) -> None:
    tests = """
    def test_asks(signer_session): ask(signer_session)
    def test_asks_again(signer_session):
        assert (200, 2) == (ask(signer_session), signer_session.count())
        signer_session.reset()
        assert 0 == signer_session.count()
    """
    assert {"passed": 2} == outcomes(project, tests)


@pytest.mark.parametrize("arguments", ["7", "interrop=7", "interop=-1"])
def test_a_mistaken_marker_is_an_error(project: Project, arguments: str) -> None:
    tests = f"@pytest.mark.signer({arguments})\ndef test_it(signer): pass"
    assert {"errors": 1} == outcomes(project, tests)


@pytest.mark.parametrize("file", ["pytest.ini", "pytest.toml"])
def test_the_ini_says_how_many_keys(pytester: Project, file: str) -> None:
    (pytester.path / file).write_text("[pytest]\nstrict = true\nsigner_interop = 9")
    tests = "def test_it(signer): assert 9 == len(signer.pubkeys)"
    assert {"passed": 1} == outcomes(pytester, tests)


def test_markers_are_merged_and_the_closest_wins(project: Project) -> None:
    tests = """
    pytestmark = pytest.mark.signer(interop=3, idle_timeout=5.0)

    def arguments(signer):
        return len(signer.pubkeys), signer._config.idle_timeout, signer._config.slashing

    def test_of_the_module(signer):
        assert (3, 5.0, "report") == arguments(signer)

    @pytest.mark.signer(slashing="enforce")
    def test_of_its_own(signer):
        assert (3, 5.0, "enforce") == arguments(signer)

    @pytest.mark.signer(interop=2, slashing="off")
    class TestClass:
        def test_of_the_class(self, signer):
            assert (2, 5.0, "off") == arguments(signer)

        @pytest.mark.signer(interop=1)
        def test_of_all(self, signer):
            assert (1, 5.0, "off") == arguments(signer)
    """
    assert {"passed": 4} == outcomes(project, tests)


def test_a_marker_and_a_factory_change_the_options_of_a_project(project: Project) -> None:
    tests = """
    @pytest.fixture(scope="session")
    def signer_options():
        return {"mnemonic": "devnet", "count": 2, "network": "sepolia"}
    @pytest.mark.signer(count=5)
    def test_it(signer, make_signer, signer_session):
        signers = [signer, make_signer(count=3), make_signer(), signer_session]
        assert [5, 3, 2, 2] == [len(signer.pubkeys) for signer in signers]
    """
    assert {"passed": 1} == outcomes(project, tests)


@pytest.mark.parametrize("fixture", ["signer", "make_signer", "signer_session"])
def test_a_failure_shows_what_a_signer_was_asked(project: Project, fixture: str) -> None:
    used = "make_signer()" if fixture == "make_signer" else fixture
    [[line]] = sections(project, f"def test_it({fixture}): ask({used}); assert False")
    assert ["#1", "GET", "/upcheck", "200"] == line.split()[:4]


def test_a_failure_shows_the_last_twenty_of_every_signer(project: Project) -> None:
    tests = """
    def test_it(make_signer):
        for signer, times in [(make_signer(), 25), (make_signer(), 2)]:
            for _ in range(times): ask(signer)
        assert False
    """
    first, second = sections(project, tests)
    assert [f"#{number}" for number in range(6, 26)] == [line.split()[0] for line in first]
    assert ["#1", "#2"] == [line.split()[0] for line in second]


def test_a_failure_shows_that_the_process_of_a_signer_died(project: Project) -> None:
    tests = """
    def test_it(make_signer):
        process = make_signer(process=True)._serving
        process.kill()
        process.wait()
        assert False
    """
    [lines] = sections(project, tests)
    assert "it ended with exit code -9" in lines[0]


def test_a_failure_shows_faults_that_never_fired(project: Project) -> None:
    tests = """
    def test_it(signer):
        signer.fault(delay=0.001, path="/upcheck")
        signer.fault(status=412, type="ATTESTATION")
        assert 500 == ask(signer)
    """
    [[request, fault]] = sections(project, tests)
    assert "fault 1" in request
    assert "never applied: {'id': 2, 'hits': 0, 'type': 'ATTESTATION', 'status': 412}" == fault


@pytest.mark.parametrize("steps", ["assert False; yield", "yield; assert False"])
def test_a_failure_of_a_users_fixture_shows_it_too(project: Project, steps: str) -> None:
    tests = f"""
    @pytest.fixture
    def client(signer): ask(signer); {steps}
    def test_it(client): pass
    """
    [[line]] = sections(project, tests)
    assert "GET /upcheck" in line


@pytest.mark.slow
def test_a_signer_whose_process_has_ended_is_no_hindrance(project: Project) -> None:
    tests = "def test_it(make_signer): make_signer(process=True).stop(); assert False"
    assert [[]] == sections(project, tests)


def test_what_did_not_fail_or_used_no_signer_shows_none(project: Project) -> None:
    tests = """
    def test_passes(signer, signer_session): ask(signer)
    def test_fails(): assert False
    @pytest.mark.xfail(raises=AssertionError)
    def test_is_expected_to_fail(signer): assert False
    """
    assert [] == sections(project, tests)


@pytest.mark.parametrize("name", ["signer", "signer_session"])
def test_another_signer_may_be_used(project: Project, other_url: str, name: str) -> None:
    expected, found = (other_url, INTEROP[:2], 200), f"({name}.url, {name}.pubkeys, ask({name}))"
    tests = f"def test_it({name}): assert {expected} == {found}"
    assert {"passed": 1} == outcomes(project, tests, f"--signer-url={other_url}/")


def test_what_another_signer_cannot_do_skips(project: Project, other_url: str) -> None:
    tests = """
    @pytest.mark.parametrize("what", [
        "requests", "faults", "count()", "wait_for(1)", "assert_signed()", "fault(status=500)",
        "add_keys(interop=8)", "remove_keys('0x00')", "reset()", "stop()", "start()"])
    def test_it(signer, what): eval(f"signer.{what}")
    @pytest.mark.signer(interop=8)
    def test_marked(signer): pass
    def test_makes(make_signer): make_signer()
    """
    result = run(project, tests, "--signer-url", other_url)
    assert {"skipped": 13} == result.parseoutcomes()
    for reason in ("*/_signer/reset", "to stop a signer", "to make a signer"):
        result.stdout.fnmatch_lines(f"SKIPPED*: expected {reason}, found *")


def test_another_signer_with_control_is_fresh_for_each_test(project: Project) -> None:
    tests = """
    @pytest.mark.parametrize("round", range(2))
    def test_asks(signer, round):
        signer.fault(status=503, path="/healthcheck")
        ask(signer)
        assert (1, 1, 4) == (signer.count(), len(signer.faults), len(signer.pubkeys))
    def test_stops(signer): signer.stop()
    """
    with Signer(interop=4) as other:
        assert {"passed": 2, "skipped": 1} == outcomes(project, tests, "--signer-url", other.url)


def test_another_signer_may_require_a_token(project: Project, tmp_path: Path) -> None:
    tests = "def test_it(signer): assert 2 == len(signer.pubkeys)"
    token, wrong = tmp_path / "token", tmp_path / "wrong"
    wrong.write_text("another")
    with Signer(interop=2, control_token_file=token) as other:
        flags = ["--signer-url", other.url]
        assert {"passed": 1} == outcomes(project, tests, *flags, f"--signer-token-file={token}")
        for more in ([], [f"--signer-token-file={wrong}"], ["--signer-token-file=nowhere"]):
            result = run(project, tests, *flags, *more)
            assert {"errors": 1} == result.parseoutcomes()
            result.stdout.fnmatch_lines("*--signer-token-file*")


def test_a_failure_shows_what_another_signer_tells(project: Project, other_url: str) -> None:
    tests = "def test_it(signer): ask(signer); assert False"
    with Signer() as other:
        assert [1] == [len(lines) for lines in sections(project, tests, "--signer-url", other.url)]
    assert [[]] == sections(project, tests, "--signer-url", other_url)


def test_no_signer_at_the_url_is_an_error_and_no_skip(project: Project) -> None:
    tests = "def test_it(signer): signer.reset()"
    with Signer(start=False) as none:
        assert {"errors": 1} == outcomes(project, tests, "--signer-url", none.url)


def test_a_projects_own_fixture_of_that_name_wins(project: Project) -> None:
    project.makeconftest("import pytest\n@pytest.fixture\ndef signer(): return 'an account'")
    assert {"passed": 1} == outcomes(project, "def test_it(signer): assert 'an account' == signer")


def test_the_plugin_can_be_turned_off(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    monkeypatch.delenv("PYTEST_ADDOPTS")
    result = run(project, "def test_it(signer): pass", "-p", "no:signer")
    result.stdout.fnmatch_lines("*fixture 'signer' not found")


@pytest.mark.slow
def test_each_worker_of_xdist_has_its_own(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    monkeypatch.delenv("PYTEST_ADDOPTS")
    tests = """
    @pytest.mark.parametrize("round", range(8))
    def test_it(signer, signer_session, worker_id, pytestconfig, round):
        (pytestconfig.rootpath / worker_id).write_text(signer_session.url)
        assert (200, 1) == (ask(signer), signer.count())
        assert round and 200 == ask(signer_session)
    """
    project.makepyfile(ASK + dedent(tests))
    result = project.runpytest_subprocess("-n", "2")
    assert {"passed": 7, "failed": 1} == result.parseoutcomes()
    assert 2 == len({path.read_text() for path in project.path.glob("gw*")})
    result.stdout.fnmatch_lines(["*- signer -*", "http://127.0.0.1:*", "#1 GET /upcheck *"])


def test_the_start_of_pytest_pays_for_no_server() -> None:
    loaded = "import pytest, pytest_py3signer, sys; print(*sys.modules)"
    output = subprocess.check_output([sys.executable, "-c", loaded], text=True).split()
    heavy = {"granian", "litestar", "msgspec", "signer.testing", "urllib.request", "uvloop"}
    assert set() == heavy & set(output)


def test_a_foreign_signer_is_not_asked_what_was_slashable(project: Project, other_url: str) -> None:
    project.makeini("[pytest]\nsigner_assert_not_slashable = true")
    tests = "def test_it(signer): assert 200 == ask(signer)"

    assert {"passed": 1} == outcomes(project, tests, "--signer-url", other_url)


OWN_SIGNER = {
    "module": ("signer.py", "def sign(): return 'theirs'"),
    "package": ("signer/__init__.py", "def sign(): return 'theirs'"),
}


def write_own_signer(folder: Path, own: str) -> Path:
    """The path of a `signer` that is not ours."""
    name, text = OWN_SIGNER[own]
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def pytest_of(folder: Path) -> subprocess.CompletedProcess[str]:
    """A run of pytest in a folder whose files come first on the path."""
    command = [sys.executable, "-W", "error", "-m", "pytest", "-p", "no:cacheprovider"]
    others = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        command,
        cwd=folder,
        env=others,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("own", OWN_SIGNER)
def test_a_project_may_have_its_own_signer(tmp_path: Path, own: str) -> None:
    write_own_signer(tmp_path, own)
    test = "import signer\ndef test_theirs(): assert 'theirs' == signer.sign()"
    (tmp_path / "test_theirs.py").write_text(test)

    done = pytest_of(tmp_path)

    assert 0 == done.returncode, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("own", OWN_SIGNER)
def test_a_fixture_says_that_it_found_another_signer(tmp_path: Path, own: str) -> None:
    path = write_own_signer(tmp_path, own)
    (tmp_path / "test_ours.py").write_text("def test_it(signer): pass")

    done = pytest_of(tmp_path)

    assert f"expected the package signer of py3signer, found {path}" in done.stdout


def test_a_number_of_keys_that_is_none_is_refused(project: Project) -> None:
    project.makeini("[pytest]\nsigner_interop = many")

    result = run(project, "def test_it(signer): pass")

    result.stdout.fnmatch_lines(["*signer_interop*'many'*"])
