"""How a target is reached: its URL, TLS, and a user's name and password."""

import ssl
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

from ...errors import ConfigError, UnavailableError
from ..credentials import AccessFiles, authorization, tls_context
from .reasons import reason_of
from .responses import LONGEST

CONNECT_TIMEOUT = 5.0  # seconds; a signer that does not take a connection by then is not there


@dataclass(frozen=True)
class Access:
    """Where a target serves, and how its clients show who they are."""

    url: str
    tls: ssl.SSLContext | None = None
    authorization: str = field(default="", repr=False)  # the header's value, a secret

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def host(self) -> str:
        """The host to connect to."""
        return self._parts.hostname or ""

    @property
    def port(self) -> int:
        """The port to connect to."""
        return self._parts.port or (443 if self._parts.scheme == "https" else 80)

    @property
    def prefix(self) -> str:
        """The path before that of a route, without a slash at its end."""
        return self._parts.path.rstrip("/")

    def headers(self) -> dict[str, str]:
        """The headers that every request has."""
        headers = {"Host": self._parts.netloc, "Accept": "application/json"}
        if self.authorization:
            headers["Authorization"] = self.authorization
        return headers

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """The status and the body of one answer. Raises UnavailableError without an answer."""
        try:
            return self._ask(method, path, body)
        except (OSError, HTTPException) as error:
            raise UnavailableError(
                f"cannot reach a signer at {self.url}: {reason_of(error)}; start it, or give "
                "another URL"
            ) from None

    def _ask(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        connection = HTTPConnection(self.host, self.port, timeout=CONNECT_TIMEOUT)
        if self.tls:
            connection = HTTPSConnection(
                self.host, self.port, timeout=CONNECT_TIMEOUT, context=self.tls
            )
        headers = {**self.headers(), "Connection": "close"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, f"{self.prefix}{path}", body, headers)
            response = connection.getresponse()
            return response.status, response.read(LONGEST)
        finally:
            connection.close()


def access_to(url: str, files: AccessFiles | None = None) -> Access:
    """The access to a target. Raises ConfigError for another URL, or for files that do not fit."""
    if "@" in url:  # before any message that shows it
        raise ConfigError("expected a URL without a user and a password: put them in --auth-file")
    files = files or AccessFiles()
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not _has_port(parts):
        raise ConfigError(f"expected a URL such as http://127.0.0.1:9000, found {url!r}")
    tls = None
    if parts.scheme == "https":
        tls = tls_context(files)
    return Access(url.rstrip("/"), tls, authorization(files))


def _has_port(parts: SplitResult) -> bool:
    """Whether the port is left out, or a number below 65,536."""
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False
