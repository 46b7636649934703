"""An SVG chart: latency by percentile on a log scale, a line for each target.

Each point is the median of the rounds, as in the tables. The x axis gives each further nine of a
percentile the same room (50, 90, 99, 99.9), and its right end is the slowest request. Colours
follow the reader's light or dark mode, and each line has its own dashes.
"""

import math
from collections.abc import Mapping, Sequence
from html import escape
from statistics import median
from typing import NamedTuple

WIDTH = 860
HEIGHT = 460
LEFT = 70
RIGHT = 190  # room for the names of the lines
TOP = 60
BOTTOM = 56
ROOM_OF_MAX = 40  # from the last percentile to the slowest request
POINTS = 80  # of a line
SHARES = (0.0, 0.5, 0.9, 0.99, 0.999, 0.9999)
MOST_NINES = 4.0
STEPS = (1.0, 2.0, 5.0)  # of the y axis in each power of ten
NAME_HEIGHT = 18  # between two names of lines
REMARK_HEIGHT = 15  # of each remark below a name
LONGEST_NAME = 26  # characters
LIGHT = ("#0b6bcb", "#c2410c", "#15803d", "#7e22ce", "#a16207", "#be123c")
DARK = ("#60a5fa", "#fb923c", "#4ade80", "#c084fc", "#facc15", "#fb7185")
DASHES = ("", "8 4", "2 3", "10 3 2 3", "4 4", "14 4")


Rounds = Sequence[Sequence[float]]


class _Line(NamedTuple):
    """The latencies of one target: by share of the requests, and the slowest one."""

    seconds: dict[float, float]
    slowest: float
    remarks: Sequence[str]


