"""The layers of the package: a file may import only from the lines above its own."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "python" / "signer"

# The diagram. Files on one line do not import each other.
LAYERS = """
errors
_core files
spec.merkle
spec.leaves
spec.ssz
spec.phase0 spec.bellatrix
spec.altair spec.electra
spec.gloas
spec.domains spec.networks
decoding
sign_request interchange history
requests
threads
engine keyring history_file
keystores
data_dir deterministic journal finder
folder faults
metrics config config_file
web3signer
slashing tls
keymanager control controls layouts certificates
api.answers
api.signing api.status api.keymanager api.auth
api.control
app
server
testing
pytest_plugin
cli
__init__ __main__
"""

RANKS = {
    module: rank for rank, line in enumerate(LAYERS.strip().splitlines()) for module in line.split()
}


def modules() -> dict[str, Path]:
    paths = [*PACKAGE.rglob("*.py"), PACKAGE / "_core.pyi"]
    named = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in paths}
    return {name: path for name, path in named.items() if not name.endswith(".__init__")}


def imported(module: str, path: Path) -> set[str]:
    """The modules of the package that a module imports; `from . import x` may name several."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            parents = module.split(".")[: -node.level]
            base = [*parents, *(node.module.split(".") if node.module else [])]
            names = [".".join([*base, alias.name]) for alias in node.names]
            found |= {name if name in RANKS else ".".join(base) for name in names}
    return found


def test_the_diagram_names_every_module() -> None:
    assert set(RANKS) == set(modules())


@pytest.mark.parametrize(("module", "path"), modules().items(), ids=list(modules()))
def test_a_module_imports_only_from_the_lines_above(module: str, path: Path) -> None:
    below = {name for name in imported(module, path) if RANKS[name] >= RANKS[module]}

    assert set() == below


def test_only_the_server_touches_granian() -> None:
    importing = {name for name, path in modules().items() if "import granian" in path.read_text()}
    importing |= {name for name, path in modules().items() if "from granian" in path.read_text()}

    assert {"server"} == importing


def test_the_specification_knows_neither_http_nor_keys() -> None:
    spec = {name: path for name, path in modules().items() if name.startswith("spec.")}

    for path in spec.values():
        text = path.read_text("utf-8")
        assert not any(word in text for word in ("litestar", "SecretKey", "granian"))
