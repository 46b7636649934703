"""`make bench ARGS=bls`: libraries of this environment answer and agree; the pages have figures."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import page
from bls import edges, official, speed
from bls.libraries import LIBRARIES, Library
from bls.sides import ENDED, NotInstalledError, Side
from run import Run
from signer import SecretKey

BREAKDOWN = Path(__file__).parent.parent / "benchmarks" / "breakdown.py"
BY_NAME = {library.name: library for library in LIBRARIES}
AT_THE_EDGE = re.compile("infinity|na_signatures|zero_privkey|_b_flag|mask_bits_111")
TINY = Run(rounds=2, seconds=0.06, quick=True)

# answers a request, and ends
ENDS = "input(); print('{\"absent\": true}', flush=True); input()"
# takes every request, and answers the same
LIES = 'import sys\nfor _ in sys.stdin: print(\'{"ok": "00"}\', flush=True)'


def script(code: str) -> Library:
    """A library whose program is this code."""
    command = (sys.executable, "-c", code)
    return Library("a script", "Python", "nothing", command, Path(__file__), "(version)")


@pytest.fixture
def ours() -> Iterator[Side]:
    with Side(BY_NAME["signer._core"]) as side:
        yield side


@pytest.fixture
def arkworks() -> Iterator[Side]:
    with Side(BY_NAME["arkworks"]) as side:
        yield side


def signature_of_2() -> bytes:
    return SecretKey.from_bytes((2).to_bytes(32, "big")).sign(edges.MESSAGE)


def test_our_library_agrees_with_all_vectors_that_it_has_an_operation_for(ours: Side) -> None:
    result = official.check(ours)

    assert (57, []) == (result.asked, result.differences)


def test_a_curve_without_a_scheme_differs_at_the_edge_only(arkworks: Side) -> None:
    result = official.check(arkworks)

    assert 91 == result.asked
    assert "verify_infinity_pubkey_and_infinity_signature" in result.differences
    assert [] == [name for name in result.differences if not AT_THE_EDGE.search(name)]


def test_our_library_does_at_the_edge_what_is_specified(ours: Side) -> None:
    rows = edges.table([ours], signature_of_2())

    cells = {row["signer._core"] for row in rows.values()}
    assert {"ok", "-", "refused"} == cells
    assert ["left open"] == [
        row["specified"] for row in rows.values() if row["signer._core"] == "refused"
    ]


def test_the_table_tells_that_a_curve_takes_infinity_for_a_key(arkworks: Side) -> None:
    rows = edges.table([arkworks], signature_of_2())

    assert "**accepted**" == rows["verify infinity by infinity"]["arkworks"]
    assert "ok" == rows["a key outside of the group"]["arkworks"]


def test_the_points_at_the_edge_differ_from_valid_ones_in_the_edge_alone(ours: Side) -> None:
    answer = ours.ask("verify", pubkey=edges.KEY, message=edges.MESSAGE, signature=edges.SIGNATURE)

    assert {"ok": True} == answer


def test_libraries_are_measured_next_to_the_first(ours: Side, arkworks: Side) -> None:
    figures = speed.measure(TINY, [ours, arkworks], progress=lambda _: None)

    assert {1.0} == {figure.ratio for figure in figures.by_library["signer._core"].values()}
    assert {"sign", "verify", "verify 512"} < set(figures.by_library["arkworks"])
    assert all(figure.seconds > 0 for figure in figures.by_library["arkworks"].values())


def test_a_library_with_another_result_is_not_measured(ours: Side) -> None:
    with Side(script(LIES)) as liar, pytest.raises(AssertionError, match="a script, sign"):
        speed.measure(TINY, [ours, liar], progress=lambda _: None)


def test_a_library_that_is_not_installed_says_why() -> None:
    with pytest.raises(NotInstalledError, match="No module named 'no_such_library'"):
        Side(script("import no_such_library"))


def test_a_process_that_ends_is_told_and_started_again() -> None:
    with Side(script(ENDS)) as side:
        answers = [side.ask("verify"), side.ask("verify")]

    assert [ENDED, {"absent": True}] == answers


def test_a_table_replaces_what_stands_between_its_markers(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("before\n<!-- table: speed -->\nold\n<!-- end -->\nafter\n")

    page.write(document, {"speed": {"blst": {"sign": 1.0}}}, {})

    lines = document.read_text("utf-8").splitlines()
    assert ["before", "<!-- table: speed -->"] == lines[:2]
    assert ["| speed | sign |", "| blst  | 1    |"] == [lines[3], lines[5]]
    assert ["<!-- end -->", "after"] == lines[-2:]


def table(document: str, name: str) -> dict[str, dict[str, str]]:
    """A table of a page of docs/, by row, then by column."""
    text = (page.DOCS / document).read_text("utf-8")
    content = text.split(f"<!-- table: {name} -->")[1].split("<!-- end -->")[0]
    rows = [
        [cell.strip() for cell in line.strip("| \n").split(" | ")]
        for line in content.strip().splitlines()
    ]
    columns = rows[0][1:]
    return {row[0]: dict(zip(columns, row[1:], strict=True)) for row in rows[2:]}


def number(cell: str) -> float:
    return float(cell.replace(",", ""))


def test_the_page_of_libraries_has_a_figure_of_six_or_more_for_each_operation() -> None:
    ratios = table("bls.md", "BLS ratios")
    noise = ratios.pop("noise")

    for operation in noise:
        cells = [row[operation] for row in ratios.values() if row[operation] != "-"]
        assert len(cells) >= 6
        assert all(number(cell) > 0 for cell in cells)


def test_the_tables_of_the_page_are_of_the_same_libraries() -> None:
    measured = table("bls.md", "BLS ratios")
    measured.pop("noise")

    assert [*measured] == [*table("bls.md", "BLS microseconds")]
    for row in table("bls.md", "BLS edge cases").values():
        assert ["specified", *measured] == [*row]
    assert set(measured) <= set(table("bls.md", "BLS libraries")) == set(BY_NAME)


def test_the_parts_of_a_request_on_the_page_add_up() -> None:
    parts = table("hybrid.md", "where a request goes")

    for column in ("new roots µs", "one root µs"):
        all_of_it = number(parts["all of a request"][column])
        added = sum(number(row[column]) for row in parts.values()) - all_of_it
        assert added == pytest.approx(all_of_it, rel=0.15)  # medians of each part


@pytest.mark.slow
def test_a_quick_profile_tells_the_steps_and_the_total() -> None:
    done = subprocess.run(
        [sys.executable, BREAKDOWN, "--quick"], capture_output=True, text=True, check=False
    )

    assert 0 == done.returncode, done.stderr
    for row in ("all of a request", "compute the root", "sign, new root"):
        assert f"| {row} " in done.stdout
