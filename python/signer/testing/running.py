"""A signer that runs already, at a URL: its errors say what to do."""

from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ..errors import ConfigError, SignerError, UnavailableError
from .client import ControlClient

EXAMPLE_URL = "http://127.0.0.1:9000"


class RunningSigner(ControlClient):
    """The signer at a URL. Its errors become those of a command."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ConfigError(f"expected --url such as {EXAMPLE_URL}, found {url!r}")
        self.url = url.rstrip("/")

    def ask_control(self, method: str, path: str, kind: Any = Any, /, **fields: Any) -> Any:
        """Asks /_signer. Raises UnavailableError where no signer answers, and ConfigError."""
        try:
            return super().ask_control(method, path, kind, **fields)
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise UnavailableError(
                f"cannot reach a signer at {self.url}: {reason}; start one with `signer serve "
                "--control`, or give its --url"
            ) from None
        except (msgspec.DecodeError, KeyError, TypeError):
            raise UnavailableError(
                f"cannot read the answer of {self.url}: another server is there, or the signer "
                "stopped in the middle; see --url"
            ) from None
        except SignerError as error:
            raise ConfigError(f"the signer at {self.url} refused: {error}") from None
