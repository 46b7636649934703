"""What plugins add to one signer: signing types, routes, and a look at each signature."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import iscoroutinefunction
from pathlib import Path
from typing import get_args

from ..api import batch, control, keymanager, openapi
from ..api.auth import Check
from ..api.http import Handler, Request
from ..api.routes import Routes
from ..api.signing import KeySigner
from ..errors import ConfigError
from ..signing.registry import BUILT_IN, SigningTypes
from ..signing.request import SignRequest
from .checks import check_signing_type
from .observers import ObservedKeySigner, Observer, Signed
from .routes import Auth, Route, check_of

PATH = re.compile(r"/|(/[\w.~:@-]+)+")  # no parameter, and no slash at its end
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")  # the table answers HEAD and OPTIONS itself
# the signer answers all paths below these before it looks at the table
OWN_PREFIXES = (batch.PATH, keymanager.PREFIX, control.PREFIX.rstrip("/"), openapi.PATH)
OURS = "py3signer"


class Additions:
    """What all plugins add to one signer, which has a registry and a route table of its own."""

    def __init__(self) -> None:
        self._types: list[type[SignRequest]] = [*BUILT_IN]
        self._routes = dict[str, Route]()  # by method and path
        self._observers: list[Observer] = []
        self._owners = dict[str, str]()  # by the name of a type
        for signing_type in BUILT_IN:
            self._own(signing_type, OURS)

    def _own(self, signing_type: type[SignRequest], owner: str) -> None:
        for name in (signing_type.TYPE, *signing_type.OLD_TYPES):
            self._owners[name] = owner

    @contextmanager
    def plugin(self, name: str) -> Iterator["Plugin"]:
        """What one plugin adds; it is closed on the way out."""
        plugin = Plugin(name, self)
        yield plugin
        plugin.is_closed = True

    def add_type(self, signing_type: type[SignRequest], plugin: str) -> None:
        """Adds a signing type. Raises ConfigError for a name that another one has."""
        for name in (signing_type.TYPE, *signing_type.OLD_TYPES):
            if name in self._owners:
                refused = f"cannot add the signing type {name} of plugin {plugin}"
                raise ConfigError(f"{refused}: {self._owners[name]} has it already")
        self._own(signing_type, f"plugin {plugin}")
        self._types.append(signing_type)

    def add_route(self, route: Route) -> None:
        """Adds a route. Raises ConfigError for one that exists."""
        if route.name in self._routes:
            raise ConfigError(_taken(route, f"plugin {self._routes[route.name].plugin}"))
        if route.path == "/" or any(f"{route.path}/".startswith(f"{p}/") for p in OWN_PREFIXES):
            raise ConfigError(_taken(route, OURS))
        self._routes[route.name] = route

    def add_observer(self, observer: Observer) -> None:
        """Adds a function that is called with each signature."""
        self._observers.append(observer)

    @property
    def types(self) -> tuple[type[SignRequest], ...]:
        """All signing types, also the built-in ones."""
        return tuple(self._types)

    def signing_types(self) -> SigningTypes:
        """The registry of the signer."""
        return SigningTypes(self._types)

    def observed(self, key_signer: KeySigner) -> KeySigner:
        """What signs: it passes each signature to the plugins that want it."""
        if self._observers:
            return ObservedKeySigner(self._observers, key_signer)
        return key_signer

    def check_of_others(self, check: Check) -> Check:
        """A check of all requests but those to routes of plugins, which have their own."""
        if not self._routes:
            return check

        def check_others(request: Request) -> None:
            method = request.method
            if method == "HEAD":
                method = "GET"
            if f"{method} {request.path}" not in self._routes:
                check(request)

        return check_others

    def all_routes(self, built_in: Routes, auth_file: Path | None, token: str | None) -> Routes:
        """The route table: ours and the plugins'.

        Raises ConfigError for a route that exists, and for one with authentication that the signer
        is not configured for.
        """
        routes = {path: dict(methods) for path, methods in built_in.items()}
        for route in self._routes.values():
            methods = routes.setdefault(route.path, {})
            if route.method in methods:
                place = f"cannot load plugin {route.plugin}: {route.place}"
                raise ConfigError(f"{place}: {_taken(route, OURS)}")
            methods[route.method] = route.guarded(check_of(route, auth_file, token))
        return routes


def _taken(route: Route, owner: str) -> str:
    """The message for a route that exists, with both owners."""
    refused = f"cannot add the route {route.name} of plugin {route.plugin}"
    return f"{refused}: {owner} has it already"


class Plugin:
    """What one plugin may add to one signer: its function `register` gets this.

    Each method raises ConfigError for what cannot be added; the start ends with it.
    """

    def __init__(self, name: str, additions: Additions) -> None:
        self.name = name
        self.has_added = False
        self.is_closed = False
        self._additions = additions

    def add_signing_type(self, signing_type: type[SignRequest]) -> None:
        """Adds a signing type, which is signed exactly as a built-in one is."""
        self._note()
        check_signing_type(signing_type)
        self._additions.add_type(signing_type, self.name)

    def add_route(self, method: str, path: str, handler: Handler, *, auth: Auth) -> None:
        """Adds a route: an async function from a Request to a Response.

        `auth` is who may use it: "none" lets everybody in, "basic" the users of --auth-file, and
        "token" requests with the Keymanager API's token.
        """
        self._note()
        _require("a method", method, METHODS)
        _require("auth", auth, get_args(Auth))
        if not isinstance(path, str) or not PATH.fullmatch(path):
            expected = "expected a path such as /counts, with no parameter and no slash at its end"
            raise ConfigError(f"{expected}, found {path!r:.100}")
        if not iscoroutinefunction(handler):
            raise ConfigError(f"expected an async function for {path}, found {handler!r:.100}")
        frame = sys._getframe(1)  # noqa: SLF001 - what exists already is told with this line
        place = f"{frame.f_code.co_filename}, line {frame.f_lineno}"
        self._additions.add_route(Route(method, path, handler, auth, self.name, place))

    def after_signing(self, observer: Callable[[Signed], None]) -> None:
        """Has a function called with each signature, before its response leaves.

        The event loop calls it, so it must return at once. When it raises, no signature leaves.
        """
        self._note()
        if not callable(observer) or iscoroutinefunction(observer):
            raise ConfigError(f"expected a function that is not async, found {observer!r:.100}")
        self._additions.add_observer(Observer(observer, self.name))

    def _note(self) -> None:
        if self.is_closed:
            raise ConfigError(f"expected plugin {self.name} to add within register, found it later")
        self.has_added = True


def _require(what: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigError(f"expected {what} of {', '.join(choices)}, found {value!r:.100}")
