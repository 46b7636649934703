"""Output of the commands: log lines on standard error, plain or JSON, and lines on standard output.

Threads write it, because a pipe that nobody reads blocks whoever writes to it.
"""

import io
import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from queue import Empty, Full, Queue
from select import select
from threading import Lock, Thread
from typing import TextIO

import click

from ..config.settings import LogFormat

log = logging.getLogger(__name__)

QUEUE_SIZE = 1000  # lines; a reader that is further behind misses some
READER_TIMEOUT = 1.0  # seconds; a command does not wait longer for a reader that reads nothing


class _PlainFormatter(logging.Formatter):
    """An info record is its bare message; every other one starts with time, level and logger."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        if record.levelno == logging.INFO:
            return record.getMessage()
        return super().format(record)


class _JsonFormatter(logging.Formatter):
    """An object on each line: time, level, logger, message, and the exception if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


class _StderrHandler(logging.Handler):
    """Queues lines for a thread that writes them to whatever standard error is at that moment.

    A full queue drops lines until the reader has caught up with half of it. The number of dropped
    lines is logged then.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines = Queue[tuple[TextIO, str] | None](QUEUE_SIZE)
        self._is_behind = False
        self._dropped = 0
        self._counting = Lock()
        Thread(target=self._write_lines, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        self.put(self.format(record), is_error=record.levelno >= logging.ERROR)

    def put(self, line: str, *, is_error: bool) -> None:
        """Queues a line. An error always fits: the oldest line gives way to it."""
        if sys.stderr is None:  # closed when the process started
            return
        if is_error and self._lines.full():
            with suppress(Empty):  # the thread was faster
                self._lines.get_nowait()
                self._lines.task_done()
                self._count_dropped()
        self._is_behind = self._is_behind and self._has_backlog()
        if self._is_behind and not is_error:
            self._count_dropped()
            return
        try:
            self._lines.put_nowait((sys.stderr, f"{line}\n"))
        except Full:
            self._is_behind = True
            self._count_dropped()

    def _has_backlog(self) -> bool:
        return self._lines.qsize() > QUEUE_SIZE // 2

    def _count_dropped(self) -> None:
        with self._counting:
            self._dropped += 1

    def _write_lines(self) -> None:
        while entry := self._lines.get():
            stream, line = entry
            if self._dropped and not self._has_backlog():
                self._tell_dropped(stream)
            if line and not _write(stream, line):
                self._count_dropped()
            self._lines.task_done()

    def _tell_dropped(self, stream: TextIO) -> None:
        if logging.getLogger().level > logging.WARNING:
            return
        number = self._dropped
        message = "dropped %d log lines, because nobody read standard error or its disk was full"
        record = logging.LogRecord(__name__, logging.WARNING, "", 0, message, (number,), None)
        if _write(stream, f"{self.format(record)}\n"):
            with self._counting:
                self._dropped -= number

    def wait_until_written(self) -> None:
        """Waits for the queued lines. Gives up when none is written within READER_TIMEOUT."""
        if self._dropped:
            self._lines.put_nowait((sys.stderr, ""))
        written = self._lines.all_tasks_done
        with written:
            before = -1
            while self._lines.unfinished_tasks not in {0, before}:
                before = self._lines.unfinished_tasks
                written.wait(READER_TIMEOUT)

    def end(self) -> None:
        """Ends the thread once the lines are written; a blocked one ends with the process."""
        self.wait_until_written()
        with suppress(Full):
            self._lines.put_nowait(None)


@contextmanager
def log_to_stderr() -> Iterator[None]:
    """A block whose log goes to standard error: plain, from info on, until `configure_log`.

    On the way out, waits for a reader that reads.
    """
    handler = _StderrHandler()
    root = logging.getLogger()
    root.addHandler(handler)
    configure_log("info", "plain")
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.end()


def configure_log(level: str, log_format: LogFormat) -> None:
    """Sets the lowest level that is logged, and the form of the lines."""
    logging.getLogger().setLevel(level.upper())
    for handler in _our_handlers():
        handler.setFormatter(_JsonFormatter() if log_format == "json" else _PlainFormatter())


def wait_until_logged() -> None:
    """Waits until the log is written, for a process that leaves at once."""
    for handler in _our_handlers():
        handler.wait_until_written()


def tell_error(error: click.ClickException) -> int:
    """Writes why a command ends: in click's words, or as a log record where these are JSON.

    Returns the exit code.
    """
    for handler in _our_handlers():
        if isinstance(handler.formatter, _JsonFormatter):
            log.error("%s", error.format_message())
        else:
            text = io.StringIO()
            error.show(text)
            handler.put(text.getvalue().rstrip("\n"), is_error=True)
    return error.exit_code


def print_line(line: str) -> None:
    """Prints a line on standard output, where somebody reads it. Waits at most READER_TIMEOUT."""
    printing = Thread(target=_print, args=(line,), name="print", daemon=True)
    printing.start()
    printing.join(READER_TIMEOUT)


def _print(line: str) -> None:
    if sys.stdout is None or not _write(sys.stdout, f"{line}\n"):
        log.warning("cannot print on standard output: it is closed, or its disk is full")


def open_missing_streams() -> None:
    """Opens /dev/null for standard streams that are closed, before a socket takes their number."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:  # noqa: PLR2004 - standard error
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - as it is declared
    os.close(descriptor)


def _our_handlers() -> list[_StderrHandler]:
    return [
        handler for handler in logging.getLogger().handlers if isinstance(handler, _StderrHandler)
    ]


def _write(stream: TextIO, text: str) -> bool:
    """Writes a text; False when nobody reads it any more, or the disk is full. May block."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):  # in memory, or closed
        descriptor = None
    try:
        if descriptor is None:
            stream.write(text)
            stream.flush()
            return True
        content = text.encode(errors="backslashreplace")  # paths may be no Unicode
        while content:
            # Not through the stream: its lock, held by a blocked thread, aborts Python's shutdown.
            content = content[_write_some(descriptor, content) :]
    except (OSError, ValueError):
        return False
    return True


def _write_some(descriptor: int, content: bytes) -> int:
    try:
        return os.write(descriptor, content)
    except BlockingIOError:  # a process at the other end made the pipe non-blocking
        select([], [descriptor], [])
        return 0
