"""The responses of a route: its results, and the errors that may come instead."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from ...errors import SignerError
from ..contract import Contract, Error
from ..http import JSON
from .schemas import Schemas

Responses = dict[str, Any]

NO_JSON = object()  # a result in other media types only


def results_of(contract: Contract, schemas: Schemas) -> Responses:
    """The responses with the results of a contract."""
    responses = {}
    results = dict(contract.results)
    if contract.other_media:
        results.setdefault(HTTPStatus.OK, NO_JSON)
    for status, kind in results.items():
        content = {}
        if kind is not NO_JSON:
            content[JSON] = {"schema": schemas.of(kind)}
        if status == HTTPStatus.OK:
            for media_type, text in contract.other_media.items():
                content[media_type] = {"schema": schemas.of(text)}
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "content": content}
    return responses


def errors_of(classes: Iterable[type[SignerError]], schemas: Schemas) -> Responses:
    """The responses for errors, one for each status."""
    responses: Responses = {}
    for error in dict.fromkeys(classes):
        response = responses.setdefault(
            str(error.status),
            {"description": "", "content": {JSON: {"schema": schemas.of(Error)}}},
        )
        response["description"] = f"{response['description']} {first_line(error)}".strip()
        for name, value in error.headers.items():
            header = {"schema": {"type": "string"}, "example": value}
            response.setdefault("headers", {})[name] = header
    return dict(sorted(responses.items()))


def first_line(documented: object) -> str:
    """The first line of a docstring; empty without one."""
    return (documented.__doc__ or "").strip().partition("\n")[0]
