"""The site builds strictly, its links lead somewhere, and it loads nothing from another host."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

import pytest

import signer
from signer.config.flags import spelled
from signer.config.settings import Config
from signer.signing.registry import BUILT_IN
from support.browser import chromium, expect, missing
from support.sharing import Shared

ROOT = Path(__file__).parent.parent.parent
# Elements whose addresses a browser loads without a click, and the attribute that has the address
LOADING = {
    ("audio", "src"),
    ("iframe", "src"),
    ("img", "src"),
    ("link", "href"),
    ("object", "data"),
    ("script", "src"),
    ("source", "src"),
    ("video", "src"),
}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.skipif(not find_spec("material"), reason="expected the group docs, found none"),
]


class Page(HTMLParser):
    """What a page has: ids, links, and addresses that are loaded."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.classes: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"id", "name"} and value:
                self.ids.add(value)
            if name == "class" and value:
                self.classes.update(value.split())
            if tag == "a" and name == "href" and value:
                self.links.append(value)
            if (tag, name) in LOADING and value:
                self.loaded.append(value)


def build(folder: Path) -> Path:
    """Builds the site where a request to another host would fail, and returns its folder.

    Not with --quiet, which would hide the warnings from --strict.
    """
    nowhere = "http://127.0.0.1:9"
    proxies = {"http_proxy": nowhere, "https_proxy": nowhere, "no_proxy": ""}
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **proxies, "NO_MKDOCS_2_WARNING": "1"},
    )
    assert 0 == done.returncode, done.stderr
    return folder


@pytest.fixture(scope="module")
def site(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> Path:
    built: Path = shared.get("site", lambda: build(tmp_path_factory.mktemp("site")))
    return built


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in site.rglob("*.html")}


def file_of(link: str, page: Path, site: Path) -> Path:
    """The file that a link inside the site leads to."""
    path = unquote(urlsplit(link).path)
    if path == "":
        return page
    target = page.parent / path
    if path.startswith("/"):  # of 404.html, which is shown anywhere
        target = site / path[1:]
    if target.is_dir():
        return (target / "index.html").resolve()
    return target.resolve()


def is_inside(link: str) -> bool:
    parts = urlsplit(link)
    return not parts.scheme and not parts.netloc


def test_every_page_of_the_navigation_is_built(pages: dict[Path, Page]) -> None:
    assert len(pages) > len([*(ROOT / "docs").rglob("*.md")])  # 404.html is one, too


def test_no_link_inside_the_site_is_dead(site: Path, pages: dict[Path, Page]) -> None:
    dead = []
    for path, page in pages.items():
        for link in filter(is_inside, page.links + page.loaded):
            target = file_of(link, path, site)
            anchor = unquote(urlsplit(link).fragment)
            if not target.is_file():
                dead.append((path.name, link))
            elif target in pages and anchor and anchor not in pages[target].ids:
                dead.append((str(path.relative_to(site)), link))

    assert [] == dead


def test_no_page_loads_anything_from_another_host(pages: dict[Path, Page]) -> None:
    loaded = [address for page in pages.values() for address in page.loaded]

    assert loaded
    assert [] == [address for address in loaded if not is_inside(address)]


def test_no_style_loads_anything_from_another_host(site: Path) -> None:
    addresses = [
        address
        for path in site.rglob("*.css")
        for address in re.findall(r"(?:url\(|@import )[\"']?(?!data:)([^)\"';]+)", path.read_text())
    ]

    assert [] == [address for address in addresses if not is_inside(address)]


def test_no_page_has_a_drawing_that_a_script_from_another_host_would_make(
    pages: dict[Path, Page],
) -> None:
    """The theme loads Mermaid from a CDN, where a page has a fence of this language."""
    assert [] == [path for path, page in pages.items() if "mermaid" in page.classes]


def test_the_search_finds_each_signing_type_and_flag(site: Path) -> None:
    index = (site / "search" / "search_index.json").read_text("utf-8")

    assert [] == [signing_type.TYPE for signing_type in BUILT_IN if signing_type.TYPE not in index]
    assert [] == [field.name for field in fields(Config) if spelled(field.name) not in index]


def test_generated_parts_are_filled_in(pages: dict[Path, Page], site: Path) -> None:
    texts = [path.read_text("utf-8") for path in pages]

    assert [] == [text[:200] for text in texts if "<!-- generated" in text or "<!-- file" in text]
    python = pages[site / "reference" / "python" / "index.html"]
    exported = {name for name in signer.__all__ if not name.startswith("_")}
    assert [] == [name for name in exported if not documented(name, python.ids)]


def documented(name: str, ids: set[str]) -> bool:
    return any(one.startswith("signer.") and one.endswith(f".{name}") for one in ids)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder's files."""
    handler = partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


class QuietHandler(SimpleHTTPRequestHandler):
    """Logs nothing."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the library
        pass


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_a_phone_shows_pages_without_scrolling_sideways_and_asks_no_other_host(site: Path) -> None:
    asked = set()
    sideways = []
    with served(site) as url, chromium() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
        for path in ["", "harness/", "reference/configuration/"]:
            page.goto(url + path, timeout=60_000)
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > 390:
                sideways.append((path, width))
        page.goto(f"{url}?q=high-watermark-epoch")
        found = expect(page, ".md-search-result__item")
        found.not_to_have_count(0, timeout=60_000)  # it reads the index first, on a busy machine

    assert [] == sideways
    assert {urlsplit(url).netloc} == asked
