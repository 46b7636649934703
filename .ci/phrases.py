"""Lists phrases that readers had to read twice. Advice only: it never fails."""

import re
from pathlib import Path

PHRASES = re.compile(
    r"\b(?:is|are) none\b"
    r"|\bwho (?:waits|asks|wants|has|goes|comes|reads|imports|looks)\b"
    r"|\bas [\w' -]{1,40} ha(?:s|ve) it\b"
    r"|\bof theirs\b|\bby turns\b|\bbeside\b|\bso many\b"
)
FOLDERS = {"python": "*.py", "rust/src": "*.rs", "docs": "*.md", "benchmarks": "*.md"}


def main() -> None:
    """Prints each place, with its phrase."""
    paths = [path for folder, glob in FOLDERS.items() for path in Path(folder).rglob(glob)]
    for path in [Path("README.md"), *paths]:
        if path.name == "CHANGELOG.md":
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            for phrase in PHRASES.finditer(line.split(" is None")[0]):
                print(f"{path}:{number}: {phrase[0]!r}: say who does what")


if __name__ == "__main__":
    main()
