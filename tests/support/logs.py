"""What a signer in this process logs."""

import time
from collections.abc import Callable
from typing import Any

import pytest

DEADLINE = 10.0  # seconds
INTERVAL = 0.01  # seconds


def messages(caplog: pytest.LogCaptureFixture, level: str = "WARNING") -> list[str]:
    """The messages of one level so far."""
    return [record.getMessage() for record in caplog.records if level == record.levelname]


def once(condition: Callable[[], Any]) -> Any:
    """The first true value of a condition. Raises AssertionError after DEADLINE."""
    end = time.monotonic() + DEADLINE
    while not (value := condition()):
        assert time.monotonic() < end, "expected the condition to become true"
        time.sleep(INTERVAL)
    return value
