"""How a plugin is named: as a module that Python can import, or as a file."""

import os
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from ..errors import ConfigError, did_you_mean

SUFFIX = ".py"


def is_file(plugin: str) -> bool:
    """Whether a plugin is named as a file; otherwise as a module."""
    return plugin.endswith(SUFFIX) or os.sep in plugin


def check_plugin(plugin: str, flag: str) -> None:
    """Raises ConfigError for a plugin that does not exist, with the nearest one that does.

    Runs none of its code. `flag` is what the message calls the flag.
    """
    if is_file(plugin):
        _check_file(Path(plugin), flag)
        return
    package = plugin.partition(".")[0]
    if not _is_installed(package):
        hint = did_you_mean(package, [*_modules(), *_files(Path())])
        expected = f"expected {flag} to be a module or a {SUFFIX} file"
        raise ConfigError(f"{expected}, found no module {package}{hint}")


def _check_file(path: Path, flag: str) -> None:
    if path.suffix != SUFFIX:
        raise ConfigError(f"expected {flag} to be a module or a {SUFFIX} file, found {path}")
    if not path.is_file():
        hint = did_you_mean(path.name, _files(path.parent))
        raise ConfigError(f"expected a file, found none at {path}: see {flag}{hint}")


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ValueError:  # of an empty name
        return False


def _modules() -> list[str]:
    """The modules that can be imported."""
    from pkgutil import iter_modules  # noqa: PLC0415 - most starts name no missing plugin

    return [module.name for module in iter_modules()]


def _files(folder: Path) -> list[str]:
    names: list[str] = []
    with suppress(OSError):  # the working folder may have been removed
        names = [path.name for path in folder.glob(f"*{SUFFIX}")]
    return names
