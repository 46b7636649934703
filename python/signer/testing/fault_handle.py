"""A fault as the test that set it holds it."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Self

from ..control.journal import MAX_NAME_LENGTH, one_line
from ..control.notebook import table_of_members
from ..errors import SignerError


class FaultHandle:
    """A fault that was set. As a context manager it is removed on the way out."""

    def __init__(
        self,
        ask: Callable[..., Any],
        number: int,
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        self.id = number
        self._ask = ask  # ControlClient.ask_control
        self._fields = fields or {}  # for people

    @property
    def hits(self) -> int:
        """How often it was applied."""
        return int(self._ask("GET", f"faults/{self.id}")["hits"])

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self._fields.items())
        return f"<FaultHandle {self.id}: {one_line(fields, MAX_NAME_LENGTH)}>"

    def _repr_html_(self) -> str:
        members = {"id": self.id, **self._fields}
        with suppress(OSError, SignerError):  # its signer may have ended
            members["hits"] = self.hits
        return table_of_members(members)

    def remove(self) -> None:
        """Removes it. Requests that it lets hang go on."""
        self._ask("DELETE", f"faults/{self.id}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()
