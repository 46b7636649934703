"""Two commits side by side: the ratios of bench.py --json files, as medians over several runs."""

import argparse
import json
from pathlib import Path
from statistics import median


def ratios(files: list[Path]) -> dict[str, float]:
    """The median of each ratio, by table, row and column."""
    found: dict[str, list[float]] = {}
    for file in files:
        for table, rows in json.loads(file.read_text("utf-8"))["tables"].items():
            for row, columns in rows.items():
                for column in columns:
                    if "x" in column.split():
                        found.setdefault(f"{table}: {row}: {column}", []).append(columns[column])
    return {name: median(values) for name, values in found.items()}


def main() -> None:
    """Prints a line for each ratio that both have."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=Path, nargs="+", required=True, metavar="FILE")
    parser.add_argument("--after", type=Path, nargs="+", required=True, metavar="FILE")
    options = parser.parse_args()
    before, after = ratios(options.before), ratios(options.after)
    print("| figure | before | after | after / before |")
    print("|---|---|---|---|")
    for name, old in before.items():
        if new := after.get(name):
            print(f"| {name} | {old:.3f} | {new:.3f} | {new / old:.2f} |")


if __name__ == "__main__":
    main()
