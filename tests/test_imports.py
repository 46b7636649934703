"""The rooms of the package: a room may import only from those above it in the diagram."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "python" / "signer"

# The diagram: rooms on one line do not import each other. Inside of a room, files may import one
# another, but never in a circle.
ORDER = """
errors _core hex
config descriptors files threads metrics
ssz
json_errors
decoding
spec
signing
slashing
keys
control
upstream
api
tls
plugin
app
draining
server
testing
tools
cli
__init__ __main__
"""

RANKS = {
    room: rank for rank, line in enumerate(ORDER.strip().splitlines()) for room in line.split()
}


def modules() -> dict[str, Path]:
    paths = [*PACKAGE.rglob("*.py"), PACKAGE / "_core.pyi"]
    return {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in paths}


MODULES = modules()


def room(module: str) -> str:
    return module.partition(".")[0]


def imported(module: str, path: Path) -> set[str]:
    """The modules of the package that a module imports; `from . import x` may name several."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            parents = module.split(".")[: -node.level]
            base = [*parents, *(node.module.split(".") if node.module else [])]
            for alias in node.names:
                name = ".".join([*base, alias.name])
                found.add(name if name in MODULES else ".".join(base))
    return found - {module}


def test_the_diagram_names_every_room() -> None:
    assert set(RANKS) == {room(module) for module in MODULES}


@pytest.mark.parametrize(("module", "path"), MODULES.items(), ids=list(MODULES))
def test_a_room_imports_only_from_those_above(module: str, path: Path) -> None:
    others = {name for name in imported(module, path) if room(name) != room(module)}

    assert set() == {name for name in others if RANKS[room(name)] >= RANKS[room(module)]}


def test_no_file_imports_itself_through_others() -> None:
    waiting = {module: imported(module, path) & {*MODULES} for module, path in MODULES.items()}
    while free := {module for module, names in waiting.items() if not names & waiting.keys()}:
        waiting = {module: names for module, names in waiting.items() if module not in free}

    assert {} == waiting


def test_only_the_server_touches_granian() -> None:
    importing = {name for name, path in MODULES.items() if "import granian" in path.read_text()}
    importing |= {name for name, path in MODULES.items() if "from granian" in path.read_text()}

    assert {"server"} == importing


def test_the_specification_knows_neither_http_nor_keys() -> None:
    spec = [path for name, path in MODULES.items() if room(name) in {"ssz", "spec"}]

    for path in spec:
        text = path.read_text("utf-8")
        assert not any(word in text for word in ("litestar", "SecretKey", "granian"))
