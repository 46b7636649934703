"""`signer explain`: a request, its fields, and the steps to its signing root."""

import logging
import os
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from .._core import SecretKey
from ..config.settings import Config
from ..errors import ConfigError
from ..files import translating_errors
from ..spec.network_files import load_network
from .options import FLAGS, HELP_NAMES, KEY_FLAGS, configuration, current_flag, reworded

if TYPE_CHECKING:
    from ..signing.subjects import Subject

log = logging.getLogger(__name__)

NETWORK = reworded(
    "network", "network of a request whose chain is unknown: a name or a config.yaml"
)
KEY_FILES = (
    "secret_keys_file",
    "keystores_path",
    "key_config_path",
    "keystores_passwords_path",
    "keystores_password_file",
    "plugin",
)
TOLD = ("type", "fork", "pubkey", "signature", "genesis_validators_root")
COLOURS: dict[str, dict[str, Any]] = {
    "title": {"bold": True},
    "name": {"fg": "cyan"},
    "root": {"dim": True},
    "good": {"fg": "green"},
    "bad": {"fg": "red", "bold": True},
    "note": {"fg": "yellow"},
}


@click.command(
    "explain",
    params=[
        click.Argument(["file"], type=click.Path(allow_dash=True), default="-", metavar="[FILE|-]"),
        NETWORK,
        *KEY_FLAGS,
        *(flag for flag in FLAGS if flag.name in KEY_FILES),
    ],
    short_help="Explain a request: its fields, roots and domain.",
    context_settings={**HELP_NAMES, "token_normalize_func": current_flag},
)
@click.option("--json", "is_json", is_flag=True, help="print the explanation as JSON")
@click.option("--pubkey", metavar="HEX", help="the key that signs, or that a signature is by")
@click.option("--signature", metavar="HEX", help="a signature to verify")
@click.option("--type", metavar="TYPE", help="the signing type of a signed message")
@click.option("--fork", metavar="FORK", help="the fork of a signed message, such as FULU")
@click.option(
    "--genesis-validators-root",
    metavar="HEX",
    help="that of a signed message on a network without a known one",
)
def explain(file: str, *, is_json: bool, **flags: Any) -> None:
    """Explain a request: its fields, their roots, the domain and the signing root.

    FILE, or standard input, is a sign request, a record of GET /_signer/requests, or a signed
    message as Beacon APIs print it. With keys the request is also signed, by the key of --pubkey or
    else by the first one. With a signature and its public key, the signature is verified.

    A signed message names neither its type nor its fork. What its members, the network's schedule
    and the signature do not tell, --type and --fork have to.

    \b
    Examples:
      signer explain request.json
      signer explain request.json --interop 1            (signs it, too)
      curl -s localhost:9000/_signer/requests/7/explain  (of a signer with --control)
      curl -s $BEACON/eth/v1/beacon/headers/head |
        signer explain --network hoodi --fork FULU
      signer explain request.json --json | jq -r .signing_root
    """  # noqa: D301 - click's mark of lines that it leaves alone
    # They take long, and other commands need not wait for them.
    from ..plugin.loading import load_plugins  # noqa: PLC0415
    from ..signing.documents import read_subject  # noqa: PLC0415
    from ..signing.explain import explain_subject  # noqa: PLC0415
    from ..signing.subjects import Told  # noqa: PLC0415

    told = Told.parse(**{name: flags[name] for name in TOLD})
    config = configuration(click.get_current_context())
    network = load_network(config.network)
    types = load_plugins(config.plugin).signing_types()
    subject = read_subject(_content(file), types, network, told)
    explanation = explain_subject(subject, network, _key(config, subject))
    if is_json:
        click.echo(explanation.to_json())
        return
    has_colours = None  # as the terminal has
    if os.environ.get("NO_COLOR"):
        has_colours = False
    click.echo(explanation.text(_coloured), sys.stdout, color=has_colours)


def _content(path: str) -> bytes:
    """The content of a file, or what comes on standard input."""
    with translating_errors(f"read {path}", ConfigError), click.open_file(path, "rb") as file:
        if file.isatty():
            log.info("paste a request, and end it with Ctrl-D")
        content: bytes = file.read()
        return content


def _coloured(text: str, kind: str) -> str:
    return click.style(text, **COLOURS.get(kind, {}))


def _key(config: Config, subject: "Subject") -> SecretKey | None:
    """The key that signs, of those that the flags name; None without any.

    Raises UnknownKeyError when they do not have the one of --pubkey or of the record.
    """
    from ..keys.keyring import Keyring  # noqa: PLC0415 - takes long, as those below
    from ..keys.manager import KeyManager  # noqa: PLC0415
    from ..slashing.protection import Protection  # noqa: PLC0415

    keyring = Keyring()
    with closing(KeyManager(config, keyring, None, Protection(Config(), None))) as manager:
        manager.load()
    if not keyring:
        return None
    pubkey = subject.signer
    if pubkey is None or (subject.pubkey is None and pubkey not in keyring):
        pubkey = next(iter(keyring))
    return keyring[pubkey].secret_key
