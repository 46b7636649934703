"""How what a key signed is remembered: on disk, for how long, and when there is no room."""

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from subprocess import run

import pytest

from signer.errors import ConfigError
from signer.slashing.database import HistoryDatabase
from signer.slashing.interchange import decode
from signer.slashing.protection import VOTES_KEPT_PER_HISTORY, Protection
from support.protection import (
    KEYS,
    MAX,
    OTHER_ROOT,
    PRIVATE,
    PUBKEY,
    ROOT,
    SECOND,
    THIRD,
    document,
    importing,
    kept,
    opened,
    protecting,
    rows,
    rules,
    sent,
)

TESTS = Path(__file__).parent.parent


@pytest.mark.parametrize("root", [None, ROOT])
def test_an_import_is_on_disk_when_it_ends_and_adds_nothing_again(
    tmp_path: Path, root: bytes | None
) -> None:
    interchange = decode(document((7,), (3, 4), root=root), PRIVATE)

    for _ in range(2):
        with opened(tmp_path / "file") as protection:
            protection.merge(interchange)
            assert (2, 2) == (rows(tmp_path / "file"), kept(protection))


def test_an_import_is_for_the_keys_that_are_asked_for_and_have_messages() -> None:
    protection = importing(document(keys=[THIRD]))

    protection.merge(decode(document((7,), keys=[PUBKEY, SECOND]), PRIVATE), {SECOND})

    assert [False, True, False] == [protection.has_signed(key) for key in KEYS]


@pytest.mark.parametrize("size", [1, 2], ids=["blocks", "attestations"])
def test_only_the_newest_are_kept(tmp_path: Path, size: int) -> None:
    path, sizes = tmp_path / "file", set[tuple[int, int]]()
    with closing(HistoryDatabase(path)) as file:
        protection = protecting("enforce", file)
        for number in range(4 * VOTES_KEPT_PER_HISTORY + 2):  # it is pruned twice
            rules(protection, tuple(range(number, number + size)))
            if number % 32 == 0:
                file.flush()
                sizes.add((kept(protection), rows(path)))

        assert ["below_minimum"] == rules(protection, tuple(range(size)))

    with opened(path) as restarted:
        oldest, newest = (
            tuple(range(at, at + size))
            for at in (2 * VOTES_KEPT_PER_HISTORY, 4 * VOTES_KEPT_PER_HISTORY + 2)
        )
        assert ["below_minimum", ""] == rules(restarted, oldest, newest)
    assert all(memory == disk <= 2 * VOTES_KEPT_PER_HISTORY for memory, disk in sizes)
    assert VOTES_KEPT_PER_HISTORY == rows(path)  # with the last vote there was one too many


def test_report_tells_nothing_of_what_is_older_than_the_kept() -> None:
    protection = protecting("report")
    rules(protection, *((slot,) for slot in range(2 * VOTES_KEPT_PER_HISTORY + 1)))

    rules(protection, (0,), (1,), (VOTES_KEPT_PER_HISTORY,), root=OTHER_ROOT)

    assert [] == list(protection.pairs)


def test_thousands_of_votes_for_one_target_are_not_all_kept(tmp_path: Path) -> None:
    with opened(tmp_path / "file", "report") as protection:
        for number in range(2000):
            rules(protection, (3, 4), root=number.to_bytes(32))

        assert (1999, True) == (
            len(protection.pairs),
            kept(protection) <= 2 * VOTES_KEPT_PER_HISTORY,
        )

    assert rows(tmp_path / "file") <= 2 * VOTES_KEPT_PER_HISTORY


@pytest.mark.parametrize("restarts", [0, 1])
def test_what_surrounds_a_dropped_vote_is_refused(tmp_path: Path, restarts: int) -> None:
    with opened(tmp_path / "file", "report") as protection:
        rules(
            protection,
            (80, 90),
            *((10, target) for target in range(91, 91 + 2 * VOTES_KEPT_PER_HISTORY)),
        )
        protection.mode = "enforce"
        found = [] if restarts else rules(protection, (70, 9999))

    with opened(tmp_path / "file") as restarted:
        assert ["below_minimum"] == (found or rules(restarted, (70, 9999)))


def test_a_restart_keeps_epochs_of_64_bits(tmp_path: Path) -> None:
    with opened(tmp_path / "file") as protection:
        rules(protection, (2**63 - 1,), (2**63,), (MAX,), (3, 2**63), (2**63, MAX))
        expected = protection.export([PUBKEY], PRIVATE)

    with closing(HistoryDatabase(tmp_path / "file")) as file:
        assert {PUBKEY} == file.pubkeys
        assert expected == protecting("enforce", file).export([PUBKEY], PRIVATE)


