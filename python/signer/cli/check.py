"""`signer check`: whether the signer at a URL is right."""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..errors import ConfigError, did_you_mean
from ..files import translating_errors
from ..hex import from_hex
from ..spec.network_files import load_network
from .access_options import access_files, access_options
from .options import FLAGS, HELP_NAMES, Choice, configuration, current_flag, reworded
from .own_keys import OWN_KEY_FLAGS, load_keys
from .progress import progress_on_terminal

if TYPE_CHECKING:
    from ..keys.keyring import Key
    from ..signing.request import SignRequest
    from ..tools.check.groups import Group
    from ..tools.check.target import Access

NETWORK = reworded("network", "the network that the target is started for: a name or a config.yaml")
TITLE_WIDTH = 60  # characters of the progress
GROUP_NAMES = (
    "public-keys",
    "signatures",
    "presets",
    "roots",
    "clients",
    "spellings",
    "accept",
    "statuses",
    "status-routes",
    "reload",
    "batch",
)
Decorated = TypeVar("Decorated", bound=Callable[..., Any])
COLOURS: dict[str, dict[str, Any]] = {
    "wrong": {"fg": "red", "bold": True},
    "manners": {"fg": "yellow"},
    "not there": {"dim": True},
    "right": {"fg": "green"},
}


def _file(name: str, meaning: str) -> Callable[[Decorated], Decorated]:
    return click.option(
        name,
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=meaning,
    )


@click.command(
    "check",
    params=[
        click.Argument(["url"]),
        NETWORK,
        *OWN_KEY_FLAGS,
        *(flag for flag in FLAGS if flag.name == "plugin"),
    ],
    short_help="Check whether any signer is right.",
    context_settings={**HELP_NAMES, "token_normalize_func": current_flag},
)
@click.option(
    "--group",
    "names",
    type=Choice(GROUP_NAMES, case_sensitive=False),
    multiple=True,
    help="run only this group of checks; may be repeated",
)
@click.option(
    "--type",
    "type_names",
    multiple=True,
    metavar="TYPE",
    help="sign only this type in the groups signatures, presets and roots; may be repeated",
)
@click.option("--keymanager", is_flag=True, help="also import and delete a keystore")
@_file("--keymanager-token-file", "the bearer token of the target's Keymanager API")
@click.option(
    "--slashing",
    "slashable",
    multiple=True,
    metavar="PUBKEY",
    help="also ask this key for slashable messages, which the target must refuse; a target without "
    "protection signs them; may be repeated",
)
@access_options
@click.option(
    "--timeout",
    type=click.FloatRange(0, 600, min_open=True),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="how long an answer may take",
)
@click.option("--json", "is_json", is_flag=True, help="print the report as JSON, with every check")
@click.option(
    "--junit",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="also write the report as JUnit's XML",
)
@click.option(
    "--save",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="also write the body of each request that differs, for the curl lines of long ones",
)
def check(url: str, **flags: Any) -> None:
    """Check whether the signer at URL signs correctly and answers as clients expect.

    The signer needs keys that are known here: some of the first 4 interop keys, or those of the
    flags for keys.
    Sends every signing type in every fork and form, compares each signature with our own, and
    verifies it. Prints a table, and for each difference a curl line that shows it.

    A check is right, or wrong (a signature is), or differs in manners only (a status, a header, a
    form). What the signer does not have is not there, which is no mistake.

    Exits with 0 when all is right or not there, 1 when a signature is wrong, 3 when only manners
    differ, and 2 when a flag is wrong or too little could be checked. Ctrl-C stops it: it prints
    what was checked so far, and exits with 130.

    The signer signs messages of many slots, none of which is slashable. --keymanager and --slashing
    change it, and are left out unless they are given.

    \b
    Examples:
      signer check http://127.0.0.1:9000
      signer check http://127.0.0.1:9000 --keystores-path keys --network hoodi
      signer check https://signer:9000 --tls-ca ca.pem --tls-client-cert client.pem
      signer check http://127.0.0.1:9000 --junit report.xml     (in CI)
      signer check http://127.0.0.1:9000 --json | jq '.checks[] | select(.verdict == "wrong")'
    """  # noqa: D301 - click's mark of lines that it leaves alone
    context = click.get_current_context()
    try:
        exit_code = _check(url, flags)
    except KeyboardInterrupt:  # before the first check, or while it writes the report
        click.echo("stopped: by Ctrl-C", err=True)
        from ..tools.check.running import EXIT_CODE_OF_INTERRUPT  # noqa: PLC0415 - takes long

        exit_code = EXIT_CODE_OF_INTERRUPT
    context.exit(exit_code)