def chart(
    latencies: Mapping[str, Rounds],
    title: str,
    subtitle: str,
    remarks: Mapping[str, Sequence[str]],
) -> str:
    """The chart of latencies in seconds, by target and round; targets without any are left out.

    `remarks` stand below the name of a target.
    """
    lines = {}
    for name, rounds in latencies.items():
        if rounds:
            lines[name] = _line_of(rounds, remarks.get(name, ()))
    scale = _scale_of([*lines.values()])
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" font-family="system-ui, sans-serif" '
        'font-size="13">'
    )
    parts = [
        opening,
        f"<title>{escape(title)}</title>",
        f"<style>{_style(len(lines))}</style>",
        '<rect class="paper" width="100%" height="100%"/>',
        f'<text x="{LEFT}" y="24" font-size="16" font-weight="600">{escape(title)}</text>',
        f'<text class="quiet" x="{LEFT}" y="44">{escape(subtitle)}</text>',
        *_grid(scale),
        *_lines(lines, scale),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _line_of(rounds: Rounds, remarks: Sequence[str]) -> _Line:
    """Medians of the rounds, for each percentile that every round has."""
    ordered = [sorted(seconds) for seconds in rounds]
    fewest = min(map(len, ordered))
    shares = {*SHARES, *(1 - 10 ** (-MOST_NINES * number / POINTS) for number in range(POINTS))}
    seconds = {}
    for share in sorted(shares):
        if fewest * (1 - share) >= 1:  # as in the tables
            seconds[share] = median(one[int(share * len(one))] for one in ordered)
    return _Line(seconds, median(one[-1] for one in ordered), remarks)


def _nines(share: float) -> float:
    return -math.log10(1 - share)


class _Scale:
    """Where percentiles and latencies are in the picture."""

    def __init__(self, most_nines: float, low: float, high: float) -> None:
        self.most_nines = most_nines  # of the last percentile
        self.low = math.log10(max(low, 1e-6)) - 0.05
        self.high = math.log10(max(high, 1e-6)) + 0.05

    def x(self, share: float) -> float:
        width = WIDTH - LEFT - RIGHT - ROOM_OF_MAX
        return LEFT + width * _nines(share) / self.most_nines

    def y(self, seconds: float) -> float:
        part = (math.log10(max(seconds, 1e-6)) - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part


def _scale_of(lines: Sequence[_Line]) -> _Scale:
    """A scale with room for all lines; rounds of 1,000 latencies end at three nines."""
    shares = [share for line in lines for share in line.seconds]
    fastest = [line.seconds[0.0] for line in lines]
    return _Scale(
        most_nines=max(1.0, _nines(max(shares, default=0.0))),
        low=min(fastest, default=1e-3),
        high=max((line.slowest for line in lines), default=1e-2),
    )


def _style(count: int) -> str:
    light = "".join(_colour(number, LIGHT) for number in range(count))
    dark = "".join(_colour(number, DARK) for number in range(count))
    return (
        ".paper{fill:#ffffff}text{fill:#1f2328}.quiet{fill:#59636e}.grid{stroke:#d1d9e0}"
        f"path{{fill:none;stroke-width:2}}{light}"
        "@media (prefers-color-scheme:dark){"
        f".paper{{fill:#0d1117}}text{{fill:#f0f6fc}}.quiet{{fill:#9198a1}}.grid{{stroke:#3d444d}}{dark}}}"
    )


def _colour(number: int, colours: Sequence[str]) -> str:
    return f".line{number}{{stroke:{colours[number % len(colours)]}}}"


def _grid(scale: _Scale) -> list[str]:
    """The axes, their marks and their names."""
    bottom = HEIGHT - BOTTOM
    right = WIDTH - RIGHT
    parts = []
    for share in SHARES:
        if _nines(share) <= scale.most_nines + 1e-9:
            parts += _mark(scale.x(share), f"{share * 100:g}")
    parts += _mark(right, "max")
    for seconds in _marks(scale):
        y = scale.y(seconds)
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>')
        label = f"{seconds * 1e3:g}"
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    middle = (LEFT + right) / 2
    name = "percentile of the requests"
    parts.append(
        f'<text class="quiet" x="{middle}" y="{HEIGHT - 12}" text-anchor="middle">{name}</text>'
    )
    middle = (TOP + bottom) / 2
    parts.append(
        f'<text class="quiet" transform="translate(20 {middle}) rotate(-90)" '
        'text-anchor="middle">latency, ms (log scale)</text>'
    )
    return parts


def _mark(x: float, label: str) -> list[str]:
    """A mark of the x axis."""
    bottom = HEIGHT - BOTTOM
    return [
        f'<line class="grid" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}"/>',
        f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{label}</text>',
    ]


def _marks(scale: _Scale) -> list[float]:
    """The latencies, in seconds, that the y axis names."""
    marks = []
    for power in range(math.floor(scale.low), math.ceil(scale.high) + 1):
        for step in STEPS:
            seconds = step * 10.0**power
            if scale.low <= math.log10(seconds) <= scale.high:
                marks.append(seconds)
    return marks


def _lines(lines: Mapping[str, _Line], scale: _Scale) -> list[str]:
    parts = []
    ends = {name: scale.y(line.slowest) for name, line in lines.items()}
    places = _apart(lines, ends)
    for number, (name, line) in enumerate(lines.items()):
        dashes = DASHES[number % len(DASHES)]
        parts.append(
            f'<path class="line{number}" stroke-dasharray="{dashes}" d="{_path(line, scale)}"/>'
        )
        shown = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 2]}.."
        y = places[name]
        x = WIDTH - RIGHT
        parts.append(
            f'<path class="line{number}" d="M{x} {ends[name]:.1f} L{x + 14} {y - 4:.1f}"/>'
            f'<text x="{x + 18}" y="{y:.1f}">{escape(shown)}</text>'
        )
        for remark in line.remarks:
            y += REMARK_HEIGHT
            parts.append(f'<text class="quiet" x="{x + 18}" y="{y:.1f}">{escape(remark)}</text>')
    return parts


def _apart(lines: Mapping[str, _Line], ends: Mapping[str, float]) -> dict[str, float]:
    """Where the names stand: at the ends of their lines, but never over each other."""
    places: dict[str, float] = {}
    free = -math.inf
    bottom = -math.inf
    for name, y in sorted(ends.items(), key=lambda item: item[1]):
        places[name] = max(y + 4, free)
        bottom = places[name] + REMARK_HEIGHT * len(lines[name].remarks)
        free = bottom + NAME_HEIGHT
    over = bottom - (HEIGHT - BOTTOM)
    if over > 0:
        places = {name: y - over for name, y in places.items()}
    return places


def _path(line: _Line, scale: _Scale) -> str:
    """The line of one target; its last point is the slowest request."""
    words = []
    for share, seconds in line.seconds.items():
        words.append(f"{scale.x(share):.1f} {scale.y(seconds):.1f}")
    words.append(f"{WIDTH - RIGHT} {scale.y(line.slowest):.1f}")
    return f"M{' L'.join(words)}"
