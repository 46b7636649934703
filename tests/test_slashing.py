"""What a key may not sign any more, how that is remembered, and EIP-3076's documents of it.

The cases are our own. A message is its numbers here: (slot,), or (source epoch, target epoch).
"""

import asyncio
import json
import resource
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from subprocess import run
from typing import Any

import pytest

from signer.config import Config, SlashingMode
from signer.errors import BadRequestError, ConfigError, SignerError, SlashingError
from signer.signing import signing_types
from signer.signing.request import SignRequest
from signer.slashing.database import HistoryFile
from signer.slashing.interchange import decode
from signer.slashing.protection import KEPT, Protection, Slashable
from signer.slashing.rules import History, Vote
from signer.spec.networks import NETWORKS, Network
from support.vectors import vectors

Message = tuple[int, ...]

KEYS = PUBKEY, SECOND, THIRD = [bytes([number]) * 48 for number in (1, 2, 3)]
CHAIN, OTHER_CHAIN = b"\xc1" * 32, b"\xc2" * 32
ROOT, OTHER_ROOT = b"\xa1" * 32, b"\xa2" * 32
ZERO = f"0x{bytes(32).hex()}"
MAX = 2**64 - 1
PRIVATE, MAINNET = Network("private", 8, {"PHASE0": bytes(4)}), NETWORKS["mainnet"]
OURS = Network("ours", 8, {"PHASE0": bytes(4)}, CHAIN)
OTHER_TYPES = {
    case["type"]: case["request"]
    for case in vectors("signing/signing.json")["cases"]
    if case["type"] not in {"ATTESTATION", "BLOCK", "BLOCK_V2"}
}


def hexed(value: bytes) -> str:
    return f"0x{value.hex()}"


def block_body() -> dict[str, Any]:
    lists = "proposer_slashings attester_slashings attestations deposits voluntary_exits"
    eth1_data = {"deposit_root": ZERO, "deposit_count": "0", "block_hash": ZERO}
    body = {"randao_reveal": hexed(bytes(96)), "eth1_data": eth1_data, "graffiti": ZERO}
    return {**body, **{name: [] for name in lists.split()}}


def sent(message: Message, chain: bytes = CHAIN, kind: str = "BLOCK_V2") -> SignRequest:
    """A request to sign an attestation, or a block of a kind."""
    payload: dict[str, Any]
    if len(message) == 2:
        source, target = ({"epoch": str(epoch), "root": ZERO} for epoch in message)
        payload = {"slot": "0", "index": "0", "beacon_block_root": ZERO}
        kind, payload = "ATTESTATION", payload | {"source": source, "target": target}
    else:
        payload = {"slot": str(message[0]), "proposer_index": "0", "body_root": ZERO}
        payload |= {"parent_root": ZERO, "state_root": ZERO, "body": block_body()}
    if kind == "BLOCK_V2":
        payload = {"version": "FULU", "block_header": payload}
    fork = {"previous_version": "0x00000000", "current_version": "0x00000000", "epoch": "0"}
    fork_info = {"fork": fork, "genesis_validators_root": hexed(chain)}
    member = kind.lower().replace("block_v2", "beacon_block")
    body = {"type": kind, "fork_info": fork_info, member: payload}
    return signing_types.decode(json.dumps(body).encode())


def shown(message: Message, root: bytes | None = None) -> dict[str, str]:
    """A message as EIP-3076 has it."""
    names = ["slot"] if len(message) == 1 else ["source_epoch", "target_epoch"]
    members = dict(zip(names, map(str, message), strict=True))
    return members | ({"signing_root": hexed(root)} if root else {})


def document(
    *messages: Message, root: bytes | None = None, keys: Iterable[bytes] = (PUBKEY,)
) -> str:
    """An interchange document: messages that all have this root, or none."""
    blocks = [shown(message, root) for message in messages if len(message) == 1]
    attestations = [shown(message, root) for message in messages if len(message) == 2]
    signed = {"signed_blocks": blocks, "signed_attestations": attestations}
    metadata = {"interchange_format_version": "5", "genesis_validators_root": hexed(CHAIN)}
    data = [{"pubkey": hexed(key), **signed} for key in keys]
    return json.dumps({"metadata": metadata, "data": data})


