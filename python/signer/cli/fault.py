"""`signer fault add`, `list` and `remove`: faults of a signer that runs."""

from typing import Any

import click
import msgspec

from ..control.faults import Fault, fault_of
from ..errors import ConfigError
from .options import HELP_NAMES
from .running import URL, fields_of, signer_at

EXAMPLE = "status=412"


@click.group("fault", context_settings=HELP_NAMES)
def fault() -> None:
    """Make a running signer misbehave: set, list and remove faults.

    \b
    Examples:
      signer fault add type=ATTESTATION status=412 times=1
      signer fault add type=BLOCK_V2 delay=0.7
      signer fault list
      signer fault remove --all
    """  # noqa: D301 - click's mark of lines that it leaves alone


@fault.command("add")
@click.argument("what", nargs=-1, required=True)
@URL
def add(what: tuple[str, ...], url: str) -> None:
    """Set a fault, and print its id. WHAT is NAME=VALUE, several times, or one JSON object.

    The names are type, pubkey and path, which select requests; after, times, chance and seed, which
    say when it applies; delay, jitter, status, body, content_type, hang, drop and signature, which
    say what happens. The newest matching fault applies.

    signature is one of wrong_root, wrong_key, malformed, short, infinity and not_in_group.

    \b
    Examples:
      signer fault add type=ATTESTATION status=412 times=1
      signer fault add hang=true pubkey=0xa99a76ed7796f7be22d5b7e85deeb7c5677e88e5...
      signer fault add signature=wrong_root chance=0.1 seed=1
      signer fault add path=/upcheck status=503
      signer fault add '{"type": "BLOCK_V2", "delay": 0.7}'
    """  # noqa: D301 - as above
    new = _fault(what)
    print_fault(signer_at(url).ask_control("POST", "faults", **msgspec.to_builtins(new)))


def _fault(what: tuple[str, ...]) -> Fault:
    if what[0].lstrip().startswith("{"):
        if len(what) > 1:
            raise ConfigError(f"expected one JSON object, or NAME=VALUE words, found {what[1]!r}")
        return fault_of(what[0])
    return fault_of(fields_of(what, EXAMPLE))


@fault.command("list")
@click.option("--all", "is_all", is_flag=True, help="list removed faults too")
@URL
def list_faults(url: str, *, is_all: bool) -> None:
    """List the faults that are set, oldest first: id, hits, and what each does."""
    fields = {"all": "true"} if is_all else {}
    for active in signer_at(url).ask_control("GET", "faults", **fields):
        print_fault(active)


@fault.command("remove")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "is_all", is_flag=True, help="remove all faults")
@URL
def remove(ids: tuple[str, ...], url: str, *, is_all: bool) -> None:
    """Remove the faults with these ids. Requests that they let hang go on.

    \b
    Examples:
      signer fault remove 1 2
      signer fault remove --all
    """  # noqa: D301 - as above
    if bool(ids) == is_all:
        raise ConfigError("expected ids of faults, or --all: `signer fault list` prints the ids")
    signer = signer_at(url)
    if is_all:
        signer.ask_control("DELETE", "faults")
    for number in ids:
        if not number.isdecimal():
            raise ConfigError(f"expected the id of a fault, found {number!r}: see `fault list`")
        signer.ask_control("DELETE", f"faults/{number}")


def print_fault(active: dict[str, Any]) -> None:
    """Prints a fault on a line: its id, its hits, and its fields as JSON."""
    fields = {name: value for name, value in active.items() if name not in {"id", "hits"}}
    click.echo(f"{active['id']}  {active['hits']} hits  {msgspec.json.encode(fields).decode()}")
