"""GET /_signer/: the live page, plain files from the folder `page`. They hold no secrets."""

from functools import cache
from pathlib import Path

from .http import Response
from .routes import HTML

FOLDER = Path(__file__).parent / "page"
INDEX = "index.html"
CONTENT_TYPES = {
    ".html": HTML,
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
HEADERS = {
    "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; object-src 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


def page_file(path: str) -> Response | None:
    """The file of the page at a path below /_signer/; None for any other path."""
    name = path.removeprefix("page/")
    if not path:
        name = INDEX
    elif name == path:
        return None
    content = _files().get(name)
    if content is None:
        return None
    return Response(content, CONTENT_TYPES[Path(name).suffix], headers=HEADERS)


@cache
def _files() -> dict[str, bytes]:
    """The files by name, read when the page is first asked for."""
    return {path.name: path.read_bytes() for path in FOLDER.iterdir()}
