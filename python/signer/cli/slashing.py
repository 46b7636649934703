"""`signer slashing import` and `export`: histories of a signer that is stopped."""

import logging
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import click

from ..config.settings import Config
from ..errors import ConfigError
from ..files import text_of, translating_errors, write
from ..keys.data_dir import DataDir
from ..slashing import interchange
from ..slashing.protection import Protection
from ..spec.network_files import load_network
from .options import HELP_NAMES, configuration, reworded

log = logging.getLogger(__name__)

DATA_DIR = reworded("data_dir", "data directory of the stopped signer; required")
NETWORK = reworded("network", "chain of the file: a name or a config.yaml")
STANDARD_OUTPUT = "-"  # as a FILE
KEYS_PER_STEP = 500  # keys; each step has a new Protection, without the votes of the last step


@click.group("slashing", context_settings=HELP_NAMES)
def slashing() -> None:
    """Move signing histories (EIP-3076) while the signer is stopped."""


@slashing.command(
    "import",
    params=[DATA_DIR, NETWORK, click.Argument(["file"], type=click.File("rb"))],
)
def import_history(file: IO[bytes], **_: Any) -> None:
    """Add the histories in an interchange FILE to --data-dir. A bad file adds nothing.

    The command makes a data directory that does not exist.
    """
    config = configuration(click.get_current_context())
    data_dir = config.data_dir
    is_new = data_dir is not None and not data_dir.exists()
    if data_dir is None or not is_new:
        data_dir = _existing(data_dir)
    document = interchange.decode(
        text_of(file.read(), file.name, ConfigError), load_network(config.network)
    )
    with closing(DataDir(data_dir)) as folder:
        if is_new:
            log.info("made the data directory %s", data_dir)
        total = len(document.data)
        if not total:
            log.info("imported nothing: the file has no keys")
        for start in range(0, total, KEYS_PER_STEP):
            data = document.data[start : start + KEYS_PER_STEP]
            end = start + len(data)
            step = interchange.Interchange(document.genesis_validators_root, data)
            Protection(Config(), folder.history).merge(step)
            log.info("imported %d of %d keys", end, total)


@slashing.command(
    "export",
    params=[DATA_DIR, NETWORK, click.Argument(["file"], type=click.Path(allow_dash=True))],
)
def export_history(file: str, **_: Any) -> None:
    """Write the histories of all keys in --data-dir to an interchange FILE, or to - for stdout."""
    config = configuration(click.get_current_context())
    with closing(DataDir(_existing(config.data_dir))) as folder:
        protection = Protection(Config(), folder.history)
        pubkeys = sorted(folder.history.pubkeys)
        document = protection.export(pubkeys, load_network(config.network))
    if file == STANDARD_OUTPUT:
        click.echo(document.encode())
    else:
        with translating_errors(f"write {file}", ConfigError):
            write(Path(file), document.encode())
    if not pubkeys:
        log.warning("exported nothing: %s has no signing history", config.data_dir)


def _existing(data_dir: Path | None) -> Path:
    """The data directory. Raises ConfigError when it does not exist."""
    if not data_dir or not data_dir.is_dir():
        raise ConfigError(f"expected the --data-dir of a signer, found {data_dir or 'none'}")
    return data_dir
