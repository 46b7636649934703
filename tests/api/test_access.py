"""docs/threat-model.md has a row for every route, and each route lets in whom its row names."""

import http.client
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support.distributed import account_sets
from support.known_keys import INTEROP
from support.served import Served, serving_here

PAGE = Path(__file__).parents[2] / "docs" / "threat-model.md"
ROW = re.compile(r"\| `([A-Z]+) (/\S*)` \| (.+?) \|")
TABLE = {f"{method} {path}": guard for method, path, guard in ROW.findall(PAGE.read_text("utf-8"))}
CREDENTIALS = {
    "nothing": {},
    "user": {"Authorization": f"Basic {b64encode(b'alice:sesame').decode()}"},
    "another user": {"Authorization": f"Basic {b64encode(b'alice:other').decode()}"},
    "keymanager token": {"Authorization": "Bearer token-of-the-keymanager-api"},
    "control token": {"Authorization": "Bearer token-of-control"},
}
REFUSED = {401, 403}


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A signer with every group of routes and every credential."""
    folder = tmp_path_factory.mktemp("access")
    (folder / "users").write_text("alice:sesame\n")
    (folder / "keymanager").write_text("token-of-the-keymanager-api")
    (folder / "control").write_text("token-of-control")
    flags: list[str | Path] = ["--interop", "4", "--control", "--signing-ext"]
    flags += ["--distributed", account_sets(folder / "shares")[0]]
    flags += ["--auth-file", folder / "users"]
    flags += ["--keymanager-token-file", folder / "keymanager"]
    flags += ["--control-token-file", folder / "control"]
    with serving_here(*flags) as signer:
        yield signer


def status(signer: Served, route: str, headers: dict[str, str]) -> int:
    """The status of a response. Its body is not read: that of events does not end."""
    method, path = route.split()
    path = path.replace("{identifier}", INTEROP[0]).replace("/ID", "/1")
    netloc = urlsplit(signer.url).netloc
    with closing(http.client.HTTPConnection(netloc, timeout=30)) as connection:
        connection.request(method, path, headers=headers)
        return connection.getresponse().status


def test_every_route_has_a_row(signer: Served) -> None:
    routes = signer.ask("GET", "/", None, CREDENTIALS["user"]).json["routes"]

    assert sorted(routes) == sorted(TABLE)


@pytest.mark.parametrize(("route", "guard"), TABLE.items(), ids=list(TABLE))
def test_a_route_lets_in_whom_its_row_names(signer: Served, route: str, guard: str) -> None:
    let_in = {
        name
        for name, headers in CREDENTIALS.items()
        if status(signer, route, headers) not in REFUSED
    }

    assert ({*CREDENTIALS} if guard == "everybody" else {guard}) == let_in


@pytest.mark.parametrize("route", TABLE)
def test_no_route_answers_the_page_of_another_site(signer: Served, route: str) -> None:
    headers = {**CREDENTIALS["user"], "Origin": "https://other.example"}

    assert 403 == status(signer, route, headers)
