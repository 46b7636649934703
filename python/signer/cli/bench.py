"""`signer bench`: signers side by side, in turns in one run."""

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .._core import SecretKey
from ..errors import ConfigError, UnavailableError
from ..files import translating_errors
from ..hex import to_hex
from .access_options import access_files, access_options
from .options import HELP_NAMES, configuration, current_flag
from .own_keys import OWN_KEY_FLAGS, load_keys, own_keys_in_words
from .progress import Show, progress_on_terminal

if TYPE_CHECKING:
    from ..tools.bench.side_by_side import SideBySide
    from ..tools.bench.target import HttpTarget

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 1000  # select() of the open loop has no number above 1,023
INTERRUPTED = 130  # the exit code of a process that Ctrl-C ended
FAULTY = 1
FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    "bench",
    params=[
        click.Argument(["urls"], nargs=-1, required=True, metavar="URL..."),
        *OWN_KEY_FLAGS,
    ],
    short_help="Compare the speed of signers, in turns in one run.",
    context_settings={**HELP_NAMES, "token_normalize_func": current_flag},
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.05, 60),
    default=0.8,
    show_default=True,
    help="of each measurement",
)
@click.option(
    "--rounds",
    type=click.IntRange(1, 100),
    default=3,
    show_default=True,
    help="whose medians are figures; no winner is called with fewer than 3",
)
@click.option(
    "--connections",
    default="1,16,64",
    show_default=True,
    metavar="LIST",
    help="of the closed loops; the open loop has the largest number",
)
@click.option(
    "--rate",
    type=click.FloatRange(1, 100_000),
    metavar="N",
    help="requests per second of the open loop, by default half of what the slowest signer does",
)
@click.option(
    "--pid",
    "pids",
    multiple=True,
    metavar="PID",
    help="process of each URL, in the same order, to see its CPU time; - for one elsewhere",
)
@click.option("--json", "json_file", type=FILE, metavar="FILE", help="write all figures there")
@click.option(
    "--svg",
    "svg_file",
    type=FILE,
    metavar="FILE",
    help="draw the latencies of the open loop there",
)
@access_options
def bench(urls: tuple[str, ...], **flags: Any) -> None:
    """Compare the speed of signers that serve Web3Signer's API, in turns in one run.

    Every URL needs the same keys: those of --interop 4, or of other key flags. Use keys of a test,
    because their signing histories get attestations of high epochs.

    Throughput and latency are measured over HTTP with new roots and with one root, in batches where
    a signer has them, and in an open loop, where a latency counts from when its request was due.
    Signatures are compared with our own and between the signers.

    Exits with 0, with 1 when a signer gave an error or a wrong signature, went away or cannot be
    reached, and with 2 for a wrong flag. Ctrl-C prints what was measured so far; the exit code is
    130 then.

    \b
    Examples:
      signer bench http://127.0.0.1:9000
      signer bench http://127.0.0.1:9000 http://127.0.0.1:9010 --svg latency.svg
      signer bench http://10.0.0.2:9000 http://10.0.0.3:9000 --interop 64 --rounds 5
      signer bench http://127.0.0.1:9000 http://10.0.0.2:9000 --pid 4711 --pid -
    """  # noqa: D301 - click's mark of lines that it leaves alone
    from ..tools.bench import machine  # noqa: PLC0415 - takes long, as those below

    connections = _connections(flags["connections"])
    _check_folders(flags["json_file"], flags["svg_file"])
    config = configuration(click.get_current_context())
    keys = {to_hex(key.pubkey): key.secret_key for key in load_keys(config)}
    targets = _targets(urls, flags)
    pubkeys = _shared_keys(targets, keys, own_keys_in_words(config))
    with progress_on_terminal() as show:
        run = _prepared(targets, pubkeys, keys, connections, flags, show=show)
        described = machine.describe()
        _announce(run, described, machine.warning(described))
        run.run()
    _report(run, described, flags)


def _check_folders(*files: Path | None) -> None:
    """Raises ConfigError for a file that cannot be written at the end, before the measurements."""
    for file in files:
        if file and not file.parent.is_dir():
            raise ConfigError(f"expected a folder for {file}, found none: make {file.parent}")


def _connections(text: str) -> list[int]:
    """The numbers of a list such as 1,16,64. Raises ConfigError."""
    numbers = []
    for word in text.split(","):
        if not word.strip().isdecimal() or not 1 <= int(word) <= MOST_CONNECTIONS:
            expected = f"expected --connections such as 1,16,64, each up to {MOST_CONNECTIONS}"
            raise ConfigError(f"{expected}, found {text!r}")
        numbers.append(int(word))
    return sorted(set(numbers))


