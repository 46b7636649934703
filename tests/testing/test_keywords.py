"""The keyword arguments that type checkers see are those that the signer takes."""

import inspect
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from signer import Fault, Signer
from signer.config.key_source import KeySource
from signer.config.settings import Config
from signer.control.filters import TYPES, RecordFilter, RequestFilter
from signer.control.queries import RecordQuery
from signer.testing.keywords import (
    FaultFields,
    Flags,
    Json,
    Keys,
    Match,
    PathLike,
    Request,
    SigningType,
)

# One or several, by the word that --help has for the value
SEVERAL: dict[str, Any] = {
    "JSON": Json | Sequence[Json],
    "MODULE|FILE": PathLike | Sequence[PathLike],
}


def named_by_signer() -> set[str]:
    """The arguments that stand in the signature of `Signer` by themselves."""
    parameters = inspect.signature(Signer.__init__).parameters.values()
    return {one.name for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY}


def test_a_signer_takes_every_flag_by_name() -> None:
    flags = {declared.name for declared in fields(Config)} - named_by_signer()

    assert flags == Flags.__annotations__.keys()
    assert {"interop", "host", "port", "start_index"} < named_by_signer()


@pytest.mark.parametrize("name", Flags.__annotations__)
def test_a_flag_has_the_type_of_its_field(name: str) -> None:
    [declared] = (declared for declared in fields(Config) if declared.name == name)
    metavar = declared.metadata["metavar"]
    expected: Any = declared.type
    if get_origin(expected) is tuple:
        expected = SEVERAL.get(metavar, str | Sequence[str])
    elif Path in get_args(expected) or "FILE" in metavar:
        expected = PathLike | None
    elif name == "control":
        expected = Literal[True]

    assert expected == get_type_hints(Flags)[name]


def types_of(kind: Any) -> dict[str, Any]:
    """The fields of a class by name, with their types, without the bounds of msgspec's Meta."""
    hints = get_type_hints(kind, include_extras=True)
    return {name: without_bounds(hints[name]) for name in kind.__struct_fields__}


def without_bounds(hint: Any) -> Any:
    if get_origin(hint) is Annotated:
        return get_args(hint)[0]
    if get_origin(hint) in {Union, UnionType}:
        return Union[tuple(map(without_bounds, get_args(hint)))]  # noqa: UP007 - of as many as come
    return hint


@pytest.mark.parametrize(
    ("keywords", "kind"),
    [(Keys, KeySource), (Request, RequestFilter), (Match, RecordFilter), (FaultFields, Fault)],
)
def test_keywords_have_the_names_and_types_of_their_class(keywords: Any, kind: Any) -> None:
    expected = types_of(kind)
    if "type" in expected:
        expected["type"] = SigningType | str | None

    assert expected == get_type_hints(keywords)


@pytest.mark.parametrize("method", ["wait_for", "wait_for_async"])
def test_waiting_takes_every_field_of_a_query(method: str) -> None:
    own = inspect.signature(getattr(Signer, method)).parameters.keys()
    names = own - {"self", "match"} | get_type_hints(Match).keys()

    assert {*RecordQuery.__struct_fields__} - {"wait"} | {"timeout"} == names


def test_an_editor_offers_every_signing_type() -> None:
    assert sorted(TYPES) == sorted(get_args(SigningType))


MISTAKES = """
from signer import Signer

Signer(interp=4)
Signer(slashing="enforced")
Signer(port="9000")
Signer(control=False)
with Signer(interop=4, data_dir="data", slashing="enforce", fault={"status": 500}) as signer:
    signer.fault(stauts=1)
    signer.fault(status="412")
    signer.fault(signature="wrong")
    signer.count(typ="x")
    signer.wait_for(1, method=1)
    signer.assert_signed(1, slott=7)
    signer.add_keys(interopp=1)
    signer.fault(status=412, type="ATTESTATION", times=1).hits
    signer.count(type="A_PLUGINS_OWN", status=200)
    signer.wait_for(3, 1.0, since=2, type="BLOCK_V2", slot=7)[0].line()
    signer.add_keys(interop=8)
"""
MISTAKEN_LINES = [4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15]


@pytest.mark.slow
def test_mypy_sees_every_mistake(tmp_path: Path) -> None:
    (tmp_path / "snippet.py").write_text(MISTAKES)

    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path / "cache", "snippet.py"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=50,
    )

    lines = [int(line.split(":")[1]) for line in done.stdout.splitlines() if "error:" in line]
    assert MISTAKEN_LINES == lines, done.stdout
    assert 'Unexpected keyword argument "interp" for "Signer"' in done.stdout
