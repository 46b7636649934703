"""Verdicts: nobody wins inside of the noise."""

import pytest

from signer.tools.bench.figures import Figures, Verdict, judge
from signer.tools.bench.loads import Load

LOAD = Load("new roots", 16)


def figures(target: str, *rates: float) -> Figures:
    return Figures(target, LOAD, [{"per second": rate} for rate in rates])


def verdict(*compared: Figures, ceiling: float = 100_000.0) -> Verdict:
    [found] = judge(compared, "per second", is_more_better=True, ceiling=ceiling)
    return found


def test_a_clear_difference_has_a_winner() -> None:
    found = verdict(figures("slow", 100, 104, 98), figures("fast", 201, 199, 205))

    assert "fast" == found.winner
    assert "fast, 2.01 x better than slow (rounds 199 to 205, the other's 98 to 104)" == found.text


def test_a_lower_latency_wins() -> None:
    [found] = judge(
        [figures("slow", 9.0, 9.2, 9.1), figures("fast", 3.0, 3.1, 3.2)],
        "per second",
        is_more_better=False,
    )

    assert ("fast", "slow") == (found.winner, found.loser)


NO_WINNER = {
    "rounds that overlap": ([100, 120, 110], [115, 130, 125], "their rounds overlap"),
    "rounds as far apart as the two": ([100, 60, 99], [101, 140, 102], "differ as much"),
    "too few rounds": ([100, 100], [200, 200], "fewer than 3 rounds"),
    "the generator's limit": ([90_000] * 3, [95_000] * 3, "the generator is the limit of both"),
}


@pytest.mark.parametrize("case", NO_WINNER)
def test_a_doubtful_difference_has_no_winner(case: str) -> None:
    one, other, reason = NO_WINNER[case]

    found = verdict(figures("one", *one), figures("other", *other))

    assert "" == found.winner
    assert found.text.startswith("no winner: ")
    assert reason in found.text


def test_a_percentile_that_a_round_lacks_has_no_median() -> None:
    rows = [{"p50 ms": 30.0, "max ms": 40.0}, {"p50 ms": 2.0, "p99 ms": 3.0, "max ms": 4.0}]
    partial = Figures("partial", LOAD, [rows[0], rows[0], rows[1]])

    assert (30.0, None) == (partial.median("p50 ms"), partial.median("p99 ms"))
    assert ["p50 ms", "max ms"] == partial.columns()


def test_a_percentile_that_a_round_lacks_is_not_judged() -> None:
    whole = Figures("whole", LOAD, [{"p99 ms": 9.0}] * 3)
    partial = Figures("partial", LOAD, [{}, {"p99 ms": 1.0}, {"p99 ms": 1.0}, {"p99 ms": 1.0}])

    assert [] == judge([whole, partial], "p99 ms", is_more_better=False)


def test_one_target_alone_has_no_verdict() -> None:
    assert [] == judge([figures("one", 1, 2, 3)], "per second", is_more_better=True)


def test_the_best_is_compared_with_each_other_one() -> None:
    found = judge(
        [
            figures("near", 198, 204, 200),
            figures("slow", 99, 98, 97),
            figures("best", 201, 207, 203),
        ],
        "per second",
        is_more_better=True,
    )

    assert [("", ""), ("best", "slow")] == [(one.winner, one.loser) for one in found]
    assert found[0].text.startswith("no winner of best and near: ")
