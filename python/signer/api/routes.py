"""Finds the handler of a request by its path and its method, and tells which routes there are."""

from collections.abc import Mapping, Sequence
from html import escape

from msgspec import Struct

from .._core import __version__
from ..config.settings import Config
from ..control.journal import MAX_NAME_LENGTH, one_line
from ..errors import MethodNotAllowedError, UnknownRouteError, did_you_mean
from .contract import contract
from .http import Handler, Request, Response, json_response
from .queries import IgnoredQueries
from .recorder import EXTENSION_PREFIX

IDENTIFIER = "{identifier}"  # ends the path of a route that is about one key
Routes = Mapping[str, Mapping[str, Handler]]  # by path, then by method

PATHS_WITH_QUERY = {"/reload"}  # it checks the members itself
NEAR_NAME = 0.75  # difflib's ratio; readyz is 0.5 from reload
HTML = "text/html; charset=utf-8"
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>py3signer</title>
<h1>py3signer {version}</h1>
<p>A remote BLS signer for Ethereum validators, for tests. Not for production.</p>
<ul>
{items}
</ul>
</html>
"""


class Index(Struct):
    """What there is: each route is a method and a path."""

    name: str
    version: str
    routes: list[str]


class Router:
    """A handler that passes each request on to the handler of its path and method.

    A handler of GET also gets HEAD, and the server sends no body then. OPTIONS is answered with the
    methods, and GET / with the routes, to which `others` add those with handlers elsewhere. A path
    may end in a name in braces, which stands for any text without a slash. Raises
    UnknownRouteError and MethodNotAllowedError.
    """

    def __init__(self, routes: Routes, others: Sequence[str], config: Config) -> None:
        self.routes: Routes = {**routes, "/": {"GET": self._index}}
        self.hints = _hints(config)  # by path: why there is no such route, or where it is
        self._others = others
        self._ignored_queries = IgnoredQueries()

    def add(self, path: str, methods: Mapping[str, Handler]) -> None:
        """Adds a route that describes the others."""
        self.routes = {**self.routes, path: methods}

    async def __call__(self, request: Request) -> Response:
        methods = self._methods(request.path)
        if methods is None:
            path = one_line(request.path, MAX_NAME_LENGTH)
            raise UnknownRouteError(f"no route {path}{self._hint(request.path)}")
        method = request.method
        if method == "HEAD":
            method = "GET"
        handler = methods.get(method)
        if handler is None:
            allow = ", ".join(_allowed(methods))
            if method == "OPTIONS":
                return Response(status=204, headers={"allow": allow})
            name = one_line(method, MAX_NAME_LENGTH)
            raise MethodNotAllowedError(f"expected {allow}, found {name}", allow)
        if request.path not in PATHS_WITH_QUERY:
            self._ignored_queries.warn(request.path, request.query)
        return await handler(request)

    def _methods(self, path: str) -> Mapping[str, Handler] | None:
        """The handlers of a path, or of one with any identifier at its end."""
        folder = path.rpartition("/")[0]
        return self.routes.get(path) or self.routes.get(f"{folder}/{IDENTIFIER}")

    def _hint(self, path: str) -> str:
        for prefix, hint in self.hints.items():
            if path == prefix or path.startswith(f"{prefix}/"):
                return f": {hint}"
        # By the last part: paths that only begin alike are not near.
        last = path.rpartition("/")[2]
        paths = {}
        for line in self._lines():
            known = line.partition(" ")[2]
            paths[known.rpartition("/")[2]] = known
        nearest = did_you_mean(last, paths, NEAR_NAME)
        for name, known in paths.items():
            nearest = nearest.replace(f" {name}?", f" {known}?")
        return nearest or "; GET / lists the routes"

    def _lines(self) -> list[str]:
        """A line for each route: its method and its path."""
        lines = [*self._others]
        for path, methods in self.routes.items():
            lines += [f"{method} {path}" for method in methods]
        return lines

    @contract({200: Index}, other_media={"text/html": str})
    async def _index(self, request: Request) -> Response:
        """The version and the routes: HTML for a browser, JSON for everybody else."""
        lines = self._lines()
        if b"text/html" in request.header(b"accept"):
            items = "\n".join(f"<li><code>{escape(line)}</code></li>" for line in lines)
            page = PAGE.format(version=__version__, items=items)
            return Response(page.encode(), HTML)
        return json_response(Index("py3signer", __version__, lines))


def _allowed(methods: Mapping[str, Handler]) -> list[str]:
    allowed = [*methods]
    if "GET" in methods:
        allowed.append("HEAD")
    return allowed


def _hints(config: Config) -> dict[str, str]:
    hints = {"/metrics": "metrics have a port of their own: see --metrics-port"}
    if not config.metrics:
        hints["/metrics"] = "metrics are switched off by --no-metrics"
    if not config.signing_ext:
        hints[EXTENSION_PREFIX.rstrip("/")] = "start the signer with --signing-ext"
    if not config.control:
        hints["/_signer"] = "start the signer with --control"
    if not config.distributed:
        hints["/api/v1/eth2/distributed"] = "start the signer with --distributed FILE"
    if not config.keymanager:
        hints["/eth/v1/keystores"] = "the Keymanager API is switched off by --no-keymanager"
    return hints
