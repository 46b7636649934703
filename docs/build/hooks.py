"""What MkDocs cannot do by itself: it calls these functions by their names while it builds.

A page may have two kinds of lines that are replaced:

    <!-- generated: flags -->           a part of the reference, by its name in GENERATED
    <!-- file: benchmarks/README.md --> a file from outside of docs/

Links that lead out of docs/, as they do on a host of git repositories, lead to the page that shows
the file.
"""

import re
from collections.abc import Callable
from os.path import normpath, relpath
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

import reference
import reference_http

ROOT = Path(__file__).parent.parent.parent

GENERATED: dict[str, Callable[[], str]] = {
    "commands": reference.commands,
    "errors": reference.tree_of_errors,
    "example file": reference.example_file,
    "flags": reference.flags,
    "networks": reference.networks,
    "names": reference.python_names,
    "names for plugins": reference.plugin_names,
    "routes": reference_http.routes,
    "signing types": reference_http.signing_types,
}

# Files outside of docs/, and the pages that show them
PAGES = {
    "README.md": "index.md",
    "SECURITY.md": "security.md",
    "benchmarks/README.md": "benchmarks.md",
    "benchmarks/cores.md": "cores.md",
    "examples": "examples.md",
    "examples/README.md": "examples.md",
    "examples/go": "quickstart/go.md",
    "examples/java": "quickstart/java.md",
    "examples/rust": "quickstart/rust.md",
    "examples/typescript": "quickstart/typescript.md",
}
# Files outside of docs/ that are copied, each to the path that a link gives them
RECIPES = [path for path in ROOT.glob("examples/recipes/*") if path.is_file()]
COPIED = ["LICENSE", *(f"examples/recipes/{path.name}" for path in RECIPES)]

MARKER = re.compile(r"^<!-- (generated|file): (.+) -->$", re.MULTILINE)
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def on_files(files: Any, config: Any) -> Any:
    """Adds the copied files to the site."""
    for path in COPIED:
        files.append(File.generated(config, f"files/{path}", abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Fills in what is generated or comes from a file, and leads links into the site."""
    source = page.file.src_uri

    def filled(marker: re.Match[str]) -> str:
        kind, name = marker.groups()
        if kind == "generated":
            return GENERATED[name]()
        return relinked((ROOT / name).read_text("utf-8"), name, source)

    return MARKER.sub(filled, relinked(markdown, f"docs/{source}", source))


def relinked(markdown: str, origin: str, page: str) -> str:
    """The text with its links as they are on the page; they are relative to the file `origin`."""

    def led(link: re.Match[str]) -> str:
        target = normpath(PurePosixPath(origin).parent / link[1])
        return relpath(place_on_site(target, origin), PurePosixPath(page).parent)

    parts = []
    end = 0
    for fence in FENCE.finditer(markdown):  # a link in code is none
        parts += [LINK.sub(led, markdown[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, LINK.sub(led, markdown[end:])])


def place_on_site(target: str, origin: str) -> str:
    """Where the site has a file. Raises PluginError for one that it does not have."""
    if target.startswith("docs/"):
        return target.removeprefix("docs/")
    if target in PAGES:
        return PAGES[target]
    if target in COPIED:
        return f"files/{target}"
    raise PluginError(
        f"{origin} links to {target}, which the site does not have: name its page in PAGES of "
        "docs/build/hooks.py, or copy it with COPIED"
    )
