"""No secret leaves a signer: not in its output, responses, records, files, nor in /proc."""

import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import pytest

from signer._core import SecretKey
from support.data_dir import KEYSTORES, PASSWORD, PUBKEYS, contents, put
from support.keymanager import fresh
from support.randao import RANDAO
from support.served import Running, command, running

pytestmark = pytest.mark.slow

KEY = bytes.fromhex("2b" * 32)
WRONG_PASSWORD = "a wrong password that somebody typed"
SECRETS = {
    "a secret key": KEY.hex(),
    "the password of keystores": PASSWORD,
    "a wrong password": WRONG_PASSWORD,
    "a user's password": "sesame-of-alice",
    "the Keymanager API's token": "token-of-the-keymanager-api",
    "the token of control": "token-of-control",
}
USER = {"Authorization": f"Basic {b64encode(b'alice:sesame-of-alice').decode()}"}
KEYMANAGER = {"Authorization": "Bearer token-of-the-keymanager-api"}
CONTROL = {"Authorization": "Bearer token-of-control"}
SIGN = f"/api/v1/eth2/sign/0x{SecretKey.from_bytes(KEY).public_key().hex()}"
KEYSTORES_PATH = "/eth/v1/keystores"


def flags(folder: Path) -> list[str | Path]:
    """A signer with a secret of each kind, all of them in files."""
    (folder / "tmp").mkdir()
    (folder / "keys.txt").write_text(KEY.hex())
    (folder / "users").write_text("alice:sesame-of-alice\n")
    (folder / "keymanager").write_text("token-of-the-keymanager-api")
    (folder / "control").write_text("token-of-control")
    put(folder / "keystores", PUBKEYS[0])
    put(folder / "keystores", PUBKEYS[1], password=WRONG_PASSWORD)
    return [
        *("--secret-keys-file", folder / "keys.txt"),
        *("--keystores-path", folder / "keystores"),
        *("--auth-file", folder / "users"),
        *("--keymanager-token-file", folder / "keymanager"),
        *("--control", "--control-token-file", folder / "control"),
        *("--data-dir", folder / "data"),
        *("--log-level", "debug", "--no-metrics", "--port", "0", "--ready-json"),
    ]


def use(signer: Running) -> Iterator[bytes]:
    """Responses to requests that carry secrets, most of them with a mistake."""
    text = KEYSTORES[PUBKEYS[2]].decode()
    other = fresh().text
    bodies = [
        {"keystores": [text], "passwords": [PASSWORD]},
        {"keystores": [other], "passwords": [WRONG_PASSWORD]},
        {"keystores": [text], "passwords": PASSWORD},
        {"keystores": [text], "passwords": [PASSWORD, WRONG_PASSWORD]},
        {"keystores": text, "passwords": [PASSWORD], PASSWORD: 1},
        {"keystores": [KEY.hex()], "passwords": [PASSWORD]},
        [PASSWORD],
        f'{{"passwords": ["{PASSWORD}"'.encode(),
        b"\xff" + PASSWORD.encode(),
    ]
    for body in bodies:
        for headers in (KEYMANAGER, USER, {"Authorization": f"Bearer {PASSWORD}"}):
            yield signer.ask("POST", KEYSTORES_PATH, body, headers).body
    yield signer.ask("DELETE", KEYSTORES_PATH, {"pubkeys": [PUBKEYS[2]]}, KEYMANAGER).body
    for headers in (USER, {"Authorization": f"Basic {PASSWORD}"}, KEYMANAGER):
        yield signer.ask("POST", SIGN, RANDAO, headers).body
        yield signer.ask("POST", SIGN, {"type": "NONE"}, headers).body
        yield signer.ask("GET", f"{KEYSTORES_PATH}/there-is-none", None, headers).body
    for path in ("requests", "keys", "faults", "requests/1", "slashable"):
        yield signer.ask("GET", f"/_signer/{path}", None, CONTROL).body
    with suppress(HTTPException):
        yield signer.ask("GET", "/upcheck", b"", {**USER, "Bad Header": PASSWORD}).body


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Everything that a signer leaves where others may read it, by its place."""
    folder = tmp_path_factory.mktemp("secrets")
    arguments = [*command(), *flags(folder)]
    with running(arguments, {"TMPDIR": str(folder / "tmp")}) as signer:
        found = {f"response {number}": body for number, body in enumerate(use(signer))}
        if sys.platform == "linux":
            for name in ("cmdline", "environ", "status", "maps", "limits"):
                found[f"/proc, {name}"] = Path(f"/proc/{signer.process.pid}/{name}").read_bytes()
    found["log"] = signer.process.log().encode()
    found |= {str(path): text for path, text in contents(folder / "data").items()}
    return found | {str(path): text for path, text in contents(folder / "tmp").items()}


def test_the_signer_of_these_tests_signed_imported_refused_and_logged(
    traces: dict[str, bytes],
) -> None:
    everything = b"".join(traces.values())

    for word in (b"imported", b"deleted", b"wrong password", b"serving at", b"0x"):
        assert word in everything


@pytest.mark.parametrize("secret", SECRETS.values(), ids=list(SECRETS))
def test_a_secret_is_nowhere(traces: dict[str, bytes], secret: str) -> None:
    forms = [secret.encode(), secret.encode().hex().encode(), b64encode(secret.encode())]
    if secret == KEY.hex():
        forms += [KEY, b64encode(KEY)]

    assert [] == [place for place, text in traces.items() if any(form in text for form in forms)]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_serve_leaves_no_core_dump(traces: dict[str, bytes]) -> None:
    lines = traces["/proc, limits"].decode().splitlines()

    limit = next(line for line in lines if line.startswith("Max core file size"))
    assert ["0", "0"] == limit.split()[4:6]
