"""The journal by itself: threads that wait for records."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from msgspec import Raw, structs

from signer.control.filters import RecordFilter
from signer.control.journal import MAX_RECORDS, Journal, Record, size_of

TIMEOUT = 20.0
EVERY = RecordFilter()


def record(**members: Any) -> Record:
    return Record(time=0.0, duration=0.0, method="POST", path="/", **members)


@contextmanager
def waiting(
    journal: Journal,
    needed: int,
    wanted: RecordFilter = EVERY,
) -> Iterator[Future[list[Record]]]:
    """A thread that waits, and is seen to."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(journal.wait_for, needed, TIMEOUT, wanted, 0)
        while not journal._waiters:  # noqa: SLF001 - nobody else tells
            pass
        yield future


def test_a_waiter_gets_earlier_records_and_new_ones() -> None:
    journal = Journal()
    journal.add(record(slot=1))
    with waiting(journal, 2, RecordFilter(slot=1)) as records:
        journal.add(record(slot=2))
        journal.add(record(slot=1))

        assert [1, 3] == [found.seq for found in records.result(TIMEOUT)]


def test_a_waiter_counts_a_request_that_hung_once() -> None:
    journal = Journal()
    with waiting(journal, 2) as records:
        hanging = journal.add(record())
        journal.add(structs.replace(hanging, status=200))
        journal.add(record(status=404))

        assert [200, 404] == [found.status for found in records.result(TIMEOUT)]


def test_a_waiter_drops_a_record_that_no_longer_matches() -> None:
    journal = Journal()
    with waiting(journal, 2, RecordFilter(fault=1)) as records:
        hanging = journal.add(record(fault=1))
        journal.add(structs.replace(hanging, fault=None, status=200))
        for _ in range(2):
            journal.add(record(fault=1))

        assert [2, 3] == [found.seq for found in records.result(TIMEOUT)]


def test_a_waiter_forgets_what_is_forgotten() -> None:
    journal = Journal()
    with waiting(journal, 2) as records:
        journal.add(record(slot=1))
        journal.clear()
        for slot in (2, 3):
            journal.add(record(slot=slot))

        assert [2, 3] == [found.slot for found in records.result(TIMEOUT)]


def test_release_lets_a_waiter_go_with_what_there_is() -> None:
    journal = Journal()
    with waiting(journal, 2) as records:
        journal.add(record())
        journal.release()

        assert 1 == len(records.result(TIMEOUT))


def test_no_record_is_missed_while_earlier_ones_are_looked_through() -> None:
    journal = Journal()
    for _ in range(MAX_RECORDS):
        journal.add(record())
    is_over = threading.Event()

    def add_until_over() -> int:
        added = 0
        while not is_over.is_set():
            journal.add(record(slot=added))
            added += 1
        return added

    with ThreadPoolExecutor(1) as pool:
        adding = pool.submit(add_until_over)
        records = journal.wait_for(500, TIMEOUT, RecordFilter(method="POST"), since=MAX_RECORDS)
        is_over.set()
        adding.result(TIMEOUT)

    numbers = [found.seq for found in records]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_the_oldest_bodies_are_dropped_above_64_mib_and_marked() -> None:
    journal = Journal()
    body = Raw(b'"%s"' % (b"a" * ((16 << 20) - 2)))
    for _ in range(6):
        journal.add(record(), body)

    records = journal.wait_for(0, 0, EVERY, 0)

    assert [True, True, False, False, False, False] == [found.body_dropped for found in records]
    assert [None, None] == [found.body for found in records[:2]]
    assert 4 * (16 << 20) == sum(size_of(found.raw_body) for found in records)


def test_a_dropped_record_no_longer_counts_towards_64_mib() -> None:
    journal = Journal()
    body = Raw(b'"%s"' % (b"a" * ((40 << 20) - 2)))
    journal.add(record(), body)
    journal.clear()
    journal.add(record(), body)

    assert [False] == [found.body_dropped for found in journal.wait_for(0, 0, EVERY, 0)]
