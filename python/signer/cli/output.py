"""Log formats: plain or JSON, on standard error."""

import json
import logging
from datetime import UTC, datetime

import click

from ..config import LogFormat

log = logging.getLogger(__name__)


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
    """Writes to whatever standard error is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            click.echo(self.format(record), err=True)
        except OSError:  # nobody reads it, or the disk is full: no reason to fail
            self.handleError(record)


def log_to_stderr(level: str, log_format: LogFormat) -> None:
    """Logs to standard error, at this level and above; replaces an earlier call's handler."""
    handler = _StderrHandler()
    handler.setFormatter(_JsonFormatter() if log_format == "json" else _PlainFormatter())
    root = logging.getLogger()
    for earlier in _our_handlers():
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(level.upper())


def logs_json() -> bool:
    """Whether log records are written as JSON."""
    return any(isinstance(handler.formatter, _JsonFormatter) for handler in _our_handlers())


def _our_handlers() -> list[logging.Handler]:
    return [
        handler for handler in logging.getLogger().handlers if isinstance(handler, _StderrHandler)
    ]
