"""What the log says while many keys are derived or loaded."""

import logging
from pathlib import Path

import pytest

from signer.keys import progress
from signer.keys.derived import interop_keys
from support.data_dir import PUBKEYS, keep, keeping
from support.logs import messages
from support.served import serving_here


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def told(caplog: pytest.LogCaptureFixture, work: str) -> list[str]:
    return [line for line in messages(caplog, "INFO") if line.startswith(work)]


def test_many_keys_are_counted_while_they_are_derived(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PROGRESS_INTERVAL", 0)

    interop_keys(1100)

    lines = told(caplog, "deriving keys")
    assert "deriving keys: 64 of 1,100" == lines[0]
    assert "deriving keys: 1,100 of 1,100" == lines[-1]


def test_imported_keys_are_counted_while_they_are_loaded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path, *PUBKEYS[:2])
    monkeypatch.setattr(progress, "PROGRESS_INTERVAL", 0)

    with serving_here(*keeping(tmp_path)):
        pass

    expected = [f"loading imported keys: {number} of 2" for number in (0, 1)]
    assert expected == told(caplog, "loading imported keys")


def test_a_short_start_has_no_progress(caplog: pytest.LogCaptureFixture) -> None:
    interop_keys(2)

    assert [] == told(caplog, "deriving keys")
