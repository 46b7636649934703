"""The progress of a long command, on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Show = Callable[[str], None]


@contextmanager
def progress_on_terminal() -> Iterator[Show]:
    """A function that shows what is done now.

    It rewrites one line on standard error, and wipes it at the end. Without a terminal it writes
    nothing.
    """
    stream = sys.stderr
    if stream is None or not stream.isatty():
        yield lambda *_: None
        return

    def show(text: str) -> None:
        stream.write(f"\r\x1b[K{text}")
        stream.flush()

    try:
        yield show
    finally:
        stream.write("\r\x1b[K")
        stream.flush()
