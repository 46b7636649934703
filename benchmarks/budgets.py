"""What we allow ourselves: a budget that holds, an aim, and which figure shows it."""

from typing import NamedTuple

from run import Run

# What upstream py3signer signed with a worker for each of 2 cores, in what raw blst signs on all
# cores: 2,911 new roots and 3,027 times one root a second, at 330 µs for a raw signature.
UPSTREAM_NEW, UPSTREAM_ONE = 0.48, 0.50


class Budget(NamedTuple):
    """A figure of a table, and what it may be at most; or at least, where more is better."""

    name: str
    budget: float
    aim: float
    figure: tuple[str, str, str]  # table, row, column, which has the unit
    at_least: bool = False

    def measured(self, run: Run) -> float | None:
        """The figure, or None where the part that measures it did not run."""
        table, row, column = self.figure
        value = run.tables.get(table, {}).get(row, {}).get(column)
        return None if value is None else float(value)

    def verdict(self, run: Run) -> str:
        """One of aim, within, over; or that it was not measured."""
        value = self.measured(run)
        if value is None:
            return "not measured"
        sign = -1 if self.at_least else 1
        if sign * value <= sign * self.aim:
            return "aim"
        return "within" if sign * value <= sign * self.budget else "over"


NEW_16, ONE_16 = "new, c=16", "one, c=16"

BUDGETS = [
    Budget("CPU per signature, new roots", 1.45, 1.25, ("closed loop", NEW_16, "x raw")),
    Budget("CPU per signature, one root", 0.85, 0.70, ("closed loop", ONE_16, "x raw")),
    Budget("CPU per signature, batch", 0.62, 0.55, ("batch", "one root", "x raw")),
    Budget("p99 with 16 connections", 10, 6, ("closed loop", NEW_16, "p99 ms")),
    Budget("p99 beside an import of scrypt", 4, 2, ("import", "c=16", "x idle")),
    Budget("scrypt keystores", 1.1, 1.02, ("keystores", "scrypt, first", "x raw KDF over cores")),
    Budget("restart, 10,000 imported keys", 2, 1, ("keystores", "imported keys", "s")),
    Budget("next start, 10,000 keystores", 2, 1, ("keystores", "cheap, next", "s")),
    Budget("slowest next to idle ones", 50, 20, ("interference", "idle connections", "slowest ms")),
    Budget(
        "slowest next to half ones", 50, 20, ("interference", "half-sent requests", "slowest ms")
    ),
    Budget("slowest next to a body", 50, 20, ("interference", "the worst body", "slowest ms")),
    Budget(
        "slowest next to an envelope",
        100,
        20,
        ("interference", "an envelope of 16 MiB", "slowest ms"),
    ),
    Budget("2,000 at once", 3, 1, ("interference", "2,000 requests at once", "last answer s")),
    Budget("memory after start", 70, 50, ("memory", "no keys", "MB")),
    Budget("memory per key", 1, 0.4, ("memory", "many keys", "kB per key")),
    Budget("Signer() ready", 8, 3, ("start", "Signer()", "ready ms")),
    Budget(
        "serve to first signature", 500, 200, ("start", "serve --interop 64", "first signature ms")
    ),
]

# Throughput in upstream's: as measured in the same run, or else by its recorded figures
WANTED = [(NEW_16, 1.3, 1.5, UPSTREAM_NEW), (ONE_16, 2.0, 2.5, UPSTREAM_ONE)]
BESIDE_UPSTREAM = [
    Budget(f"x upstream, {row}", budget, aim, ("closed loop", row, "x upstream"), at_least=True)
    for row, budget, aim, _ in WANTED
]
BESIDE_ITS_RECORD = [
    Budget(
        f"{budget:g} ({aim:g}) x upstream, {row}",
        budget * recorded,
        aim * recorded,
        ("closed loop", row, "of raw"),
        at_least=True,
    )
    for row, budget, aim, recorded in WANTED
]


def judge(run: Run) -> None:
    """Prints the table of all budgets."""
    rows: dict[str, dict[str, float | str]] = {}
    is_measured = BESIDE_UPSTREAM[0].measured(run) is not None
    for budget in [*BUDGETS, *(BESIDE_UPSTREAM if is_measured else BESIDE_ITS_RECORD)]:
        value = budget.measured(run)
        rows[budget.name] = {
            "measured": "" if value is None else value,
            "budget": budget.budget,
            "aim": budget.aim,
            "verdict": budget.verdict(run),
            "figure": ": ".join(budget.figure),
        }
    run.table("budgets", "What was not measured belongs to parts that did not run.", rows)
