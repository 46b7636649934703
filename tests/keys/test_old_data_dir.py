"""A data directory that version 0.1.0 has written, and what that version said of it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.covered import slashable
from support.data_dir import PUBKEYS, contents, keeping, reading
from support.lasting import listed
from support.served import Served, serving_here
from support.slashing_command import exported
from support.vectors import VECTORS, vectors

SAMPLE = VECTORS / "data_dir_0.1.0"
BY_0_1_0 = vectors("data_dir_0.1.0/signed.json")
DELETED = PUBKEYS[1]
SIGNED = [message for message in BY_0_1_0["signed"] if message["pubkey"] != DELETED]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of what 0.1.0 has left: its data directory, and the keystores that it read."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "left"))


@pytest.fixture
def signer(folder: Path) -> Iterator[Served]:
    """A signer of this version on it."""
    flags = [*keeping(folder / "data"), *reading(folder / "keys"), "--slashing", "enforce"]
    with serving_here(*flags) as signer:
        yield signer


def test_the_imported_keys_are_there_and_the_deleted_one_is_not(signer: Served) -> None:
    assert {PUBKEYS[0], PUBKEYS[2]} == set(listed(signer))


@pytest.mark.usefixtures("signer")
def test_a_keystore_that_was_decrypted_is_not_decrypted_again(folder: Path) -> None:
    before = contents(SAMPLE / "data/cache").values()

    assert [*before] == [*contents(folder / "data/cache").values()]


def test_what_was_signed_is_signed_again_and_nothing_that_conflicts(signer: Served) -> None:
    for message in SIGNED:
        requests = [slashable(message["kind"], message["number"], content) for content in (1, 2)]
        answers = [signer.sign(message["pubkey"], request) for request in requests]
        assert [200, 412] == [answer.status for answer in answers]
        assert message["signature"] == answers[0].body.decode()


def test_the_histories_are_those_that_it_exported(folder: Path) -> None:
    assert BY_0_1_0["exported"] == exported(folder / "data")