def protecting(mode: SlashingMode = "enforce", file: HistoryFile | None = None) -> Protection:
    return Protection(Config(slashing=mode), file)


def importing(*documents: str) -> Protection:
    protection = protecting()
    for each in documents:
        protection.merge(decode(each, PRIVATE))
    return protection


@contextmanager
def opened(path: Path, mode: SlashingMode = "enforce") -> Iterator[Protection]:
    """What a signer knows that is started on a file; it is stopped on the way out."""
    with closing(HistoryFile(path)) as file:
        yield protecting(mode, file)


def check(
    protection: Protection, request: SignRequest, root: bytes = ROOT, pubkey: bytes = PUBKEY
) -> str:
    """The rule that a refusal names; nothing for what is signed."""
    try:
        protection.check(pubkey, request, root)
    except SlashingError as error:
        return str(error).removeprefix("not signed: ").split()[0]
    return ""


def rules(protection: Protection, *messages: Message, root: bytes = ROOT) -> list[str]:
    return [check(protection, sent(message), root) for message in messages]


def kept(protection: Protection) -> int:
    """How many messages of the key are in memory."""
    [history] = json.loads(protection.export([PUBKEY], PRIVATE))["data"]
    return len(history["signed_blocks"]) + len(history["signed_attestations"])


def rows(path: Path, table: str = "vote") -> int:
    """How many rows are on disk."""
    with closing(sqlite3.connect(path)) as database:
        [[number]] = database.execute(f"SELECT count(*) FROM {table}")
    return int(number)


@pytest.mark.parametrize(
    ("rule", "earlier", "later"),
    [
        ("double_block_proposal", (7,), (7,)),
        ("double_vote", (3, 4), (3, 4)),
        ("double_vote", (3, MAX), (1, MAX)),
        ("surrounding_vote", (3, 4), (2, 5)),
        ("surrounded_vote", (2, 5), (3, 4)),
    ],
)
def test_what_is_slashable_is_refused_and_told(rule: str, earlier: Message, later: Message) -> None:
    protection = protecting()
    protection.check(PUBKEY, sent(earlier), ROOT)

    with pytest.raises(SlashingError) as caught:
        protection.check(PUBKEY, sent(later), OTHER_ROOT)

    later_text, earlier_text = (
        ", ".join(f"{name} {value}" for name, value in shown(*message).items())
        for message in [(later, OTHER_ROOT), (earlier, ROOT)]
    )
    text = f"not signed: {rule} by 0x01010101..: {later_text} beside {earlier_text}: "
    assert (412, True) == (caught.value.status, str(caught.value).startswith(text))


@pytest.mark.parametrize("kinds", [("BLOCK", "BLOCK_V2"), ("BLOCK_V2", "BLOCK")])
def test_a_block_is_a_block_whichever_type_signs_it(kinds: tuple[str, str]) -> None:
    protection, (first, second) = protecting(), (sent((7,), kind=kind) for kind in kinds)

    found = [check(protection, first), check(protection, second, OTHER_ROOT)]

    assert ["", "double_block_proposal"] == found


@pytest.mark.parametrize(
    ("signed", "refused", "beside_the_refused"),
    [((3, 4), (1, 4), (2, 3)), ((3, 4), (2, 5), (4, 5)), ((2, 5), (3, 4), (2, 4))],
)
def test_nothing_is_remembered_of_what_is_refused(
    tmp_path: Path, signed: Message, refused: Message, beside_the_refused: Message
) -> None:
    with opened(tmp_path / "file") as protection:
        rules(protection, signed, root=OTHER_ROOT)

        found = rules(protection, refused, beside_the_refused)

    assert [True, False] == [bool(rule) for rule in found]
    assert 2 == rows(tmp_path / "file")


