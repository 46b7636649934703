"""The command line: `signer` and `python -m signer` are the same."""

import json
import logging
import os
import shlex
from contextlib import closing
from dataclasses import fields
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import UnionType
from typing import IO, Any, get_args, get_origin, get_type_hints

import click
from prometheus_client import start_http_server

from .. import server
from .._core import __version__
from ..app import Application
from ..config import Config, explanations
from ..errors import ConfigError, SignerError
from ..files import attempt, write
from ..keys import layouts
from ..keys.data_dir import DataDir
from ..keys.derived import deterministic_keys
from ..keys.keyring import Keyring
from ..metrics import Metrics
from ..slashing import interchange
from ..slashing.protection import Protection
from ..spec.networks import load_network
from ..threads import Report
from . import web3signer
from .config_file import read_flags

log = logging.getLogger(__name__)

DEFAULT_METRICS_PORT = 9001  # Web3Signer's
BATCH = 500  # keys that are imported at a time

# A request of mainnet's Fulu, for a newcomer to paste
TRY = (
    '{"type":"RANDAO_REVEAL","fork_info":{"fork":{"previous_version":"0x05000000",'
    '"current_version":"0x06000000","epoch":"411392"},"genesis_validators_root":'
    '"0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95"},'
    '"randao_reveal":{"epoch":"411392"}}'
)


class _Commands(click.Group):
    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        # a link of this name in the path takes its place
        called_web3signer = context.info_name == "web3signer"
        return super().parse_args(context, ["web3signer", *args] if called_web3signer else args)

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except SignerError as error:
            for handler in logging.getLogger().handlers:
                if isinstance(handler.formatter, _JsonFormatter):
                    log.error("%s", error)  # noqa: TRY400 - it has no traceback to tell
                    context.exit(1)
            raise click.ClickException(str(error)) from None


class _Text(type(click.STRING)):  # type: ignore[misc]
    envvar_list_splitter = "\n"  # JSON has spaces


@click.group(cls=_Commands)
@click.version_option(__version__, prog_name="signer")
def main() -> None:
    """A remote BLS signer for Ethereum validators, for tests. Not for production."""


def _option(name: str, hint: Any, default: Any) -> click.Option:
    """The flag of a field of Config."""
    form, meaning = EXPLAINED[name]
    kind = get_args(hint)[0] if get_origin(hint) in {tuple, UnionType} else hint
    choices = get_args(kind)
    types = {Path: click.Path(path_type=Path), str: _Text()}
    flag = f"--{name.replace('_', '-')}"
    return click.Option(
        [f"{flag}/--no-{flag[2:]}" if default is True else flag],
        type=click.Choice(choices) if choices else types.get(kind, kind),
        is_flag=kind is bool,
        multiple=get_origin(hint) is tuple,
        default=default,
        help=meaning,
        metavar=None if choices or kind is bool else form,
        envvar=f"SIGNER_{name.upper()}",
        show_envvar=True,
        show_default=default not in {None, 0, "", ()},
    )


HINTS, EXPLAINED = get_type_hints(Config), explanations()
OPTIONS = [_option(field.name, HINTS[field.name], field.default) for field in fields(Config)]
SOURCES = OPTIONS[:4]  # of keys


def _read_config(context: click.Context, _: click.Parameter, path: Path | None) -> None:
    if path:
        known = {str(option.name).replace("_", "-"): option.multiple for option in OPTIONS}
        flags = read_flags(path, known)
        context.default_map = {name.replace("-", "_"): value for name, value in flags.items()}


CONFIG = click.Option(
    ["--config"],
    type=click.Path(path_type=Path),
    is_eager=True,
    expose_value=False,
    callback=_read_config,
    metavar="FILE",
    envvar="SIGNER_CONFIG",
    show_envvar=True,
    help="read flags that are not given from this file, TOML or YAML by its name",
)


