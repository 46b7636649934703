"""Loads plugins: runs their code, and tells which of their lines failed, and why."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from inspect import iscoroutinefunction
from pathlib import Path
from pkgutil import iter_modules
from traceback import extract_tb
from types import ModuleType
from typing import Any, NamedTuple

from ..config.plugin_source import check_plugin, is_file
from ..errors import ConfigError, SignerError, did_you_mean
from .additions import Additions

FLAG = "--plugin"
REGISTER = "register"  # the function that every plugin has


class Source(NamedTuple):
    """Where the code of a plugin is: one file, or all files of a package."""

    file: str
    folder: str | None

    def has(self, file: str | None) -> bool:
        """Whether a file is part of it."""
        if file is None:
            return False
        is_in_folder = self.folder is not None and Path(file).is_relative_to(self.folder)
        return file == self.file or is_in_folder


def load_plugins(names: Iterable[str]) -> Additions:
    """What these plugins add to one signer.

    Raises ConfigError for one that does not exist, and for one that fails, with its line.
    """
    additions = Additions()
    modules = dict[ModuleType, str]()
    for name in names:
        check_plugin(name, FLAG)
        source = _source(name)
        with _telling_the_line(name, source):
            module = _run(name)
        if module in modules:
            raise ConfigError(f"expected {FLAG} {name} once, found it also as {modules[module]}")
        modules[module] = name
        register = _register_of(name, module, source)
        with _telling_the_line(name, source), additions.plugin(name) as plugin:
            register(plugin)
        if not plugin.has_added:
            methods = "add_signing_type, add_route or after_signing"
            raise ConfigError(f"plugin {name} adds nothing: call {methods} in its {REGISTER}")
    return additions


def _source(name: str) -> Source:
    if is_file(name):
        return Source(str(Path(name).absolute()), None)
    spec: Any = find_spec(name.partition(".")[0])
    folder = None
    if spec.submodule_search_locations:
        folder = str(Path(spec.submodule_search_locations[0], ""))
    return Source(spec.origin or name, folder)


def _run(name: str) -> ModuleType:
    """The module of a plugin. Python runs it once for the process, as any module."""
    if is_file(name):
        return _run_file(Path(name).absolute())
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if not f"{name}.".startswith(f"{error.name}."):  # a module that the plugin imports
            raise
        package, _, last = str(error.name).rpartition(".")
        siblings = iter_modules(getattr(sys.modules.get(package), "__path__", []))
        hint = did_you_mean(last, [sibling.name for sibling in siblings])
        raise ConfigError(f"found no module {last} in {package}{hint}") from None


def _run_file(path: Path) -> ModuleType:
    """The module of a file; a file that has changed is another module."""
    identity = f"{path} {path.stat().st_mtime_ns}"
    name = f"{path.stem.replace('.', '_')}_{sha256(identity.encode()).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec: Any = spec_from_file_location(name, path)
    module = module_from_spec(spec)
    sys.modules[name] = module  # types look up here what their annotations name
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _register_of(name: str, module: ModuleType, source: Source) -> Any:
    register = getattr(module, REGISTER, None)
    if not callable(register) or iscoroutinefunction(register):
        expected = f"expected a function {REGISTER}(plugin: Plugin) in {source.file}"
        hint = did_you_mean(REGISTER, [own for own in vars(module) if own != REGISTER])
        found = "none"
        if register is not None:
            found = f"{type(register).__name__} that is no such function"
        raise ConfigError(f"cannot load plugin {name}: {expected}, found {found}{hint}")
    return register


@contextmanager
def _telling_the_line(name: str, source: Source) -> Iterator[None]:
    """Raises ConfigError, with the last line of the plugin's own, for whatever its code raises."""
    try:
        yield
    except (Exception, SystemExit) as error:  # a plugin may raise anything
        place = _place(error, source)
        raise ConfigError(f"cannot load plugin {name}: {place}: {_reason(error)}") from error


def _place(error: BaseException, source: Source) -> str:
    if isinstance(error, SyntaxError) and source.has(error.filename):
        return f"{error.filename}, line {error.lineno}"
    frames = extract_tb(error.__traceback__)
    for frame in reversed(frames):
        if source.has(frame.filename):
            return f"{frame.filename}, line {frame.lineno}"
    return source.file


def _reason(error: BaseException) -> str:
    if isinstance(error, SignerError):
        return str(error)
    text = str(error)
    if isinstance(error, SyntaxError):
        text = error.msg  # without the place, which is told already
    return f"{type(error).__name__}: {text}"
