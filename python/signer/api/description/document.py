"""The document: a path for each route, and the components that they refer to.

Source: OpenAPI Specification 3.1.
"""

import re
from collections.abc import Iterable, Iterator
from inspect import cleandoc
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import fields

from ..._core import __version__
from ...config.settings import Config
from ...control.operations import Operations
from ...errors import (
    CrossSiteError,
    ForbiddenError,
    SignerError,
    SlashingError,
    UnauthorizedError,
    UnknownUserError,
)
from .. import events, live_page
from ..batch import PATH as PATH_OF_BATCHES
from ..contract import OF_BODIES, Contract
from ..control import EVENTS, PREFIX
from ..http import JSON
from ..recorder import SIGN_PREFIX
from ..routes import Routes
from . import control, signing
from .responses import errors_of, first_line, results_of
from .schemas import Schemas

VERSION = "3.1.0"
SIGN_PATH = f"{SIGN_PREFIX}{{identifier}}"  # its route is not in the table
ABOUT = """\
A remote BLS signer for Ethereum validators, made for tests. This document describes one signer as
it was started: other flags and plugins have other routes. HEAD is answered wherever GET is, and
OPTIONS with the methods. A fault that a test has set may answer any request with any status."""
IN_PATH = re.compile(r"\{(\w+)\}")
PARAMETERS = {
    "identifier": {
        "type": "string",
        "description": "a public key of 48 bytes",
        "pattern": "^(0x)?[0-9a-fA-F]{96}$",
    },
    "id": {"type": "integer", "description": "the number in an earlier response", "minimum": 1},
}
SECURITY = {
    "basic": {"type": "http", "scheme": "basic", "description": "a user of --auth-file"},
    "token": {"type": "http", "scheme": "bearer", "description": "--keymanager-token-file"},
    "control": {"type": "http", "scheme": "bearer", "description": "--control-token-file"},
}
REFUSALS: dict[str, tuple[type[SignerError], ...]] = {
    "none": (),
    "basic": (UnknownUserError,),
    "token": (UnauthorizedError, ForbiddenError),
    "control": (UnauthorizedError, ForbiddenError),
}


class Route(NamedTuple):
    """A route, and what its document is made of."""

    method: str
    path: str
    documented: Any  # has a docstring for people
    contract: Contract | None
    auth: str
    body: dict[str, Any] | None = None  # its schema, where the contract does not tell it


def make_document(routes: Routes, operations: Operations, config: Config) -> bytes:
    """The document as JSON. It takes a tenth of a second."""
    schemas = Schemas()
    schemas.add_signing_types(operations.signing_types)
    described = [*_routes(routes, operations, config)]
    paths: dict[str, Any] = {}
    for route in described:
        operation = _Operation(route, schemas, config).describe()
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    components: dict[str, Any] = {"schemas": schemas.components(operations.network)}
    batch = paths[PATH_OF_BATCHES]["post"]["requestBody"]["content"][JSON]["schema"]
    signing.complete_batch(components["schemas"], batch)
    schemes = {route.auth: SECURITY[route.auth] for route in described if route.auth in SECURITY}
    if schemes:
        components["securitySchemes"] = schemes
    document = {
        "openapi": VERSION,
        "info": {"title": "py3signer", "version": __version__, "description": ABOUT},
        "paths": paths,
        "components": components,
    }
    return msgspec.json.encode(document)


def _routes(routes: Routes, operations: Operations, config: Config) -> Iterator[Route]:
    auth = "basic" if config.auth_file else "none"
    for path, signs in signing.SIGNING.items():
        if path == SIGN_PATH or path in routes:
            yield Route("POST", path, signs.documented, signs.contract, auth, signs.body)
    for path, methods in routes.items():
        if path in signing.SIGNING:
            continue
        for method, handler in methods.items():
            own_contract = getattr(handler, "contract", None)
            yield Route(method, path, handler, own_contract, getattr(handler, "auth", auth))
    if config.control:
        auth = "control" if config.control_token_file else "none"
        yield Route("GET", PREFIX, live_page, control.PAGE, "none")
        yield Route("GET", f"{PREFIX}{EVENTS}", events, control.STREAM, auth)
        for method, path, operation in control.operations_of(operations):
            yield Route(method, path, operation, control.contract_of(method, operation), auth)


class _Operation:
    """Describes a route as OpenAPI's Operation Object."""

    def __init__(self, route: Route, schemas: Schemas, config: Config) -> None:
        self._route = route
        self._schemas = schemas
        self._config = config

    def describe(self) -> dict[str, Any]:
        operation: dict[str, Any] = {
            **_texts(self._route.documented),
            "parameters": [*self._parameters()],
            "responses": {"default": {"description": "as the plugin responds"}},
        }
        contract = self._route.contract
        body = self._route.body
        if contract and contract.body:
            body = self._schemas.of(contract.body)
        if body is not None:
            operation["requestBody"] = {"required": True, "content": {JSON: {"schema": body}}}
        if contract:
            results = results_of(contract, self._schemas)
            errors = errors_of(self._errors(contract, has_body=body is not None), self._schemas)
            operation["responses"] = {**errors, **results}
        if self._route.auth != "none":
            operation["security"] = [{self._route.auth: []}]
        return operation

    def _parameters(self) -> Iterator[dict[str, Any]]:
        for name in IN_PATH.findall(self._route.path):
            schema = PARAMETERS[name]
            yield {"name": name, "in": "path", "required": True, "schema": schema}
        contract = self._route.contract
        if contract and contract.query:
            for field in fields(contract.query):
                schema = self._schemas.of(field.type)
                if field.default not in (None, msgspec.NODEFAULT):
                    schema["default"] = field.default
                yield {
                    "name": field.encode_name,
                    "in": "query",
                    "required": field.required,
                    "schema": schema,
                }

    def _errors(self, contract: Contract, *, has_body: bool) -> Iterable[type[SignerError]]:
        classes = [*contract.errors, CrossSiteError, *REFUSALS[self._route.auth]]
        if has_body:
            classes += OF_BODIES
        if self._config.slashing != "enforce" and SlashingError in classes:
            classes.remove(SlashingError)
        if not self._config.upstream:
            return [error for error in classes if error not in signing.OF_UPSTREAM]
        return classes


def _texts(documented: Any) -> dict[str, str]:
    """The first line of a docstring as the summary; with more lines, all as the description."""
    text = cleandoc(documented.__doc__ or "")
    summary = first_line(documented)
    if text == summary:
        return {"summary": summary}
    return {"summary": summary, "description": text}
