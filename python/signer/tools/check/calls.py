"""A request to a target as it is sent, and the curl line that sends it again."""

import shlex
from collections.abc import Mapping, Sequence

from msgspec import Struct

MAX_CURL_BODY = 4000  # bytes; a longer line is hard to paste
JSON = "application/json"


class Call(Struct, frozen=True):
    """A request: its path with a slash in front, its body, and exactly these headers."""

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = {}
    needs_token: bool = False  # the bearer token of the Keymanager API

    def curl(self, url: str, flags: Sequence[str] = (), body_file: str = "") -> str:
        """The curl line for a target; the body comes from a file if one is named.

        `flags` are the target's own, already quoted. A body that is long or no text, and in no
        file, is left out: the line says so.
        """
        words = ["curl", "-si"]
        if self.method != "GET":
            words += ["-X", self.method]
        words += flags
        for name in ("Accept", "Content-Type"):  # curl sends its own, if it is not told otherwise
            value = self.headers.get(name, "")
            words += ["-H", shlex.quote(f"{name}: {value}".rstrip())]
        for name, value in self.headers.items():
            if name not in {"Accept", "Content-Type"}:
                words += ["-H", shlex.quote(f"{name}: {value}")]
        words.append(shlex.quote(f"{url}{self.path}"))
        if self.body is not None:
            words += ["--data-binary", self._data(body_file)]
        return " ".join(words)

    def _data(self, body_file: str) -> str:
        if body_file:
            return shlex.quote(f"@{body_file}")
        body = self.body or b""
        if len(body) > MAX_CURL_BODY or not body.isascii():
            return f"@FILE  # {len(body)} bytes: `signer check --save DIR` writes the file"
        return shlex.quote(body.decode())