@pytest.mark.parametrize(
    "content", [b"milk", b"milk, bread" * 999, b"SQLite format 3\0" + b"x" * 9999]
)
def test_a_file_that_is_no_history_is_refused_and_stays(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)

    with pytest.raises(ConfigError, match=f"cannot use {tmp_path / 'file'}, move it away"):
        HistoryDatabase(tmp_path / "file")

    assert content == (tmp_path / "file").read_bytes()


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "file")) as database, database:
        database.executescript("CREATE TABLE history (a, b); INSERT INTO history VALUES (1, 2)")

    with pytest.raises(ConfigError, match=f"cannot use {tmp_path / 'file'}, "):
        HistoryDatabase(tmp_path / "file")


def test_what_finds_no_room_is_written_later(tmp_path: Path) -> None:
    path = tmp_path / "file"
    script = "import sys, pathlib, support.full_disk as here\n"
    script += "print(*here.sign_on_a_full_disk(pathlib.Path(sys.argv[1])), sep='|', end='')"

    command = [sys.executable, "-W", "error", "-c", script, str(path)]
    done = run(command, capture_output=True, text=True, check=True, cwd=TESTS)

    *messages, same, number = done.stdout.split("|")
    assert [True, True] == [text.startswith(f"cannot write {path}: ") for text in messages]
    assert ("", "1 rows", 1) == (same, number, rows(path))


def transactions(path: Path) -> int:
    """How many there are in the write-ahead log: https://sqlite.org/fileformat2.html#walformat."""
    log = path.with_name(f"{path.name}-wal").read_bytes()
    frame = 24 + int.from_bytes(log[8:12])
    return sum(any(log[at + 4 : at + 8]) for at in range(32, len(log), frame))


def test_all_who_wait_for_the_disk_share_a_transaction(tmp_path: Path) -> None:
    path = tmp_path / "file"

    async def sign(protection: Protection) -> tuple[int, int]:
        noted = [protection.admit(PUBKEY, sent((slot,)), ROOT) for slot in range(50)]
        before = transactions(path)
        await asyncio.gather(*map(protection.wait_for_disk, noted))
        return transactions(path) - before, rows(path)

    with opened(path) as protection:
        assert (1, 50) == asyncio.run(sign(protection))


def test_what_is_signed_while_others_are_written_is_written_too(tmp_path: Path) -> None:
    async def sign(protection: Protection, slots: range) -> None:
        for slot in slots:
            await protection.wait_for_disk(protection.admit(PUBKEY, sent((slot,)), ROOT))

    async def sign_all(protection: Protection) -> None:
        await asyncio.gather(*(sign(protection, range(start, 80, 8)) for start in range(8)))

    with opened(tmp_path / "file") as protection:
        asyncio.run(sign_all(protection))

        assert 80 == rows(tmp_path / "file")


def test_who_stops_waiting_for_the_disk_disturbs_nobody(tmp_path: Path) -> None:
    async def sign(protection: Protection) -> list[BaseException | None]:
        noted = [protection.admit(PUBKEY, sent((slot,)), ROOT) for slot in range(3)]
        waiting = [asyncio.create_task(protection.wait_for_disk(number)) for number in noted]
        await asyncio.sleep(0)  # all of them wait now, and the first one has made it begin
        waiting[0].cancel()
        return await asyncio.gather(*waiting, return_exceptions=True)

    with opened(tmp_path / "file") as protection:
        first, *others = asyncio.run(sign(protection))

        assert (3, [None, None]) == (rows(tmp_path / "file"), others)
        assert isinstance(first, asyncio.CancelledError)


def test_what_is_cleared_is_forgotten_on_disk_too(tmp_path: Path) -> None:
    with opened(tmp_path / "file", "report") as protection:
        rules(protection, (7,), (3, 4))
        rules(protection, (7,), root=OTHER_ROOT)
        protection.merge(decode(document((50,)), PRIVATE))

        protection.clear()

        left = [rows(tmp_path / "file", table) for table in ("history", "vote", "floor")]
        assert [0, 0, 0] == left
        assert ([], False) == (list(protection.pairs), protection.has_signed(PUBKEY))
        rules(protection, (8,), (1, 2))

    with opened(tmp_path / "file") as restarted:
        found = rules(restarted, (7,), (3, 4), (8,), (1, 2), root=OTHER_ROOT)
    assert ["", "", "double_block_proposal", "double_vote"] == found