@pytest.mark.parametrize("message", [(0,), (7,), (0, 0), (3, 4)])
def test_the_same_root_is_signed_again(tmp_path: Path, message: Message) -> None:
    with opened(tmp_path / "file") as protection:
        found = rules(protection, message, message)

    with opened(tmp_path / "file") as restarted:
        found += rules(restarted, message)

        assert ["", "", ""] == found
        assert [""] != rules(restarted, message, root=OTHER_ROOT)


def test_an_imported_root_is_signed_again_below_a_minimum() -> None:
    protection = importing(document((7,), (3, 4), root=ROOT), document((90,), (80, 90)))

    found = rules(protection, (7,), (3, 4), (8,), (4, 5))

    assert ["", "", "below_minimum", "below_minimum"] == found


@pytest.mark.parametrize("root", [ROOT, bytes(32)], ids=["root", "zero"])
def test_an_imported_message_without_a_root_equals_nothing(root: bytes) -> None:
    protection = importing(document((7,), (3, 4)))

    found = rules(protection, (7,), (3, 4), root=root)

    assert ["double_block_proposal", "double_vote"] == found


@pytest.mark.parametrize(
    ("key", "chain", "message"),
    [
        (SECOND, CHAIN, (7,)),
        (SECOND, CHAIN, (6, 7)),
        (PUBKEY, OTHER_CHAIN, (7,)),
        (PUBKEY, OTHER_CHAIN, (6, 7)),
        (PUBKEY, CHAIN, (5,)),
        (PUBKEY, CHAIN, (6, 9)),
    ],
    ids=["key", "key-of-votes", "chain", "chain-of-votes", "a-target", "a-slot"],
)
def test_other_keys_chains_and_kinds_do_not_matter(
    key: bytes, chain: bytes, message: Message
) -> None:
    protection = protecting()
    rules(protection, (7,), (9,), (4, 5), (6, 7))

    assert "" == check(protection, sent(message, chain), OTHER_ROOT, key)


@pytest.mark.parametrize("kind", OTHER_TYPES)
def test_other_types_are_signed_and_not_remembered(kind: str) -> None:
    protection, request = protecting(), signing_types.decode(json.dumps(OTHER_TYPES[kind]).encode())

    found = [check(protection, request, root) for root in (ROOT, OTHER_ROOT)]

    assert (["", ""], False) == (found, protection.has_signed(PUBKEY))


@pytest.mark.parametrize(
    ("rule", "earlier", "later"),
    [("double_block_proposal", (7,), (7,)), ("surrounding_vote", (3, 4), (2, MAX))],
)
def test_report_signs_and_tells(rule: str, earlier: Message, later: Message) -> None:
    counted: list[str] = []
    protection = Protection(Config(slashing="report"), None, counted.append)

    for message, root in [(earlier, ROOT), (later, OTHER_ROOT), (later, OTHER_ROOT)]:
        protection.check(PUBKEY, sent(message), root)

    messages = shown(earlier, ROOT), shown(later, OTHER_ROOT)
    assert [Slashable(rule, hexed(PUBKEY), hexed(CHAIN), *messages)] == list(protection.pairs)
    assert ([rule], 2) == (counted, kept(protection))


def test_off_signs_and_remembers_nothing(tmp_path: Path) -> None:
    with opened(tmp_path / "file", "off") as protection:
        noted = [protection.check(PUBKEY, sent((7,)), root) for root in (ROOT, OTHER_ROOT)]

        assert ([0, 0], 0) == (noted, len(protection.pairs))

    assert 0 == rows(tmp_path / "file", "history")


