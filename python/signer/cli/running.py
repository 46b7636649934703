"""What the commands for a signer that runs share: --url, and words such as `status=412`."""

from typing import TYPE_CHECKING

import click

from ..errors import ConfigError

if TYPE_CHECKING:
    from ..testing.running import RunningSigner

DEFAULT_URL = "http://127.0.0.1:9000"

URL = click.option(
    "--url",
    default=DEFAULT_URL,
    show_default=True,
    help="the signer, which has to run with --control",
)


def signer_at(url: str) -> "RunningSigner":
    """The signer at a URL. Raises ConfigError for other text."""
    from ..testing.running import RunningSigner  # noqa: PLC0415 - takes long; serve need not wait

    return RunningSigner(url)


def fields_of(words: tuple[str, ...], example: str) -> dict[str, str]:
    """The fields of words such as `status=412`. Raises ConfigError for another word."""
    fields = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise ConfigError(f"expected NAME=VALUE, such as {example}, found {word!r}")
        fields[name.replace("-", "_")] = value
    return fields
