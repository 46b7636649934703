"""--control-token-file: who may use /_signer, and how clients of ours send the token."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from signer import Signer
from signer.errors import SignerError
from signer.testing.client import ControlClient
from support.events import Reader
from support.served import Served, refused, said, serving, serving_here

TOKEN = "a-token-of-a-test"
OPERATIONS = ["keys", "requests", "events", "faults/1", "page/nothing", "explain"]


@pytest.fixture(scope="module")
def token_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("token") / "token"
    path.write_text(TOKEN)
    return path


@pytest.fixture(scope="module")
def signer(token_file: Path) -> Iterator[Served]:
    with serving_here("--interop", "1", "--control", "--control-token-file", token_file) as signer:
        yield signer


@pytest.mark.parametrize("path", OPERATIONS)
def test_without_the_token_nothing_below_signer_is_answered(signer: Served, path: str) -> None:
    answer = signer.ask("GET", f"/_signer/{path}")

    assert 401 == answer.status
    assert "--control-token-file" in answer.json["message"]


def test_a_wrong_token_is_refused(signer: Served) -> None:
    assert 403 == signer.ask("GET", "/_signer/keys", headers=bearer("another")).status


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_the_token_lets_a_client_in_and_a_reader_of_events(signer: Served) -> None:
    assert 200 == signer.ask("GET", "/_signer/keys", headers=bearer(TOKEN)).status
    with Reader(signer.url, token=TOKEN) as reader:
        assert "signer" == reader.next().name


def test_signing_takes_no_token(signer: Served) -> None:
    assert 200 == signer.ask("GET", "/upcheck").status


@pytest.mark.parametrize("path", ["/_signer/", "/_signer", "/_signer/page/main.js"])
def test_the_files_of_the_page_need_no_token(signer: Served, path: str) -> None:
    answer = signer.ask("GET", path)

    assert 200 == answer.status
    assert TOKEN.encode() not in answer.body


def test_the_page_allows_no_code_and_no_style_but_its_own(signer: Served) -> None:
    headers = signer.ask("GET", "/_signer/").headers

    assert "default-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "nosniff" == headers["x-content-type-options"]
    assert "no-referrer" == headers["referrer-policy"]
    assert "set-cookie" not in headers


@pytest.mark.parametrize(
    ("path", "content_type"),
    [("style.css", "text/css"), ("main.js", "text/javascript"), ("icon.svg", "image/svg+xml")],
)
def test_each_file_of_the_page_has_its_type(signer: Served, path: str, content_type: str) -> None:
    answer = signer.ask("GET", f"/_signer/page/{path}")

    assert content_type == answer.headers["content-type"].partition(";")[0]


def test_the_files_that_the_page_names_exist(signer: Served) -> None:
    page = signer.ask("GET", "/_signer/").body.decode()
    paths = re.findall(r'(?:src|href)="([^"]+)"', page)

    assert 3 == len(paths)
    assert {200} == {signer.ask("GET", path).status for path in paths}


@pytest.mark.parametrize("path", ["/_signer/page/../control.py", "/_signer/page/%2e%2e/control.py"])
def test_nothing_else_is_a_file_of_the_page(path: str) -> None:
    with serving_here("--interop", "1", "--control") as signer:
        assert 404 == signer.ask("GET", path).status


@pytest.mark.parametrize("process", [False, True])
def test_signer_sends_the_token_of_its_file(token_file: Path, process: bool) -> None:  # noqa: FBT001
    with Signer(interop=1, control_token_file=token_file, process=process) as signer:
        assert 1 == len(signer.pubkeys)
        assert TOKEN == signer.control_token


def test_a_client_without_the_token_learns_what_is_missing(signer: Served) -> None:
    client = ControlClient()
    client.url = signer.url

    with pytest.raises(SignerError, match="--control-token-file"):
        client.reset()


def test_a_missing_file_is_made_with_a_token(tmp_path: Path) -> None:
    with Signer(interop=1, control_token_file=tmp_path / "token") as signer:
        assert signer.control_token == (tmp_path / "token").read_text()


def test_a_token_without_control_guards_nothing_and_is_refused(token_file: Path) -> None:
    assert "expected --control with" in refused("--control-token-file", token_file)


def test_other_machines_need_the_token_or_control_anywhere(token_file: Path) -> None:
    flags = ["--control", "--host", "0.0.0.0", "--port", "0", "--keymanager-auth", "off"]

    assert "--control-token-file" in refused(*flags)
    with serving_here(*flags, "--control-token-file", token_file) as signer:
        assert 401 == signer.ask("GET", "/_signer/keys").status


def test_the_start_tells_where_the_page_is_and_shows_no_token(token_file: Path) -> None:
    with serving("--interop", "1", "--control", "--control-token-file", token_file) as signer:
        lines = said(signer)

    assert any(f"{signer.url}/_signer/" in line for line in lines)
    assert not any(TOKEN in line for line in lines)


def test_the_start_and_the_page_tell_that_everybody_may_steer_the_signer() -> None:
    flags = ["--interop", "1", "--control", "--control-anywhere"]
    with serving(*flags) as signer:
        with Reader(signer.url) as reader:
            about = reader.next().data
        lines = said(signer)

    assert about["is_open_to_everybody"]
    assert any("everybody" in line for line in lines)