@pytest.mark.parametrize(
    ("mode", "signed"), [("enforce", [True, False, False]), ("report", [True] * 3)]
)
def test_enforce_signs_nothing_from_the_high_watermark_on(
    mode: SlashingMode, signed: list[bool]
) -> None:
    config = Config(slashing=mode, high_watermark_epoch=9, high_watermark_slot=90)

    found = rules(Protection(config, None), (8, 8), (8, 9), (8, 10), (89,), (90,), (91,))

    assert signed * 2 == [not rule for rule in found]


def test_of_threads_that_sign_at_a_time_one_wins() -> None:
    protection = protecting()
    tries = [(sent((slot,)), bytes([number]) * 32) for slot in range(100) for number in range(4)]

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda each: check(protection, *each), tries))

    assert (100, 100) == (found.count(""), kept(protection))


Data = tuple[int, int, int]  # source, target, and all the rest of an attestation


def is_slashable(one: Data, two: Data) -> bool:
    """consensus-specs, `is_slashable_attestation_data`, whichever of them is the first."""
    double = one != two and one[1] == two[1]
    return double or any(a[0] < b[0] and b[1] < a[1] for a, b in [(one, two), (two, one)])


def random_votes(seed: int, count: int, epochs: int) -> list[Data]:
    """Votes that drift upwards; some go wrong, and some are sent again."""
    random, votes = Random(seed), list[Data]()
    for number in range(count):
        source = max(number * epochs // count + random.randrange(-4, 8), 0)
        target = max(source + random.choice([1, 1, 1, 1, 2, 3, 9, -1, 0]), 0)
        again = votes and random.random() < 0.1
        votes.append(random.choice(votes) if again else (source, target, random.randrange(2)))
    return votes


def refused(protection: Protection, *votes: Data) -> list[bool]:
    return [rules(protection, (a, b), root=bytes([rest]) * 32) != [""] for a, b, rest in votes]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("epochs", [0, 30, 300])
def test_enforce_refuses_what_the_specification_calls_slashable(seed: int, epochs: int) -> None:
    votes, signed, expected = random_votes(seed, 400, epochs), list[Data](), list[bool]()
    for vote in votes:
        expected.append(any(is_slashable(vote, earlier) for earlier in signed))
        signed += [] if expected[-1] else [vote]

    found = refused(protecting(), *votes)

    assert (expected, {True, False}) == (found, set(found))


def test_enforce_refuses_the_same_when_it_is_restarted_again_and_again(tmp_path: Path) -> None:
    votes, found = random_votes(7, 300, 100), list[bool]()

    for start in range(0, len(votes), 50):
        with opened(tmp_path / "file") as protection:
            found += refused(protection, *votes[start : start + 50])

    assert refused(protecting(), *votes) == found


@pytest.mark.parametrize("seed", range(4))
def test_report_tells_what_the_specification_calls_slashable(seed: int) -> None:
    protection, votes = protecting("report"), random_votes(seed, 2 * KEPT, 300)
    expected, told = list[Data](), list[Data]()
    for place, vote in enumerate(votes):
        before = votes[:place]
        if vote not in before and any(is_slashable(vote, earlier) for earlier in before):
            expected.append(vote)

    for vote in votes:
        number = len(protection.pairs)
        refused(protection, vote)
        told += [vote] * (len(protection.pairs) - number)

    assert expected == told


@pytest.mark.parametrize("seed", range(4))
def test_what_is_slashable_beside_a_dropped_vote_is_found(seed: int) -> None:
    history, before, missed = History(), list[Data](), list[Data]()

    for data in random_votes(seed, 600, 400):
        vote = Vote(data[0], data[1], bytes([data[2]]) * 32)
        if vote not in history.votes and not history.conflict(vote):
            missed += [data for earlier in before if is_slashable(data, earlier)]
        before.append(data)
        history.add(vote)
        if len(history.votes) > 16:
            history.prune(8)

    assert [] == missed


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("below_minimum", (4,)),
        ("double_block_proposal", (5,)),
        ("", (6,)),
        ("below_minimum", (4, 5)),
        ("double_vote", (5, 6)),
        ("surrounding_vote", (4, 7)),
        ("", (5, 7)),
        ("", (8, 10)),
    ],
)
@pytest.mark.parametrize("restarts", [0, 1])
def test_nothing_is_signed_below_the_minimum_of_an_import(
    tmp_path: Path, restarts: int, rule: str, message: Message
) -> None:
    with opened(tmp_path / "file") as protection:
        protection.merge(decode(document((9,), (5,), (8, 9), (5, 6)), PRIVATE))
        found = [] if restarts else rules(protection, message)

    with opened(tmp_path / "file") as restarted:
        assert [rule] == (found or rules(restarted, message))