@main.command("serve", params=[CONFIG, *OPTIONS], short_help="Serve the signing API.")
def _serve(**values: Any) -> None:
    """Serve Web3Signer's signing API until SIGTERM or SIGINT.

    Load keys with --interop, --mnemonic or --keystores-path, or several of them. A flag may also be
    set by the environment variable beside it, or by its name in the file of --config.

    Exits with 0 when it was told to stop, 1 when it cannot serve, 2 for a flag that is none.

    \b
    Examples:
      signer serve --interop 4
      signer serve --mnemonic devnet --count 64 --network config.yaml
      signer serve --keystores-path keys --keystores-passwords-path secrets
      signer serve --interop 1 --port 0 --ready-json   (for a harness: read one line, go)
    """  # noqa: D301 - click's mark of lines that it leaves alone
    # first, so that what is wrong with the flags is told in the form that they ask for
    logging.basicConfig(
        level=values["log_level"].upper(), handlers=[_handler(values["log_format"])]
    )
    config = Config(**values)
    say = log.info if config.log_format == "json" else _say
    with server.bind(config.host, config.port) as listener:
        url = server.url_of(listener, config)
        # ports and network first: who waits for keystores has their mistakes behind them
        app = Application(config)
        if config.metrics:
            _serve_metrics(config, app.metrics, say)
        app.keymanager.load(say)
        ready = partial(_announce, config, url, app.keyring, say)
        server.run(app, listener, config, ready, app.control.journal.release)
        app.close()
    # Granian's threads outlive its server by a moment, and one that asks for the GIL while the
    # interpreter shuts down aborts the process: leave without that. What is kept is closed by now,
    # and click and logging flush each line
    os._exit(0)


