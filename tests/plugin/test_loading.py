"""A plugin that cannot be loaded ends the start: the message says which line, and why."""

from pathlib import Path
from typing import Any

import pytest

from signer import Signer
from signer.errors import ConfigError
from support.asking import WHERE, ask
from support.plugins import VOTE, write_plugin
from support.served import ended_here, refused, serving_here


def failure(plugin: str | Path) -> str:
    return refused("--no-metrics", "--port", "0", f"--plugin={plugin}")


@pytest.mark.parametrize(
    ("code", "line", "reason"),
    [
        ("x = 1\nx + y\n", 6, "NameError: name 'y' is not defined"),
        ("x = = 1\n", 5, "SyntaxError: invalid syntax"),
        ("import no_such_library\n", 5, "ModuleNotFoundError: No module named 'no_such_library'"),
        ("import json\njson.loads('{')\n", 6, "JSONDecodeError: Expecting property name"),
        ("raise SystemExit(3)\n", 5, "SystemExit: 3"),
        ("def register(plugin):\n    plugin.add_type(1)\n", 6, "no attribute 'add_type'"),
        ("def register():\n    pass\n", 0, "TypeError: register() takes 0 positional arguments"),
    ],
)
def test_the_line_that_fails_is_told(tmp_path: Path, code: str, line: int, reason: str) -> None:
    plugin = write_plugin(tmp_path, code)

    message = failure(plugin)

    place = f"{plugin}, line {line}: " if line else f"{plugin}: "
    assert f"cannot load plugin {plugin}: {place}" in message
    assert reason in message


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x = 1\n", "expected a function register(plugin: Plugin) in {}, found none"),
        ("def regsiter(plugin): ...\n", "found none; did you mean regsiter?"),
        ("register = 7\n", "found int that is no such function"),
        ("async def register(plugin): ...\n", "found function that is no such function"),
        ("def register(plugin): ...\n", "plugin {} adds nothing: call add_signing_type"),
    ],
)
def test_a_plugin_that_adds_nothing_is_told(tmp_path: Path, code: str, expected: str) -> None:
    plugin = write_plugin(tmp_path, code)

    assert expected.format(plugin) in failure(plugin)


def test_a_missing_file_is_told_the_nearest(tmp_path: Path) -> None:
    write_plugin(tmp_path, VOTE, "execution_proof.py")
    path = tmp_path / "exection_proof.py"

    expected = f"expected a file, found none at {path}: see --plugin; did you mean "
    assert f"{expected}execution_proof.py?" in failure(path)


def test_a_file_that_is_no_python_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plugin.toml"

    assert f"expected --plugin to be a module or a .py file, found {path}" in failure(path)


def test_a_missing_module_is_told_the_nearest_installed() -> None:
    expected = "expected --plugin to be a module or a .py file, found no module msgspecc"

    assert f"{expected}; did you mean msgspec?" in failure("msgspecc")