@pytest.mark.parametrize("slots", [(5, 50), (50, 5)], ids=["higher", "lower"])
def test_the_highest_minimum_of_all_imports_counts(slots: tuple[int, int]) -> None:
    protection = importing(*(document((slot,), (slot - 1, slot)) for slot in slots))

    found = rules(protection, (20,), (19, 20), (51,), (49, 51))

    assert ["below_minimum", "below_minimum", "", ""] == found


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
    with closing(HistoryFile(path)) as file:
        protection = protecting("enforce", file)
        for number in range(4 * KEPT + 2):  # it is pruned twice
            rules(protection, tuple(range(number, number + size)))
            if number % 32 == 0:
                file.flush()
                sizes.add((kept(protection), rows(path)))

        assert ["below_minimum"] == rules(protection, tuple(range(size)))

    with opened(path) as restarted:
        oldest, newest = (tuple(range(at, at + size)) for at in (2 * KEPT, 4 * KEPT + 2))
        assert ["below_minimum", ""] == rules(restarted, oldest, newest)
    assert all(memory == disk <= 2 * KEPT for memory, disk in sizes)
    assert KEPT == rows(path)  # with the last vote there was one too many


def test_report_tells_nothing_of_what_is_older_than_the_kept() -> None:
    protection = protecting("report")
    rules(protection, *((slot,) for slot in range(2 * KEPT + 1)))

    rules(protection, (0,), (1,), (KEPT,), root=OTHER_ROOT)

    assert [] == list(protection.pairs)


def test_thousands_of_votes_for_one_target_are_not_all_kept(tmp_path: Path) -> None:
    with opened(tmp_path / "file", "report") as protection:
        for number in range(2000):
            rules(protection, (3, 4), root=number.to_bytes(32))

        assert (1999, True) == (len(protection.pairs), kept(protection) <= 2 * KEPT)

    assert rows(tmp_path / "file") <= 2 * KEPT


@pytest.mark.parametrize("restarts", [0, 1])
def test_what_surrounds_a_dropped_vote_is_refused(tmp_path: Path, restarts: int) -> None:
    with opened(tmp_path / "file", "report") as protection:
        rules(protection, (80, 90), *((10, target) for target in range(91, 91 + 2 * KEPT)))
        protection.mode = "enforce"
        found = [] if restarts else rules(protection, (70, 9999))

    with opened(tmp_path / "file") as restarted:
        assert ["below_minimum"] == (found or rules(restarted, (70, 9999)))


def test_a_restart_keeps_epochs_of_64_bits(tmp_path: Path) -> None:
    with opened(tmp_path / "file") as protection:
        rules(protection, (2**63 - 1,), (2**63,), (MAX,), (3, 2**63), (2**63, MAX))
        expected = protection.export([PUBKEY], PRIVATE)

    with closing(HistoryFile(tmp_path / "file")) as file:
        assert {PUBKEY} == file.pubkeys()
        assert expected == protecting("enforce", file).export([PUBKEY], PRIVATE)


