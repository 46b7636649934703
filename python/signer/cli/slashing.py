"""`signer slashing import` and `export`: histories of a signer that is stopped."""

import logging
from contextlib import closing
from pathlib import Path
from typing import IO

import click

from ..config import Config
from ..errors import ConfigError
from ..files import translating_errors, write
from ..keys.data_dir import DataDir
from ..slashing import interchange
from ..slashing.protection import Protection
from ..spec.networks import load_network
from .options import reworded

log = logging.getLogger(__name__)

DATA_DIR = reworded("data_dir", "data directory of the stopped signer; required")
NETWORK = reworded("network", "chain of the file: a name or a config.yaml")
KEYS_PER_STEP = 500  # keys; each step has a new Protection, without the votes of the last step


@click.group("slashing")
def slashing() -> None:
    """Move signing histories (EIP-3076) while the signer is stopped."""


@slashing.command(
    "import",
    params=[DATA_DIR, NETWORK, click.Argument(["file"], type=click.File("rb"))],
)
def import_history(data_dir: Path | None, network: str | None, file: IO[bytes]) -> None:
    """Add the histories in an interchange FILE to --data-dir. A bad file adds nothing."""
    with _opened(data_dir) as folder:
        document = interchange.decode(file.read(), load_network(network))
        for start in range(0, len(document.data), KEYS_PER_STEP):
            data = document.data[start : start + KEYS_PER_STEP]
            step = interchange.Interchange(document.genesis_validators_root, data)
            Protection(Config(), folder.history).merge(step)
            log.info("imported %d of %d keys", start + len(data), len(document.data))


@slashing.command(
    "export",
    params=[DATA_DIR, NETWORK, click.Argument(["file"], type=Path)],
)
def export_history(data_dir: Path | None, network: str | None, file: Path) -> None:
    """Write the histories of all keys in --data-dir to an interchange FILE."""
    with _opened(data_dir) as folder, translating_errors(f"write {file}", ConfigError):
        protection = Protection(Config(), folder.history)
        document = protection.export(folder.history.pubkeys(), load_network(network))
        write(file, document.encode())


def _opened(data_dir: Path | None) -> closing[DataDir]:
    if not data_dir or not data_dir.is_dir():
        raise ConfigError(f"expected the --data-dir of a signer, found {data_dir or 'none'}")
    return closing(DataDir(data_dir))