def test_a_missing_module_is_told_the_nearest_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_plugin(tmp_path, VOTE, "my_own_votes.py")
    monkeypatch.chdir(tmp_path)

    assert "found no module my_own_votes; did you mean my_own_votes.py?" in failure("my_own_votes")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that can be imported by this process; its name is of this test alone."""
    folder = tmp_path / f"votes_{abs(hash(tmp_path))}"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_a_missing_module_of_a_package_is_told_the_nearest(package: Path) -> None:
    write_plugin(package, VOTE, "ballots.py")

    message = failure(f"{package.name}.balots")

    assert f"found no module balots in {package.name}; did you mean ballots?" in message


def test_a_helper_that_fails_is_told_with_its_own_line(package: Path) -> None:
    write_plugin(package, "1 / 0\n", "helper.py")
    write_plugin(package, "from . import helper\n", "ballots.py")

    place = f"{package / 'helper.py'}, line 5: ZeroDivisionError"
    assert place in failure(f"{package.name}.ballots")


@WHERE
def test_a_module_that_the_test_can_import_is_a_plugin(package: Path, where: Any) -> None:
    write_plugin(package, VOTE, "ballots.py")

    with Signer(interop=1, plugins=[f"{package.name}.ballots"], **where) as signer:
        answer = ask(signer, "POST", f"/api/v1/eth2/sign/{signer.pubkeys[0]}", {"type": "VOTE"})

    assert "fork_info: expected this member, found none" == answer.json["message"]


def test_a_plugin_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    plugin = write_plugin(tmp_path, VOTE)

    expected = f"expected --plugin {plugin} once"
    assert expected in refused("--port", "0", f"--plugin={plugin}", f"--plugin={plugin}")


def test_a_file_that_changed_is_run_again(tmp_path: Path) -> None:
    plugin = write_plugin(tmp_path, "x = y\n")
    with pytest.raises(ConfigError, match="NameError"):
        Signer(plugins=[plugin])

    write_plugin(tmp_path, VOTE)

    with Signer(interop=1, plugins=plugin) as signer:
        assert 200 == ask(signer, "GET", "/upcheck").status


def test_a_signer_that_does_not_start_because_of_a_plugin_keeps_the_cause(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refusal:
        Signer(plugins=[write_plugin(tmp_path, "{}['key']\n")])

    assert isinstance(refusal.value.__cause__, KeyError)


@pytest.mark.slow
def test_a_process_that_does_not_start_tells_the_line(tmp_path: Path) -> None:
    plugin = write_plugin(tmp_path, "1 / 0\n")

    with pytest.raises(ConfigError, match=rf"{plugin}, line 5: ZeroDivisionError"):
        Signer(plugins=[plugin], process=True)


# As every other flag


def test_the_variable_has_several(tmp_path: Path) -> None:
    first = write_plugin(tmp_path, VOTE, "first.py")
    second = write_plugin(tmp_path, "1 / 0\n", "second.py")

    done = ended_here("serve", "--port", "0", SIGNER_PLUGIN=f"{first}:{second}")

    assert 2 == done.exit_code
    assert f"cannot load plugin {second}: {second}, line 5: ZeroDivisionError" in done.stderr


def test_a_missing_file_is_told_with_the_name_of_the_variable() -> None:
    done = ended_here("serve", SIGNER_PLUGIN="nowhere.py")

    assert 2 == done.exit_code
    assert "found none at nowhere.py: see SIGNER_PLUGIN" in done.stderr


def test_the_command_of_web3signer_takes_the_variable(tmp_path: Path) -> None:
    plugin = write_plugin(tmp_path, "1 / 0\n")

    done = ended_here("web3signer", "--http-listen-port=0", SIGNER_PLUGIN=str(plugin))

    assert 2 == done.exit_code
    assert f"{plugin}, line 5: ZeroDivisionError" in done.stderr


@pytest.mark.parametrize("text", ["plugin: {}", "plugin: [{}]"])
def test_the_file_of_flags_may_have_them(tmp_path: Path, text: str) -> None:
    config = tmp_path / "signer.yaml"
    config.write_text(text.format(write_plugin(tmp_path, VOTE)))

    with serving_here("--interop", "1", "--config", config) as signer:
        answer = signer.sign("0x" + "11" * 48, {"type": "VOTE"})

    assert "fork_info: expected this member, found none" == answer.json["message"]


def test_a_missing_file_is_told_with_the_name_of_the_file_of_flags(tmp_path: Path) -> None:
    config = tmp_path / "signer.toml"
    config.write_text('plugin = ["nowhere.py"]\n')

    message = refused("--config", config)

    assert f"found none at nowhere.py: see plugin in {config}" in message


@pytest.mark.parametrize("plugins", ["", [""], [7], None, {"a": "b"}])
def test_a_value_that_is_no_plugin_is_refused(plugins: Any) -> None:
    with pytest.raises(ConfigError, match=r"expected plugin to be a module or a \.py file, or a"):
        Signer(plugins=plugins)


def test_both_names_of_the_argument_are_refused() -> None:
    with pytest.raises(ConfigError, match="expected plugins or plugin, which are the same"):
        Signer(plugins=["a.py"], plugin=["a.py"])