def _targets(urls: tuple[str, ...], flags: dict[str, Any]) -> list["HttpTarget"]:
    from ..tools.bench.access import access_to  # noqa: PLC0415
    from ..tools.bench.processes import check_process  # noqa: PLC0415
    from ..tools.bench.target import HttpTarget, names_of  # noqa: PLC0415

    pids = _pids(flags["pids"], len(urls))
    files = access_files(flags)
    accesses = [access_to(url, files) for url in urls]
    targets = []
    for access, name, pid in zip(accesses, names_of(accesses), pids, strict=True):
        if pid is not None:
            check_process(pid, access.url)
        targets.append(HttpTarget(access, name, pid))
    return targets


def _pids(words: tuple[str, ...], count: int) -> list[int | None]:
    if not words:
        return [None] * count
    if len(words) != count:
        expected = f"expected a --pid for each of {count} URLs, - for one elsewhere"
        raise ConfigError(f"{expected}, found {len(words)}")
    pids: list[int | None] = []
    for word in words:
        if word != "-" and not word.isdecimal():
            raise ConfigError(f"expected --pid as a number or -, found {word!r}")
        pids.append(None if word == "-" else int(word))
    return pids


def _shared_keys(
    targets: list["HttpTarget"],
    keys: dict[str, SecretKey],
    in_words: str,
) -> list[str]:
    """Those of our keys that every target has. Raises ConfigError without any."""
    shared = [*keys]
    for target in targets:
        listed = set(target.public_keys())
        ours = [pubkey for pubkey in shared if pubkey in listed]
        if not ours:
            raise UnavailableError(
                f"expected keys that we know at {target.url}, found {len(listed)} others: start it "
                f"with {in_words}, or name its keys with --interop, --mnemonic, "
                "--secret-keys-file or --keystores-path"
            )
        shared = ours
        target.look_for_batches(ours)
    return shared


def _prepared(
    targets: list["HttpTarget"],
    pubkeys: list[str],
    keys: dict[str, SecretKey],
    connections: list[int],
    flags: dict[str, Any],
    *,
    show: Show,
) -> "SideBySide":
    from ..tools.bench.loads import loads_of  # noqa: PLC0415
    from ..tools.bench.side_by_side import Plan, SideBySide  # noqa: PLC0415
    from ..tools.bench.signatures import Signatures  # noqa: PLC0415
    from ..tools.bench.target import batch_size  # noqa: PLC0415

    loads = loads_of(connections, batch_size(targets, len(pubkeys)))
    plan = Plan(loads, flags["rounds"], flags["seconds"], flags["rate"] or 0.0)
    return SideBySide(targets, pubkeys, plan, Signatures(keys), show)


def _announce(run: "SideBySide", described: dict[str, Any], warning: str) -> None:
    names = ", ".join(target.name for target in run.targets)
    log.info("machine: %s", ", ".join(f"{name} {value}" for name, value in described.items()))
    if warning:
        log.info("%s", warning)
    log.info(
        "%s: %d loads, rounds: %d, keys: %d, about %.0f seconds",
        names,
        len(run.plan.loads),
        run.plan.rounds,
        len(run.pubkeys),
        run.plan.duration(len(run.targets)),
    )


def _report(run: "SideBySide", described: dict[str, Any], flags: dict[str, Any]) -> None:
    """Prints and writes what was measured, and ends with the exit code."""
    from ..tools.bench.report import is_flawless, json_of, text_of  # noqa: PLC0415

    click.echo(text_of(run))
    if flags["json_file"]:
        figures = json.dumps(json_of(run, described), indent=1, ensure_ascii=False)
        _write(flags["json_file"], figures + "\n")
    if flags["svg_file"]:
        _write(flags["svg_file"], _chart(run))
    if run.is_interrupted:
        click.get_current_context().exit(INTERRUPTED)
    if not is_flawless(run):
        click.get_current_context().exit(FAULTY)


def _chart(run: "SideBySide") -> str:
    from ..tools.bench.chart import chart  # noqa: PLC0415
    from ..tools.bench.report import remarks_of  # noqa: PLC0415

    load = run.plan.loads[-1]  # the open one
    latencies = {figures.target: figures.latencies for figures in run.of_load(load)}
    if load in run.ceiling:
        latencies["nothing signed"] = run.ceiling[load].latencies
    due = f"{run.rate:,.0f} requests due per second, new roots"
    subtitle = f"{due}, medians of the rounds: {run.rounds_done}"
    title = "Latency of a signature, by percentile"
    return chart(latencies, title, subtitle, remarks_of(run, load))


def _write(path: Path, text: str) -> None:
    with translating_errors(f"write {path}", ConfigError):
        path.write_text(text, "utf-8")
    log.info("written: %s", path)
