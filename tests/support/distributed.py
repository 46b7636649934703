"""Two interop keys that are split among three participants, and signers that serve their shares."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from signer import Coordinator, SecretKey, Signer
from signer.cli import main
from signer.keys.keyring import Key
from signer.keys.keystore import encrypt
from support.asking import ask
from support.known_keys import INTEROP
from support.served import Answer
from support.vectors import unhex, vectors

KEY, OTHER = INTEROP[:2]
SECRETS = [unhex(key["privkey"]) for key in vectors("interop_keys/keys.json")[:2]]
ACCOUNTS = "/api/v1/eth2/distributed/accounts"
SIGN = "/api/v1/eth2/distributed/sign"
IDS = (1, 2, 3)


def split(out: Path, *flags: str, source: tuple[str, ...] = ("--interop", "2")) -> Result:
    """How `signer keys` ended that splits keys, by default two among three participants."""
    arguments = ["keys", *source, "--out", str(out), *flags]
    if "--split" not in flags:
        arguments += ["--split", "2/3"]
    return CliRunner().invoke(main, arguments)


def account_sets(out: Path, *flags: str) -> list[Path]:
    """The account set of each participant, of a split that succeeded."""
    done = split(out, *flags)
    assert 0 == done.exit_code, done.output
    return sorted(out.glob("*/distributed.json"))


def changed(path: Path, **members: Any) -> Path:
    """An account set whose members were replaced."""
    path.write_text(json.dumps(json.loads(path.read_text()) | members))
    return path


@contextmanager
def participants(paths: list[Path], **flags: Any) -> Iterator[dict[int, Signer]]:
    """A signer for each account set, by the number of the participant."""
    with ExitStack() as stack:
        yield {
            number: stack.enter_context(Signer(distributed=path, **flags))
            for number, path in enumerate(paths, 1)
        }


def coordinating(signers: dict[int, Signer]) -> Coordinator:
    """A coordinator of these three, of which two sign."""
    return Coordinator({number: signer.url for number, signer in signers.items()}, 2, timeout=5)


def account_set_of(folder: Path, secret_key: bytes, **members: Any) -> Path:
    """The account set of a share with a keystore, whose password is next to it."""
    folder.mkdir(exist_ok=True)
    key = Key(SecretKey.from_bytes(secret_key))
    (folder / "share.json").write_bytes(encrypt(key, "a password", cost=1))
    (folder / "share.txt").write_text("a password")
    path = folder / "distributed.json"
    path.write_text(json.dumps(members))
    return path


def account_of(signer: Signer, key: str = KEY) -> Any:
    """An account as a participant tells it."""
    return ask(signer, "GET", f"{ACCOUNTS}/{key}").json


def partial(signer: Signer, request: Any, key: str = KEY, **headers: str) -> Answer:
    """What a participant answers to a sign request."""
    return ask(signer, "POST", f"{SIGN}/{key}", request, 10, **headers)


def batch(signer: Signer, keys: list[str], request: Any) -> Answer:
    """What a participant answers to a batch."""
    return ask(signer, "POST", SIGN, {"identifiers": keys, "signing_request": request})