@pytest.mark.parametrize(
    "content", [b"milk", b"milk, bread" * 999, b"SQLite format 3\0" + b"x" * 9999]
)
def test_a_file_that_is_no_history_is_refused_and_stays(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)

    with pytest.raises(ConfigError, match=f"cannot use {tmp_path / 'file'}, move it away"):
        HistoryFile(tmp_path / "file")

    assert content == (tmp_path / "file").read_bytes()


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "file")) as database, database:
        database.executescript("CREATE TABLE history (a, b); INSERT INTO history VALUES (1, 2)")

    with pytest.raises(ConfigError, match=f"cannot use {tmp_path / 'file'}, "):
        HistoryFile(tmp_path / "file")


def sign_on_a_full_disk(path: Path) -> list[str]:
    """Why it is not written while no file may grow, twice; it is written once one may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    messages = []
    with opened(path) as protection:
        noted = protection.check(PUBKEY, sent((3, 4)), ROOT)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
        for _ in range(2):
            try:
                asyncio.run(protection.durable(noted))
            except SignerError as error:
                messages.append(str(error))
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        asyncio.run(protection.durable(noted))
        return [*messages, *rules(protection, (3, 4)), f"{rows(path)} rows"]


def test_what_finds_no_room_is_written_later(tmp_path: Path) -> None:
    path = tmp_path / "file"
    script = "import sys, pathlib, test_slashing as here\n"
    script += "print(*here.sign_on_a_full_disk(pathlib.Path(sys.argv[1])), sep='|', end='')"

    command = [sys.executable, "-W", "error", "-c", script, str(path)]
    done = run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent)

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
        noted = [protection.check(PUBKEY, sent((slot,)), ROOT) for slot in range(50)]
        before = transactions(path)
        await asyncio.gather(*map(protection.durable, noted))
        return transactions(path) - before, rows(path)

    with opened(path) as protection:
        assert (1, 50) == asyncio.run(sign(protection))


def test_what_is_signed_while_others_are_written_is_written_too(tmp_path: Path) -> None:
    async def sign(protection: Protection, slots: range) -> None:
        for slot in slots:
            await protection.durable(protection.check(PUBKEY, sent((slot,)), ROOT))

    async def sign_all(protection: Protection) -> None:
        await asyncio.gather(*(sign(protection, range(start, 80, 8)) for start in range(8)))

    with opened(tmp_path / "file") as protection:
        asyncio.run(sign_all(protection))

        assert 80 == rows(tmp_path / "file")


def test_who_stops_waiting_for_the_disk_disturbs_nobody(tmp_path: Path) -> None:
    async def sign(protection: Protection) -> list[BaseException | None]:
        noted = [protection.check(PUBKEY, sent((slot,)), ROOT) for slot in range(3)]
        waiting = [asyncio.create_task(protection.durable(number)) for number in noted]
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


EPOCH = "data[0].signed_attestations[0].source_epoch: expected an integer"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"5"', '"4"', "metadata.interchange_format_version: "),
        ('"5"', "5", "metadata.interchange_format_version: "),
        ('"metadata"', '"meta"', "metadata: expected this member"),
        ('"signed_blocks"', '"blocks"', "data[0].signed_blocks: expected this member"),
        ('"3"', "-3", EPOCH),
        ('"3"', '"-3"', EPOCH),
        ('"3"', "3.5", EPOCH),
        ('"3"', '"3.5"', EPOCH),
        ('"3"', '"1e3"', EPOCH),
        ('"3"', f'"{MAX + 1}"', EPOCH),
        ('"7"', '""', "data[0].signed_blocks[0].slot: expected an integer"),
        (hexed(PUBKEY), hexed(PUBKEY[1:]), "data[0].pubkey: expected 48 bytes, found 47"),
        (hexed(ROOT), "0xa1", "data[0].signed_blocks[0].signing_root: expected 32 bytes"),
        ("{", "milk", "expected slashing protection data as a JSON object"),
    ],
)
def test_a_document_with_something_wrong_is_refused(old: str, new: str, message: str) -> None:
    text = document((7,), (3, 4), root=ROOT).replace(old, new)

    with pytest.raises(BadRequestError) as caught:
        decode(text, PRIVATE)

    assert str(caught.value).startswith(message)


def test_a_document_of_another_network_is_refused() -> None:
    with pytest.raises(BadRequestError, match=r"^metadata.genesis_validators_root: .+ of mainnet"):
        decode(document(), MAINNET)


@pytest.mark.parametrize("network", [PRIVATE, NETWORKS["minimal"]])
def test_a_network_without_a_root_takes_a_document_of_any(network: Network) -> None:
    interchange = decode(document(), network)

    assert CHAIN == interchange.metadata.genesis_validators_root


@pytest.mark.parametrize(
    "documents",
    [
        [document((9,), (5,), (8, 9), (5, 6))],
        [document((9,), (5,), (8, 9), (5, 6), root=ROOT)],
        [document((2,), (1, 2)), document((9,), (8, 9))],
    ],
    ids=["without-roots", "with-roots", "two-imports"],
)
def test_what_is_exported_refuses_the_same_elsewhere(documents: list[str]) -> None:
    epochs = range(12)
    messages = [(slot,) for slot in epochs] + [(a, b) for a in epochs for b in epochs]
    exported = importing(*documents).export([PUBKEY], PRIVATE)

    here, there = (
        [rules(importing(*texts), message) != [""] for message in messages]
        for texts in (documents, [exported])
    )

    assert here == there


def test_identical_histories_are_exported_as_identical_text(tmp_path: Path) -> None:
    text = document((5,), (9,), (5, 6), (8, 9), keys=KEYS)
    with opened(tmp_path / "file") as protection:
        protection.merge(decode(text, PRIVATE))
        expected = protection.export(KEYS, PRIVATE)

    with opened(tmp_path / "file") as restarted:
        others = [restarted, restarted, importing(text)]
        found = {each.export(reversed(KEYS), PRIVATE) for each in others}

    assert {expected} == found


def export_of(network: Network, *signed: tuple[bytes, Message, bytes]) -> tuple[str, list[str]]:
    """The chain and the keys that are exported, of keys that signed a message on a chain each."""
    protection = protecting()
    for key, message, chain in signed:
        protection.check(key, sent(message, chain), ROOT)
    exported = json.loads(protection.export(KEYS, network))
    keys = [history["pubkey"] for history in exported["data"]]
    return exported["metadata"]["genesis_validators_root"], keys


@pytest.mark.parametrize(
    ("network", "chain", "keys"),
    [(OURS, CHAIN, [PUBKEY]), (MAINNET, OTHER_CHAIN, KEYS[1:]), (PRIVATE, OTHER_CHAIN, KEYS[1:])],
    ids=["the-network", "another-network", "no-root"],
)
def test_an_export_is_about_the_network_or_the_chain_where_most_keys_signed(
    network: Network, chain: bytes, keys: list[bytes]
) -> None:
    signed = (PUBKEY, (7,), CHAIN), (SECOND, (7,), OTHER_CHAIN), (THIRD, (3, 4), OTHER_CHAIN)

    assert (hexed(chain), list(map(hexed, keys))) == export_of(network, *signed)


def test_an_export_counts_a_key_with_blocks_and_attestations_once() -> None:
    twice = (PUBKEY, (7,), CHAIN), (PUBKEY, (3, 4), CHAIN)
    once = (SECOND, (7,), OTHER_CHAIN), (THIRD, (7,), OTHER_CHAIN)

    chain, _ = export_of(PRIVATE, *twice, *once)

    assert hexed(OTHER_CHAIN) == chain


@pytest.mark.parametrize(
    ("network", "root"), [(OURS, CHAIN), (PRIVATE, bytes(32))], ids=["root", "no-root"]
)
def test_without_a_history_an_export_has_no_data(network: Network, root: bytes) -> None:
    exported = json.loads(protecting().export(KEYS, network))

    metadata = {"interchange_format_version": "5", "genesis_validators_root": hexed(root)}
    assert {"metadata": metadata, "data": []} == exported
