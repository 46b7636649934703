"""What a key may not sign any more, and what is done about it.

The cases are our own. A message is its numbers here: (slot,), or (source epoch, target epoch).
"""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from signer.config.settings import Config, SlashingMode
from signer.errors import SlashingError
from signer.signing.registry import SigningTypes
from signer.slashing.interchange import decode
from signer.slashing.protection import VOTES_KEPT_PER_HISTORY, Protection
from signer.slashing.rules import History, Vote, lowest
from signer.slashing.slashable import Slashable
from support.protection import (
    CHAIN,
    MAX,
    OTHER_CHAIN,
    OTHER_ROOT,
    PRIVATE,
    PUBKEY,
    ROOT,
    SECOND,
    Message,
    check,
    document,
    hexed,
    importing,
    kept,
    opened,
    protecting,
    rows,
    rules,
    sent,
    shown,
)
from support.vectors import vectors

OTHER_TYPES = {
    case["type"]: case["request"]
    for case in vectors("signing/signing.json")["cases"]
    if case["type"] not in {"ATTESTATION", "BLOCK", "BLOCK_V2"}
}


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
    protection.admit(PUBKEY, sent(earlier), ROOT)

    with pytest.raises(SlashingError) as caught:
        protection.admit(PUBKEY, sent(later), OTHER_ROOT)

    later_text, earlier_text = (
        ", ".join(f"{name} {value}" for name, value in shown(*message).items())
        for message in [(later, OTHER_ROOT), (earlier, ROOT)]
    )
    text = f"not signed: {rule} by 0x01010101..: {later_text} conflicts with {earlier_text}: "
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
        rules(protection, (0, 1), signed, root=OTHER_ROOT)

        found = rules(protection, refused, beside_the_refused)

    assert [True, False] == [bool(rule) for rule in found]
    assert 3 == rows(tmp_path / "file")


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
        (PUBKEY, CHAIN, (8,)),
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
    protection, request = (
        protecting(),
        SigningTypes().decode(json.dumps(OTHER_TYPES[kind]).encode()),
    )

    found = [check(protection, request, root) for root in (ROOT, OTHER_ROOT)]

    assert (["", ""], False) == (found, protection.has_signed(PUBKEY))


@pytest.mark.parametrize(
    ("rule", "earlier", "later"),
    [("double_block_proposal", (7,), (7,)), ("surrounding_vote", (3, 4), (2, MAX))],
)
def test_report_signs_and_tells(rule: str, earlier: Message, later: Message) -> None:
    counted: list[tuple[str, str]] = []
    protection = Protection(
        Config(slashing="report"),
        None,
        lambda kind, rule: counted.append((kind, rule)),
    )

    for message, root in [(earlier, ROOT), (later, OTHER_ROOT), (later, OTHER_ROOT)]:
        protection.admit(PUBKEY, sent(message), root)

    messages = shown(earlier, ROOT), shown(later, OTHER_ROOT)
    assert [Slashable(rule, hexed(PUBKEY), hexed(CHAIN), *messages)] == list(protection.pairs)
    assert ([("slashable", rule)], 2) == (counted, kept(protection))


def test_off_signs_and_remembers_nothing(tmp_path: Path) -> None:
    with opened(tmp_path / "file", "off") as protection:
        noted = [protection.admit(PUBKEY, sent((7,)), root) for root in (ROOT, OTHER_ROOT)]

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


@pytest.mark.parametrize("message", [(1, 0), (8, 7), (MAX, 7), (MAX, MAX - 1)])
def test_enforce_signs_no_source_above_its_target(message: Message) -> None:
    protection = protecting()

    found = rules(protection, message, (6, 7))

    assert ["invalid_source:", ""] == found


def test_an_imported_source_above_its_target_is_not_signed_again() -> None:
    protection = importing(document((8, 7), root=ROOT))

    assert ["invalid_source:"] == rules(protection, (8, 7))


@pytest.mark.parametrize("mode", ["report", "off"])
def test_a_source_above_its_target_is_no_slashable_pair(
    mode: SlashingMode, caplog: pytest.LogCaptureFixture
) -> None:
    protection = protecting(mode)

    found = rules(protection, (8, 7))

    assert ([""], 0) == (found, len(protection.pairs))
    warned = "source epoch 8 is above target epoch 7" in caplog.text
    assert (mode == "report") == warned


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


def is_older(vote: Data, first: Data) -> bool:
    """Web3Signer's low watermark."""
    return vote[0] < first[0] or vote[1] < first[1]


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
def test_enforce_refuses_what_is_slashable_invalid_or_older_than_the_first_vote(
    seed: int, epochs: int
) -> None:
    votes, signed, expected = random_votes(seed, 400, epochs), list[Data](), list[bool]()
    for vote in votes:
        slashable = any(is_slashable(vote, earlier) for earlier in signed)
        older = any(is_older(vote, first) for first in signed[:1])
        invalid = vote[0] > vote[1]  # Web3Signer, AttestationValidator
        expected.append(slashable or older or invalid)
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
    protection, votes = protecting("report"), random_votes(seed, 2 * VOTES_KEPT_PER_HISTORY, 300)
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


@pytest.mark.parametrize(
    ("first", "older", "newer"),
    [
        ((100,), [(99,), (1,), (0,)], (101,)),
        ((10, 20), [(9, 21), (10, 19), (0, 1)], (10, 21)),
    ],
    ids=["block", "attestation"],
)
@pytest.mark.parametrize("restarts", [0, 1])
def test_enforce_refuses_messages_below_the_first(
    tmp_path: Path, restarts: int, first: Message, older: list[Message], newer: Message
) -> None:
    with opened(tmp_path / "file") as protection:
        rules(protection, first)
        found = [] if restarts else rules(protection, *older, first, newer)

    with opened(tmp_path / "file") as restarted:
        found = found or rules(restarted, *older, first, newer)

    assert [True] * len(older) + [False, False] == [bool(rule) for rule in found]


@pytest.mark.parametrize("mode", ["report", "off"])
def test_only_enforce_refuses_messages_below_the_first(mode: SlashingMode) -> None:
    protection = protecting(mode)

    found = rules(protection, (100,), (99,), (10, 20), (9, 10))

    assert [""] * 4 == found
    assert 0 == len(protection.pairs)


def test_a_source_above_its_target_counts_up_to_the_target() -> None:
    assert Vote(5, 5) == lowest([Vote(MAX, 5), Vote(6, 7)])


def test_a_pruned_vote_from_beyond_its_target_refuses_no_later_vote() -> None:
    history = History()
    history.add(Vote(MAX, 5))
    for epoch in range(10, 20):
        history.add(Vote(epoch, epoch + 1))

    history.prune(5)

    assert Vote(14, 16) == history.minimum
    assert history.conflict(Vote(20, 21)) is None
