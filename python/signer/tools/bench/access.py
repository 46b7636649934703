"""How a target is reached: its URL, TLS, and a user's name and password."""

import ssl
from base64 import b64encode
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from ...errors import ConfigError, UnavailableError
from ...files import translating_errors
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
            reason = str(error) or type(error).__name__
            raise UnavailableError(
                f"cannot reach a signer at {self.url}: {reason}; start it, or give another URL"
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


def access_to(
    url: str,
    *,
    ca: Path | None = None,
    cert: Path | None = None,
    key: Path | None = None,
    auth_file: Path | None = None,
) -> Access:
    """The access to a target. Raises ConfigError for another URL, or for files that do not fit.

    `ca` has the certificates that the target's is signed by, `cert` and `key` are this client's.
    `auth_file` has a line `user:password`.
    """
    if "@" in url:  # before any message that shows it
        raise ConfigError("expected a URL without a user and a password: put them in --auth-file")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not _has_port(parts):
        raise ConfigError(f"expected a URL such as http://127.0.0.1:9000, found {url!r}")
    tls = None
    if parts.scheme == "https":
        tls = _tls_of(ca, cert, key)
    authorization = ""
    if auth_file:
        authorization = f"Basic {b64encode(_first_line(auth_file)).decode()}"
    return Access(url.rstrip("/"), tls, authorization)


def _has_port(parts: SplitResult) -> bool:
    """Whether the port is left out, or a number below 65,536."""
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


def _tls_of(ca: Path | None, cert: Path | None, key: Path | None) -> ssl.SSLContext:
    if key and not cert:
        raise ConfigError("expected --tls-cert with --tls-key, found no --tls-cert")
    context = ssl.create_default_context()
    if ca:
        with translating_errors(f"read certificates of {ca}", ConfigError):
            context.load_verify_locations(ca)
    if cert:
        with translating_errors(f"read the certificate and key of {cert}", ConfigError):
            context.load_cert_chain(cert, key, "")  # a locked key fails, and asks nobody
    return context


def _first_line(path: Path) -> bytes:
    with translating_errors(f"read {path}", ConfigError):
        line = path.read_bytes().splitlines()[:1]
    if not line or b":" not in line[0]:
        raise ConfigError(f"expected a line `user:password` in {path}, found other text")
    return line[0]
