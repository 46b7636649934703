"""`signer replay`: sends the records of `signer requests --export` to any signer, and compares."""

from collections import Counter
from pathlib import Path
from shlex import quote
from time import perf_counter
from typing import TYPE_CHECKING

import click

from ..config.sources import is_base_url
from ..control.journal import MAX_NAME_LENGTH, one_line
from ..errors import ConfigError
from .options import HELP_NAMES

if TYPE_CHECKING:
    from ..tools.replay import Difference, Outcome
    from ..upstream.endpoint import Endpoint

SIGNATURES_DIFFER = 1  # exit codes
MANNERS_DIFFER = 3
DIFFERENCES_SHOWN = 5  # of a signing type
MALFORMED_SHOWN = 5  # lines
PATH = click.Path(path_type=Path)


@click.command(
    "replay",
    short_help="Send recorded requests again, and compare.",
    context_settings=HELP_NAMES,
)
@click.argument("file", type=PATH)
@click.argument("url")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    metavar="TIMES",
    help="as many times faster than recorded: 1 keeps the time between requests; by default as "
    "fast as the signer answers",
)
@click.option(
    "--connections",
    type=click.IntRange(1, 256),
    default=8,
    show_default=True,
    metavar="N",
    help="connections at a time; requests for one key stay in their order",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="time after which an answer is missing",
)
@click.option(
    "--all",
    "is_all",
    is_flag=True,
    help=f"print all differences; by default the first {DIFFERENCES_SHOWN} of each signing type",
)
@click.option("--ca-file", type=PATH, metavar="FILE", help="trust only these authorities (PEM)")
@click.option("--cert", type=PATH, metavar="FILE", help="show this client certificate (PEM)")
@click.option("--key", type=PATH, metavar="FILE", help="key of that certificate (PEM)")
def replay(
    file: Path,
    url: str,
    *,
    speed: float | None,
    connections: int,
    timeout: float,
    is_all: bool,
    ca_file: Path | None,
    cert: Path | None,
    key: Path | None,
) -> None:
    """Send the requests of FILE to the signer at URL, and compare its answers with those recorded.

    FILE has the lines of `signer requests --export FILE`. URL may be of any signer, and have a user
    and a password. Prints differences with a curl line that shows each, then a summary. Changes of
    keys are not sent.

    Exits with 1 when a signature differs, 3 when only statuses differ, 2 when there is nothing to
    compare: a wrong flag or file, or no signer at URL. Exits with 0 otherwise. Damaged lines are
    named and left out; they do not change the exit code while other lines are records.

    \b
    Examples:
      signer requests --export requests.jsonl
      signer replay requests.jsonl http://127.0.0.1:9001
      signer replay requests.jsonl http://127.0.0.1:9001 --speed 1
    """  # noqa: D301 - click's mark of lines that it leaves alone
    from ..tools.recorded import read_records  # noqa: PLC0415 - serve need not wait for them
    from ..tools.replay import Replay  # noqa: PLC0415

    endpoint = _endpoint(url, ca_file, cert, key)
    terminal = _Terminal(file, endpoint.url, is_all=is_all)
    terminal.curl_flags = _curl_flags(endpoint, ca_file, cert, key)
    replaying = Replay(
        endpoint,
        terminal.tell,
        connections=connections,
        timeout=timeout,
        speed=speed,
    )
    started = perf_counter()
    records = read_records(file, terminal.tell_malformed)
    outcome = replaying.run(records, terminal.tell_progress)
    if not outcome.sent and not outcome.left_out:
        raise ConfigError(f"expected the lines of `signer requests --export` in {file}, found none")
    terminal.summarise(outcome, perf_counter() - started)
    if outcome.is_no_signer:
        raise ConfigError(
            f"is this a signer? all {outcome.signed:,} sign requests to {endpoint.url} found an "
            "unknown route: give the URL that validator clients use"
        )
    if outcome.signatures:
        click.get_current_context().exit(SIGNATURES_DIFFER)
    if outcome.statuses:
        click.get_current_context().exit(MANNERS_DIFFER)


