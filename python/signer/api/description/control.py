"""The operations below /_signer, as routes with contracts."""

from collections.abc import Iterator
from typing import Any

from ...control.operations import Operations
from ...errors import BadRequestError
from ..contract import Contract
from ..control import PREFIX

PAGE = Contract({}, other_media={"text/html": str})
STREAM = Contract({}, other_media={"text/event-stream": str})
NUMBER = "ID"  # in the table of operations: the number of a fault


def operations_of(operations: Operations) -> Iterator[tuple[str, str, Any]]:
    """The method, the path and the function of each operation."""
    for name, operation in operations.ROUTES.items():
        method, path = name.split()
        yield method, PREFIX + path.replace(NUMBER, "{id}"), operation


def contract_of(method: str, operation: Any) -> Contract:
    """The contract of an operation: GET has its fields in the query, other methods in a body."""
    kind = getattr(operation, "fields", None)
    results = {200: getattr(operation, "returns", Any)}
    errors = (BadRequestError, *getattr(operation, "errors", ()))
    names = getattr(kind, "__struct_fields__", ())
    if not names or "id" in names:  # an id is in the path
        return Contract(results, errors=errors)
    if method == "GET":
        return Contract(results, query=kind, errors=errors)
    return Contract(results, body=kind, errors=errors)
