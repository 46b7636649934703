"""The signer that is checked: one connection to it, and what may go wrong there."""

import ssl
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from ...control.journal import one_line
from ...errors import ConfigError
from .calls import Call

MAX_ANSWER_SIZE = 16 << 20  # bytes; 100,000 public keys have 10 MiB
MAX_REASON = 200  # characters; it may be what the target sent
PIECE_SIZE = 64 << 10  # bytes
# what OpenSSL says of an answer that is plain text, by its version
SIGNS_OF_HTTP = ("wrong version number", "http request", "record layer failure")
EXAMPLE_URL = "http://127.0.0.1:9000"


class NoAnswer(Exception):  # noqa: N818 - it is told of one check, and the others go on
    """Why no answer came: a time-out, a connection that closed, or an answer that is no HTTP."""


class Answer(NamedTuple):
    """What came back; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Access(NamedTuple):
    """What a target asks of its clients: certificates, a user, a token."""

    tls: ssl.SSLContext | None = None
    headers: Mapping[str, str] = {}  # secrets, which no error and no curl line shows
    token: str = ""  # the Keymanager API's, as secret
    curl_flags: Sequence[str] = ()  # the same for curl: names of files, never their content
    curl_token: Sequence[str] = ()

    def __repr__(self) -> str:
        return "<Access>"


class Target:
    """A signer at a URL, which may have a path. One thread may use it."""

    def __init__(self, url: str, access: Access, timeout: float) -> None:
        self.url = url.rstrip("/")
        self.access = access
        self._parts = _parts_of(url)
        self._timeout = timeout
        self._connection: HTTPConnection | None = None
        self._answers = 0  # of this connection

    def close(self) -> None:
        """Closes the connection; the next request makes another."""
        if self._connection:
            self._connection.close()
        self._connection = None
        self._answers = 0

    def send(self, call: Call) -> Answer:
        """The answer to a request.

        Raises NoAnswer, and ConfigError when nothing listens or TLS fails. A connection that was
        kept may have been closed meanwhile, so that the request is sent a second time.
        """
        try:
            return self._send_again_if_closed(call)
        except TimeoutError:
            self.close()
            raise NoAnswer(f"no answer within {self._timeout:g} seconds") from None
        except ssl.SSLError as error:
            self.close()
            raise ConfigError(self._unreachable(f"TLS failed: {_reason(error)}")) from None
        except (OSError, HTTPException) as error:
            self.close()
            reason = str(error) or type(error).__name__
            raise NoAnswer(f"no whole answer: {one_line(reason, MAX_REASON)}") from None

    def _send_again_if_closed(self, call: Call) -> Answer:
        if self._answers:
            try:
                return self._send(call)
            except (ConnectionError, HTTPException):
                self.close()
        return self._send(call)

    def _send(self, call: Call) -> Answer:
        deadline = time.monotonic() + self._timeout
        connection = self._connection or self._connect()
        connection.putrequest(
            call.method, f"{self._parts.path.rstrip('/')}{call.path}", skip_accept_encoding=True
        )
        for name, value in self._headers(call).items():
            connection.putheader(name, value)
        connection.endheaders(call.body)
        with connection.getresponse() as response:
            body = self._read(response, deadline)
            headers = {name.lower(): value for name, value in response.getheaders()}
            is_last = response.will_close
        self._answers += 1
        if is_last:
            self.close()
        return Answer(response.status, headers, body)

    def curl(self, call: Call, body_file: str = "") -> str:
        """The curl line of a request."""
        flags = [*self.access.curl_flags]
        if call.needs_token:
            flags += self.access.curl_token
        return call.curl(self.url, flags, body_file)

    def _headers(self, call: Call) -> dict[str, str]:
        headers = {**self.access.headers}
        if call.body is not None or call.method != "GET":
            headers["Content-Length"] = str(len(call.body or b""))
        if call.needs_token and self.access.token:
            headers["Authorization"] = f"Bearer {self.access.token}"
        return {**headers, **call.headers}

    def _read(self, response: HTTPResponse, deadline: float) -> bytes:
        """The body. Raises TimeoutError for one that goes on after the deadline."""
        pieces = []
        size = 0
        while piece := response.read1(PIECE_SIZE):
            pieces.append(piece)
            size += len(piece)
            if size > MAX_ANSWER_SIZE:
                raise HTTPException(f"it has more than {MAX_ANSWER_SIZE >> 20} MiB")
            if time.monotonic() > deadline:
                raise TimeoutError
        if response.length:  # bytes that were announced, and did not come
            raise HTTPException("the connection closed in the middle of the body")
        return b"".join(pieces)

    def _connect(self) -> HTTPConnection:
        host = self._parts.hostname or ""
        port = self._parts.port
        connection = HTTPConnection(host, port, timeout=self._timeout)
        if self._parts.scheme == "https":
            context = self.access.tls or ssl.create_default_context()
            connection = HTTPSConnection(host, port, timeout=self._timeout, context=context)
        try:
            connection.connect()
        except ssl.SSLError as error:
            raise ConfigError(self._unreachable(f"TLS failed: {_reason(error)}")) from None
        except OSError as error:
            raise ConfigError(self._unreachable(error.strerror or str(error))) from None
        self._connection = connection
        return connection

    def _unreachable(self, reason: str) -> str:
        return f"cannot reach the target at {self.url}: {reason}"


def _parts_of(url: str) -> SplitResult:
    """The parts of a URL. Raises ConfigError for other text, and shows no password in it."""
    expected = f"expected URL such as {EXAMPLE_URL}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigError(f"{expected}, found {url!r:.200}") from None
    if parts.username is not None or parts.password is not None:
        raise ConfigError(f"{expected}, found one with a user: give --auth-file FILE instead")
    has_query = parts.query or parts.fragment
    if parts.scheme not in {"http", "https"} or not parts.hostname or has_query or port == 0:
        raise ConfigError(f"{expected}, found {url!r:.200}")
    return parts


def _reason(error: ssl.SSLError) -> str:
    """Why TLS failed, and which flag helps."""
    reason = getattr(error, "verify_message", None) or error.reason or str(error)
    text = str(reason).lower().replace("_", " ")
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{text}; give the authority of its certificate by --tls-ca FILE"
    if "certificate" in text or "handshake" in text:
        return f"{text}; give a certificate that it accepts by --tls-client-cert FILE"
    if any(sign in text for sign in SIGNS_OF_HTTP):
        return f"{text}; it may speak http: give a URL with http://"
    return text
