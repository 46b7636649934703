"""Requests that a browser sends for a web page: only pages of this signer and of listed origins.

Without this, every page that a developer opens could sign. Sources: the Fetch standard (Origin,
CORS), W3C Fetch Metadata (Sec-Fetch-Site).
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from ..config.settings import Config
from ..control.journal import MAX_NAME_LENGTH, one_line
from ..errors import ConfigError, CrossSiteError
from .http import Handler, Request, Response, answer

ANY = "*"
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@\s,]+")
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
MAX_AGE = 600  # seconds; a browser asks again after this time
METHODS = "GET, HEAD, POST, DELETE"


class BrowserGuard:
    """A handler around another one. Requests without Origin and Sec-Fetch-Site pass as they are.

    Raises ConfigError for an origin or a host that no browser can send.
    """

    def __init__(self, handler: Handler, config: Config) -> None:
        self._handler = handler
        self._origins = _items(config.cors_origins)
        self._hosts = _items(config.host_allowlist)
        for origin in self._origins - {ANY}:
            _check_origin(origin)
        for host in self._hosts - {ANY}:
            _check_host(host)

    async def __call__(self, request: Request) -> Response:
        origin = request.header(b"origin").decode("latin-1").lower()
        if not origin and not request.header(b"sec-fetch-site"):
            return await self._handler(request)
        if not self._is_listed(origin):
            self._require_same_site(request, origin)
            return await self._handler(request)
        headers = {"access-control-allow-origin": origin, "vary": "origin"}
        if request.header(b"access-control-request-method"):
            asked = request.header(b"access-control-request-headers").decode("latin-1")
            headers |= {
                "access-control-allow-methods": METHODS,
                "access-control-allow-headers": asked,
                "access-control-max-age": str(MAX_AGE),
            }
            return Response(status=204, headers=headers)
        response = await answer(self._handler, request)  # also an error is for the page to read
        response.headers = {**response.headers, **headers}
        return response

    def _is_listed(self, origin: str) -> bool:
        return bool(origin) and (origin in self._origins or ANY in self._origins)

    def _require_same_site(self, request: Request, origin: str) -> None:
        """Raises CrossSiteError for a request of another site's page, and for an unknown Host."""
        host = _host_name(f"//{request.header(b'host').decode('latin-1').lower()}")
        if not _is_local(host) and not {host, ANY} & self._hosts:
            # A page of any name may have had its name pointed at this machine.
            expected = "an address, localhost, or a name of --host-allowlist"
            found = one_line(host, MAX_NAME_LENGTH)
            raise CrossSiteError(f"expected a browser to ask for {expected}, found host {found}")
        site = request.header(b"sec-fetch-site").decode("latin-1").lower()
        if site == "cross-site" or (origin and _host_name(origin) != host):
            found = one_line(origin, MAX_NAME_LENGTH) or "another site"
            raise CrossSiteError(
                f"expected a page of this signer, found one of {found}: allow it by --cors-origins"
            )


def _check_origin(origin: str) -> None:
    """Raises ConfigError for an origin that no browser sends so."""
    expected = "an origin, such as http://localhost:3000, or *"
    reason = ""
    if ANY in origin:
        reason = ": a * stands alone, for every page"
    elif not origin.isascii():
        reason = ": browsers send its ASCII form (xn--..)"
    elif origin.endswith(DEFAULT_PORTS.get(urlsplit(origin).scheme, " ")):
        reason = ": browsers leave the usual port out"
    elif ORIGIN.fullmatch(origin):
        return
    raise ConfigError(f"expected --cors-origins to be {expected}, found {origin}{reason}")


def _check_host(host: str) -> None:
    """Raises ConfigError for a text that is no name or address of a host."""
    if HOST.fullmatch(host) or _is_local(host.strip("[]")):
        return
    expected = "the name of a host without scheme, port and path, or *"
    raise ConfigError(f"expected --host-allowlist to be {expected}, found {host}")


def _items(lists: Iterable[str]) -> set[str]:
    """The items of lists that are separated by commas."""
    items = set()
    for text in lists:
        items |= {item.strip().lower().rstrip("/").removesuffix(".") for item in text.split(",")}
    return items - {""}


def _host_name(url: str) -> str:
    """The host of a URL without its port; empty for a text that has none."""
    try:
        return (urlsplit(url).hostname or "").removesuffix(".")
    except ValueError:
        return ""


def _is_local(host: str) -> bool:
    """Whether a host is localhost or an address, which no other site can have as its name."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
