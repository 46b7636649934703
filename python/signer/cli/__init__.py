"""The command line, one file for each command: `signer` and `python -m signer` are the same."""

from typing import Any

import click

from .._core import __version__
from ..errors import SignerError, UnavailableError
from . import output, parent  # noqa: F401 - `parent` first, before what takes long to import
from .bench import bench
from .check import check
from .explain import explain
from .fault import fault
from .keys import keys
from .options import FLAGS, HELP_NAMES
from .replay import replay
from .requests import requests
from .serve import serve
from .slashing import slashing
from .web3signer import COMMAND_NAME, web3signer


class _Commands(click.Group):
    """The commands. A SignerError of any of them becomes a message and an exit code.

    The code is 1 for an UnavailableError. It is 2 for every other one: a flag is wrong, or a file
    that it names.
    """

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        if context.info_name == COMMAND_NAME:  # called by a link of that name
            args = [COMMAND_NAME, *args]
        try:
            return super().parse_args(context, args)
        except click.NoSuchOption as error:
            name = error.option_name
            if not any(name in flag.opts for flag in FLAGS):
                raise
            hint = f"a flag comes after its command: signer serve {name}"
            raise click.UsageError(f"expected a command, found {name}: {hint}", context) from None

    def invoke(self, context: click.Context) -> Any:
        output.open_missing_streams()
        with output.log_to_stderr():
            try:
                return super().invoke(context)
            except SignerError as error:
                failure: type[click.ClickException] = click.UsageError
                if isinstance(error, UnavailableError):
                    failure = click.ClickException
                exit_code = output.tell_error(failure(str(error)))
            except click.ClickException as error:
                exit_code = output.tell_error(error)
        return context.exit(exit_code)


@click.group(cls=_Commands, context_settings=HELP_NAMES)
@click.version_option(__version__, prog_name="signer")
def main() -> None:
    """A remote BLS signer for Ethereum validators, for tests. Not for production."""


main.add_command(serve)
main.add_command(web3signer)
main.add_command(keys)
main.add_command(slashing)
main.add_command(explain)
main.add_command(fault)
main.add_command(requests)
main.add_command(check)
main.add_command(bench)
main.add_command(replay)
