"""When slots begin, by network, by a configuration and by --genesis-time."""

from pathlib import Path

import pytest

from signer.spec.clocks import Clock, clock_of
from signer.spec.network_files import load_network

# A devnet's, as ethereum-genesis-generator writes it
CONFIG = """
PRESET_BASE: minimal
CONFIG_NAME: devnet
GENESIS_FORK_VERSION: 0x10000038
MIN_GENESIS_TIME: 1700000000
GENESIS_DELAY: 60
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (None, Clock(1606824023, 12, 32)),
        ("hoodi", Clock(1742213400, 12, 32)),
        ("GNOSIS", Clock(1638993340, 5, 16)),
        ("minimal", Clock(None, 6, 8)),
        ("ephemery", Clock(None, 12, 32)),
    ],
)
def test_a_network_has_its_clock(name: str | None, expected: Clock) -> None:
    assert expected == clock_of(load_network(name), name, None)


@pytest.mark.parametrize(
    ("line", "seconds"),
    [("SECONDS_PER_SLOT: 6", 6), ("SLOT_DURATION_MS: 2500", 2.5), ("", 12)],
)
def test_a_configuration_has_its_clock(tmp_path: Path, line: str, seconds: float) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f"{CONFIG}{line}\n")

    assert Clock(1700000060, seconds, 8) == clock_of(load_network(str(path)), str(path), None)


def test_a_genesis_time_of_its_own_wins() -> None:
    assert 7 == clock_of(load_network("mainnet"), "mainnet", 7).genesis_time
