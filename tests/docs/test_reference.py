"""The generated reference is complete, and the file with every flag can be used."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

import reference
import reference_http
import signer
from signer import cli, errors, plugin
from signer.config.settings import Config
from signer.signing.registry import BUILT_IN

SERVE = cli.main.commands["serve"]
ROOT = Path(__file__).parent.parent.parent


def example() -> str:
    """The file with every flag, as it stands on the page."""
    return reference.example_file().removeprefix("```toml\n").removesuffix("```\n")


def uncommented() -> str:
    """The same with every flag set."""
    return re.sub(r"^# (?=[a-z0-9-]+ = )", "", example(), flags=re.MULTILINE)


def test_the_example_sets_nothing_until_a_line_is_uncommented(tmp_path: Path) -> None:
    path = tmp_path / "signer.toml"
    path.write_text(example())

    context = SERVE.make_context("serve", ["--config", str(path)])

    assert Config() == Config(**context.params)


def test_every_line_of_the_example_is_a_flag_with_a_value_of_its_type(tmp_path: Path) -> None:
    path = tmp_path / "signer.toml"
    path.write_text(uncommented())

    context = SERVE.make_context("serve", ["--config", str(path)])

    from_the_file = set(context.default_map or {})
    assert {declared.name for declared in fields(Config)} == from_the_file
    assert "hoodi" == context.params["network"]


def test_every_flag_is_in_the_tables_with_its_variable() -> None:
    text = reference.flags()

    for declared in fields(Config):
        assert f"`--{declared.name.replace('_', '-')}" in text
        assert f"`SIGNER_{declared.name.upper()}`" in text


def test_every_command_has_its_help() -> None:
    text = reference.commands()

    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)

    assert {f"signer {name}" for name in cli.main.commands} < set(headings)
    assert [] == [name for name in headings if f"## {name}\n\n```text\nUsage: {name} " not in text]


def kinds(kind: type[errors.SignerError]) -> set[str]:
    return {kind.__name__}.union(*(kinds(child) for child in kind.__subclasses__()))


def test_every_error_says_what_to_do() -> None:
    in_package = {name for name in kinds(errors.SignerError) if name in reference.tree_of_errors()}

    assert {name for name in vars(errors) if name.endswith("Error")} <= in_package
    assert set(reference.WHAT_TO_DO) <= in_package


def test_every_exported_name_is_documented() -> None:
    names = re.findall(r"::: signer\.(\w+)$", reference.python_names(), re.MULTILINE)
    plugin_names = re.findall(r"::: signer\.plugin\.(\w+)$", reference.plugin_names(), re.MULTILINE)

    assert set(signer.__all__) - {"__version__"} == set(names)
    assert set(plugin.__all__) == set(plugin_names)


def test_every_signing_type_has_an_example() -> None:
    text = reference_http.signing_types()

    assert [signing_type.TYPE for signing_type in BUILT_IN] == re.findall(
        r"^### (\w+)\n\n.*\n\n\?\?\? example\n\n    ```json$", text, re.MULTILINE
    )


@pytest.mark.parametrize("signing_type", BUILT_IN, ids=lambda signing_type: signing_type.TYPE)
def test_the_page_of_gloas_has_the_domain_of_each_type_in_its_table(signing_type: type) -> None:
    page = (ROOT / "docs" / "gloas.md").read_text("utf-8")
    row = re.search(rf"^\| `{signing_type.TYPE}`.*$", page, re.MULTILINE)  # type: ignore[attr-defined]
    is_new = signing_type.__module__.endswith("gloas_types")

    assert is_new == (row is not None)
    if row:
        assert f"`0x{signing_type.DOMAIN_TYPE.hex()}`" in row[0]  # type: ignore[attr-defined]
