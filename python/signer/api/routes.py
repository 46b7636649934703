"""Finds the handler of a request by its path and its method."""

from collections.abc import Mapping

from ..errors import MethodNotAllowedError, UnknownRouteError
from .http import Handler, Request, Response

Routes = Mapping[str, Mapping[str, Handler]]  # by path, then by method


class Router:
    """A handler that passes each request on to the handler of its path and method.

    A handler of GET also gets HEAD, and the server sends no body then. OPTIONS is answered with the
    methods. Raises UnknownRouteError and MethodNotAllowedError.
    """

    def __init__(self, routes: Routes) -> None:
        self.routes = routes

    async def __call__(self, request: Request) -> Response:
        methods = self.routes.get(request.path)
        if methods is None:
            raise UnknownRouteError(f"no route {request.path}: see the signer's README")
        method = request.method
        if method == "HEAD":
            method = "GET"
        handler = methods.get(method)
        if handler is None:
            allow = ", ".join(_allowed(methods))
            if method == "OPTIONS":
                return Response(status=204, headers={"allow": allow})
            raise MethodNotAllowedError(f"expected {allow}, found {method}", allow)
        return await handler(request)


def _allowed(methods: Mapping[str, Handler]) -> list[str]:
    allowed = [*methods]
    if "GET" in methods:
        allowed.append("HEAD")
    return allowed