def _check(url: str, flags: dict[str, Any]) -> int:
    """Checks, prints the report, and returns the exit code."""
    # They take long, and other commands need not wait for them.
    from ..plugin.loading import load_plugins  # noqa: PLC0415
    from ..tools.check.checks import Subject  # noqa: PLC0415
    from ..tools.check.junit import junit  # noqa: PLC0415
    from ..tools.check.report import Report, save_bodies  # noqa: PLC0415
    from ..tools.check.running import find_keys, find_root_member, run  # noqa: PLC0415
    from ..tools.check.target import Target  # noqa: PLC0415

    config = configuration(click.get_current_context())
    network = load_network(config.network)
    types = load_plugins(config.plugin).types
    chosen_types = _chosen_types(flags["type_names"], types)
    access = _access(flags)
    our_keys = load_keys(config)
    slashable = _named_keys(flags["slashable"], our_keys)
    groups = _chosen_groups(flags)
    with closing(Target(url, access, flags["timeout"])) as target:
        keys = find_keys(target, our_keys, Subject(our_keys, types, network))
        known = {key.pubkey for key in keys.known}
        for key in slashable:
            if key.pubkey not in known:
                raise ConfigError(f"expected --slashing with a key of the target: {keys}")
        has_token = bool(access.token)
        subject = Subject(
            keys.known, types, network, slashable, has_token=has_token, chosen_types=chosen_types
        )
        subject.root_member = find_root_member(target, subject)
        with progress_on_terminal() as show:

            def progress(title: str, number: int) -> None:
                show(f"{number} checks; {title:.{TITLE_WIDTH}}")

            outcome = run(target, subject, keys, groups, progress)
    bodies = save_bodies(flags["save"], outcome.results) if flags["save"] else {}
    report = Report(target, outcome, bodies)
    if flags["junit"]:
        with translating_errors(f"write {flags['junit']}", ConfigError):
            flags["junit"].write_bytes(junit(outcome, report))
    _print(report.json() if flags["is_json"] else report.text(_coloured))
    return outcome.exit_code


def _access(flags: dict[str, Any]) -> "Access":
    from ..tools.check.access import read_access  # noqa: PLC0415 - takes long

    if flags["keymanager_token_file"] and not flags["keymanager"]:
        raise ConfigError("expected --keymanager with --keymanager-token-file, found none")
    return read_access(access_files(flags), flags["keymanager_token_file"])


def _named_keys(names: Iterable[str], keys: "Iterable[Key]") -> "list[Key]":
    """The keys that --slashing names. Raises ConfigError for one that we do not have."""
    by_pubkey = {key.pubkey: key for key in keys}
    named = []
    for name in names:
        pubkey = b""
        with suppress(ValueError):
            pubkey = from_hex(name.lower())
        if pubkey not in by_pubkey:
            expected = "expected --slashing with the public key of a key that is known here"
            raise ConfigError(f"{expected}, found {name!r:.120}")
        named.append(by_pubkey[pubkey])
    return named


def _chosen_types(names: Iterable[str], types: "Sequence[type[SignRequest]]") -> list[str]:
    """The types of --type. Raises ConfigError for an unknown one."""
    known = [known_type.TYPE for known_type in types]
    chosen = [name.upper() for name in names]
    for name in chosen:
        if name not in known:
            expected = f"expected one of {', '.join(known)} as --type"
            raise ConfigError(f"{expected}, found {name!r:.100}{did_you_mean(name, known)}")
    return chosen


def _chosen_groups(flags: dict[str, Any]) -> "Sequence[Group]":
    """The groups of --group, or all; those that change the target if they were asked for."""
    from ..tools.check.groups import GROUPS  # noqa: PLC0415 - takes long

    is_asked = {
        "--keymanager": flags["keymanager"],
        "--slashing": bool(flags["slashable"]),
    }
    chosen = []
    for group in GROUPS:
        is_named = not flags["names"] or group.name in flags["names"]
        if is_asked.get(group.asked_by, is_named):
            chosen.append(group)
    return chosen


def _print(text: str) -> None:
    has_colours = None  # as the terminal has
    if os.environ.get("NO_COLOR"):
        has_colours = False
    click.echo(text, sys.stdout, color=has_colours)


def _coloured(text: str, verdict: str) -> str:
    return click.style(text, **COLOURS[verdict])
