"""An example of a sign request. `examples.py` makes them, and is imported when somebody asks."""

from typing import Any, Literal

from msgspec import Struct

Values = Literal["ordinary", "minimal", "extreme"]


class Example(Struct, frozen=True):
    """A sign request; `fork` is the one that it is of, if its type has forks."""

    type: str
    fork: str | None
    request: dict[str, Any]
