"""The progress of a long command, on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TITLE_WIDTH = 60  # characters

Progress = Callable[[str, int], None]


@contextmanager
def progress_on_terminal() -> Iterator[Progress]:
    """What tells of each step, by its title and the number of those before it.

    It is a line on standard error that is wiped at the end; without a terminal it is nothing.
    """
    stream = sys.stderr
    if stream is None or not stream.isatty():
        yield lambda *_: None
        return

    def tell(title: str, number: int) -> None:
        stream.write(f"\r\x1b[K{number} checks; {title:.{TITLE_WIDTH}}")
        stream.flush()

    try:
        yield tell
    finally:
        stream.write("\r\x1b[K")
        stream.flush()
