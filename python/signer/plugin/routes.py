"""The routes of plugins, each with the authentication that it asks for."""

from functools import wraps
from pathlib import Path
from typing import Literal

from msgspec import Struct

from ..api.auth import Check, let_everybody_in, require_token, require_user
from ..api.contract import authenticated
from ..api.http import Handler, Request, Response
from ..errors import ConfigError
from .failures import blaming

Auth = Literal["none", "basic", "token"]


class Route(Struct, frozen=True):
    """A route of a plugin, and the line that added it."""

    method: str
    path: str
    handler: Handler
    auth: Auth
    plugin: str
    place: str

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def guarded(self, check: Check) -> Handler:
        """Its handler behind a check."""

        @wraps(self.handler)
        async def guarded(request: Request) -> Response:
            check(request)
            with blaming(self.plugin):
                response = await self.handler(request)
                if not isinstance(response, Response):
                    found = type(response).__name__
                    raise TypeError(f"expected {self.name} to return a Response, found {found}")
            return response

        return authenticated(guarded, self.auth)


def check_of(route: Route, auth_file: Path | None, token: str | None) -> Check:
    """The check that a route asks for. Raises ConfigError when nothing is there to check with."""
    if route.auth == "none":
        return let_everybody_in
    if route.auth == "basic" and auth_file:
        return require_user(auth_file, None)
    if route.auth == "token" and token:
        return require_token(token)
    flag = "--auth-file" if route.auth == "basic" else "--keymanager-token-file"
    wanted = f"expected {flag} with the route {route.name} of plugin {route.plugin}"
    raise ConfigError(f"{wanted}, which asks for auth={route.auth!r} ({route.place}), found none")
