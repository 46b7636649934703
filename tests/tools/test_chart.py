"""The chart of a comparison: it tells what the table tells."""

from signer.tools.bench.chart import chart

FAST = [0.001] * 200
USUAL = [0.002] * 150 + [0.003] * 50
SLOW = [0.1] * 200


def drawn(*rounds: list[float]) -> str:
    return chart({"signer": rounds}, "Latency", "", {})


def test_a_line_is_the_median_of_the_rounds() -> None:
    assert drawn(USUAL) == drawn(SLOW, USUAL, FAST)


def test_a_percentile_that_a_round_lacks_is_not_drawn() -> None:
    assert ">99</text>" in drawn(USUAL, USUAL)
    assert ">99</text>" not in drawn(USUAL, USUAL[:50])


def test_two_marked_names_are_apart() -> None:
    """Each has two remarks, and 18 pixels are between two lines of text at least."""
    remarks = {"one": ["wrong signatures", "gone"], "other": ["wrong signatures", "gone"]}
    text = chart({"one": [USUAL], "other": [USUAL]}, "Latency", "", remarks)
    places = [
        float(line.rpartition(' y="')[2].partition('"')[0])
        for line in text.splitlines()
        if line.endswith((">one</text>", ">other</text>"))
    ]

    assert 3 * 15 <= abs(places[0] - places[1])