def _handler(log_format: str) -> logging.Handler:
    handler = logging.StreamHandler()
    plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(_JsonFormatter() if log_format == "json" else plain)
    return handler


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {"time": datetime.fromtimestamp(record.created, UTC).isoformat()}
        line |= {"level": record.levelname, "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


@main.command(
    "web3signer",
    context_settings={"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]},
    short_help="Stand in for Web3Signer.",
)
@click.argument("argv", nargs=-1, type=click.UNPROCESSED)
@click.version_option(__version__, "-V", "--version", prog_name="signer")
def _web3signer(argv: tuple[str, ...]) -> None:
    """Serve as Web3Signer's own command line says, before and after `eth2`.

    Its WEB3SIGNER_* variables and its --config-file count too. Options without a meaning here are
    named in one line; what `signer serve` has besides is set by its SIGNER_* variables. Called
    `web3signer`, by a link to it, signer is this command.

    \b
    Example:
      signer web3signer --http-listen-port=9000 eth2 --keystores-path=keys \\
        --keystores-passwords-path=secrets --slashing-protection-enabled=false
    """  # noqa: D301 - click's mark
    flags, ignored = web3signer.translate(argv, os.environ)
    if ignored:
        _say(f"without a meaning here, ignored: {', '.join(sorted(ignored))}")
    _serve.main(flags, prog_name="signer serve", standalone_mode=False)


@main.command("keys", params=[*SOURCES])
@click.option("--layout", type=click.Choice([*layouts.LAYOUTS, "all"]), multiple=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="a new folder")
@click.option("--kdf", type=click.Choice(["pbkdf2", "scrypt"]), default="pbkdf2")
@click.option("--password", default="password", help="of all keystores", show_default=True)
def _keys(out: Path, layout: tuple[str, ...], kdf: str, password: str, **source: Any) -> None:
    """Write interop or mnemonic keys as the keystores of other tools, and how to serve them.

    The layout is web3signer where none is named; several, or all, get a folder each below --out.
    By default keystores open at once and protect nothing: pbkdf2 with c=2. scrypt is as slow as
    EIP-2335 has it: n=2^18.
    """
    names = layouts.LAYOUTS if "all" in layout else layout or ["web3signer"]
    folders = {out / name if len(names) > 1 else out: name for name in names}
    c = Config(**source)
    if bool(c.interop) == bool(c.mnemonic):
        raise ConfigError("expected --interop N, or --mnemonic WORDS with --count N")
    keys = deterministic_keys(c.interop, c.mnemonic, c.count, c.start)
    layouts.write(folders, keys, password, kdf, lambda line: _say(line.replace("open", "seal")))
    if kdf == "pbkdf2":
        _say("keystores that protect nothing, for tests only: --kdf scrypt is EIP-2335's own")
    for folder in folders:
        click.echo(f"signer serve --keystores-path {shlex.quote(str(folder))}")


@main.group("slashing")
def _slashing() -> None:
    """Take along what keys have signed, as EIP-3076 has it, while the signer is stopped."""


HISTORY = [option for option in OPTIONS if option.name in {"data_dir", "network"}]


@_slashing.command("import", params=[*HISTORY, click.Argument(["file"], type=click.File("rb"))])
def _import(data_dir: Path | None, network: str, file: IO[bytes]) -> None:
    """Add an interchange file to the history in --data-dir; all of it, or nothing if it is bad."""
    with _opened(data_dir) as folder:
        sent = interchange.decode(file.read(), load_network(network))
        for start in range(0, len(sent.data), BATCH):
            batch = interchange.Interchange(sent.metadata, sent.data[start : start + BATCH])
            # a new one for each batch, which forgets the votes of the last one
            Protection(Config(), folder.history).merge(batch)
            _say(f"imported {start + len(batch.data)} of {len(sent.data)} keys")


@_slashing.command("export", params=[*HISTORY, click.Argument(["file"], type=Path)])
def _export(data_dir: Path | None, network: str, file: Path) -> None:
    """Write what all keys have signed on the network, by the history in --data-dir."""
    with _opened(data_dir) as folder, attempt(f"write {file}", ConfigError):
        pubkeys, protection = folder.history.pubkeys(), Protection(Config(), folder.history)
        write(file, protection.export(pubkeys, load_network(network)).encode())


def _opened(data_dir: Path | None) -> closing[DataDir]:
    if not data_dir or not data_dir.is_dir():
        raise ConfigError(f"expected the --data-dir of a signer, found {data_dir or 'none'}")
    return closing(DataDir(data_dir))


def _serve_metrics(config: Config, metrics: Metrics, say: Report) -> None:
    """Serves them on a thread, which lasts as long as the process."""
    default = 0 if config.port == 0 else DEFAULT_METRICS_PORT
    port = default if config.metrics_port is None else config.metrics_port
    host = config.metrics_host or config.host
    try:
        start_http_server(port, host, metrics.registry)
    except OSError as error:
        if config.metrics_port is not None:
            problem = f"cannot serve metrics on {host}, port {port}: {error.strerror}"
            raise ConfigError(f"{problem}; choose another --metrics-port or --no-metrics") from None
        # several signers on one machine are common in tests; nobody asked for this port
        say(f"no metrics: port {port} is in use; choose a --metrics-port to have them")


def _announce(config: Config, url: str, keyring: Keyring, say: Report) -> None:
    failed = f", {len(keyring.failures)} failed to load" if keyring.failures else ""
    hint = "" if keyring else ": load some by --interop, --mnemonic or --keystores-path, or import"
    say(f"{len(keyring)} keys{failed}{hint}")
    say(f"serving at {url}")
    if config.keymanager_token_file:
        say(f"the Keymanager API's token is in {config.keymanager_token_file}")
    say(f"test signer, not for production validators: --slashing {config.slashing}")
    if config.ready_json:
        click.echo(json.dumps({"url": url, "pid": os.getpid(), "pubkeys": len(keyring)}))
    elif keyring and not config.tls_cert:
        pubkey = next(iter(keyring)).hex()
        say(f"try: curl -s {url}/api/v1/eth2/sign/0x{pubkey} -d '{TRY}'")


def _say(line: str) -> None:
    click.echo(line, err=True)