def _endpoint(url: str, ca_file: Path | None, cert: Path | None, key: Path | None) -> "Endpoint":
    """The signer at a URL. Raises ConfigError for other text, which it does not show."""
    from ..upstream.endpoint import Endpoint, client_tls  # noqa: PLC0415 - as above

    if not is_base_url(url):
        raise ConfigError("expected a URL such as http://127.0.0.1:9001, found other text")
    if key and not cert:
        raise ConfigError("expected --cert with --key, found none")
    endpoint = Endpoint.at(url)
    if endpoint.tls:
        endpoint.tls = client_tls(ca_file, cert, key)
    elif ca_file or cert:
        raise ConfigError("expected an https URL with a certificate for it, found http")
    return endpoint


def _curl_flags(
    endpoint: "Endpoint", ca_file: Path | None, cert: Path | None, key: Path | None
) -> str:
    """What curl needs to be let in as well; the user of the URL is left to its variable."""
    flags = ""
    for name, path in [("--cacert", ca_file), ("--cert", cert), ("--key", key)]:
        if path:
            flags += f" {name} {quote(str(path))}"
    if endpoint.authorization:
        flags += ' -u "$USER_AND_PASSWORD"'
    return flags


class _Terminal:
    """Prints differences and a summary to standard output, all else to standard error."""

    def __init__(self, file: Path, url: str, *, is_all: bool) -> None:
        self._file = file
        self._url = url
        self._is_all = is_all
        self._malformed = 0
        self._differences = Counter[tuple[str, bool]]()  # by their kind
        self.curl_flags = ""

    def tell_malformed(self, line: int, problem: str) -> None:
        self._malformed += 1
        if self._malformed > MALFORMED_SHOWN:
            return
        click.echo(f"{self._file}, line {line}: {problem}; left out", err=True)

    def tell(self, difference: "Difference") -> None:
        self._differences[difference.kind] += 1
        if not self._is_all and self._differences[difference.kind] > DIFFERENCES_SHOWN:
            return
        click.echo(difference.problem)
        line = difference.recorded.curl(self._url, self._file, self.curl_flags)
        click.echo(f"  {line}")

    def tell_progress(self, outcome: "Outcome") -> None:
        differing = outcome.signatures + outcome.statuses
        click.echo(f"{outcome.sent:,} requests sent, {differing:,} differ", err=True)

    def _tell_more(self) -> None:
        """Counts the differences that were not printed."""
        if self._is_all:
            return
        for (name, is_of_signatures), number in self._differences.items():
            if number > DIFFERENCES_SHOWN:
                what = "another signature" if is_of_signatures else "another status"
                more = number - DIFFERENCES_SHOWN
                kind = f"{one_line(name, MAX_NAME_LENGTH)}, {what}"
                click.echo(f"{kind}: and {more:,} more like these (--all)")

    def summarise(self, outcome: "Outcome", seconds: float) -> None:
        self._tell_more()
        rate = outcome.sent / seconds
        click.echo(
            f"{outcome.sent:,} sent to {self._url} in {seconds:.1f} s ({rate:,.0f} a second)"
        )
        click.echo(f"{outcome.same:,} have the same answer")
        click.echo(f"{outcome.signatures:,} have another signature")
        click.echo(f"{outcome.statuses:,} have another status, or no answer")
        if outcome.not_compared:
            click.echo(f"{outcome.not_compared:,} not compared: a fault answered them")
        for reason, number in outcome.left_out.items():
            click.echo(f"{number:,} not sent: they {reason}")
        if self._malformed == 1:
            click.echo("1 line left out: it is no record")
        elif self._malformed:
            text = f"{self._malformed:,} lines left out: they are no records"
            if self._malformed > MALFORMED_SHOWN:
                text += f"; the first {MALFORMED_SHOWN} are named"
            click.echo(text)
