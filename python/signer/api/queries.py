"""Queries of requests: each member stands once, and belongs to the route."""

import logging
from collections import Counter
from urllib.parse import parse_qsl

from ..control.journal import MAX_NAME_LENGTH, one_line
from ..errors import BadRequestError

log = logging.getLogger(__name__)


def read_query(text: bytes) -> dict[str, str]:
    """The members of a query, also those without a value.

    Raises BadRequestError for a member that stands twice: which value counts nobody could tell.
    """
    members = parse_qsl(text.decode(errors="replace"), keep_blank_values=True)
    names = Counter(name for name, _ in members)
    for name, number in names.most_common(1):
        if number > 1:
            shown = one_line(name, MAX_NAME_LENGTH)
            raise BadRequestError(f"expected {shown} once in the query, found it {number} times")
    return dict(members)


class IgnoredQueries:
    """Warns once for each route of the members of queries, where the route has none."""

    def __init__(self) -> None:
        self._warned = set[str]()

    def warn(self, path: str, query: dict[str, str]) -> None:
        """Warns of a query at a route, whose path is one of ours."""
        if not query or path in self._warned:
            return
        self._warned.add(path)
        names = one_line(", ".join(query), MAX_NAME_LENGTH)
        log.warning("%s has no query, ignored (told once): %s", path, names)
