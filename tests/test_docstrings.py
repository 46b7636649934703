"""Docstrings of everything that is exported, and Rust's, which the stub says a second time."""

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest

import signer
from signer import _core, plugin

STUB = Path(__file__).parent.parent / "python" / "signer" / "_core.pyi"


def documented() -> dict[str, str | None]:
    """The docstrings of the stub, by the name of what they document."""
    tree = ast.parse(STUB.read_text("utf-8"))
    docstrings = {"": ast.get_docstring(tree)}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            docstrings[node.name] = ast.get_docstring(node)
        if isinstance(node, ast.ClassDef):
            methods = [member for member in node.body if isinstance(member, ast.FunctionDef)]
            for method in methods:
                docstrings[f"{node.name}.{method.name}"] = ast.get_docstring(method)
    return docstrings


# Python documents every `__new__` by itself
STUBBED = {name: text for name, text in documented().items() if not name.endswith("__new__")}


@pytest.mark.parametrize("name", STUBBED, ids=lambda name: name or "module")
def test_rusts_documentation_is_that_of_the_stub(name: str) -> None:
    found: Any = _core
    for part in name.split(".") if name else []:
        found = getattr(found, part)

    assert STUBBED[name] == inspect.getdoc(found)


def exported() -> dict[str, Any]:
    """Whatever the package and `signer.plugin` export, with the public members of classes."""
    names: dict[str, Any] = {}
    for module in (signer, plugin):
        for name in module.__all__:
            names[name] = getattr(module, name)
    for name, value in [*names.items()]:
        if inspect.isclass(value):
            members = {f"{name}.{member}": getattr(value, member) for member in dir(value)}
            names |= {path: member for path, member in members.items() if "._" not in path}
    return names


def docstring(value: Any) -> str | None:
    """The docstring of a function, inherited or not; of a class only its own."""
    if inspect.isclass(value):
        return value.__doc__
    return inspect.getdoc(value)


def test_everything_that_is_exported_has_a_docstring() -> None:
    documentable = {
        name: value
        for name, value in exported().items()
        if inspect.isclass(value) or inspect.isroutine(value) or isinstance(value, property)
    }

    assert {"Signer", "Signer.fault", "SecretKey.sign", "Plugin.add_route"} < {*documentable}
    assert [] == [name for name, value in documentable.items() if not docstring(value)]


def test_the_package_lists_what_it_exports() -> None:
    assert sorted(signer.__all__) == dir(signer)
