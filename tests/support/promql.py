"""What an expression of PromQL asks for: its series and its labels, found by their spelling.

A real Prometheus evaluates them in `tests/metrics/test_prometheus.py`, where there is one.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from prometheus_client.samples import Sample

GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
SELECTOR = re.compile(r"(?<![\w$])([a-zA-Z_:][\w:]*)\s*(?![\w:]|\s*\()(\{[^}]*\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
KEYWORDS = {"and", "or", "unless", "offset", "bool", "by", "without", "on", "ignoring"}
OF_THE_TARGET = {"instance", "job"}  # Prometheus adds these


class Selector(NamedTuple):
    """A metric and the matchers of its labels: the name, the operator, the value."""

    name: str
    matchers: tuple[tuple[str, str, str], ...]

    def accepts(self, sample: Sample) -> bool:
        """Whether a sample is of this metric, has these labels, and their values match."""
        return sample.name == self.name and all(
            name in sample.labels and matches(operator, value, sample.labels[name])
            for name, operator, value in self.matchers
            if name not in OF_THE_TARGET
        )


def matches(operator: str, expected: str, found: str) -> bool:
    """Whether a label has a value."""
    if "~" in operator:
        return (re.fullmatch(expected, found) is not None) == (operator == "=~")
    return (expected == found) == (operator == "=")


def selectors(expression: str) -> list[Selector]:
    """The selectors of an expression."""
    plain = re.sub(r"\[[^\]]*\]", "", GROUPING.sub("", expression))
    return [
        Selector(name, tuple(MATCHER.findall(labels)))
        for name, labels in SELECTOR.findall(plain)
        if name not in KEYWORDS
    ]


def grouping(expression: str) -> set[str]:
    """The labels that an expression groups by, without those of the target."""
    found = ",".join(GROUPING.findall(expression))
    return {name.strip() for name in found.split(",") if name.strip()} - OF_THE_TARGET


def matching(expression: str, samples: Sequence[Sample]) -> list[Sample]:
    """The samples that an expression asks for; fails when one of its selectors finds none."""
    found = []
    for selector in selectors(expression):
        accepted = [sample for sample in samples if selector.accepts(sample)]
        assert accepted, f"no series for {selector} of {expression}"
        found += accepted
    assert found, expression
    return found
