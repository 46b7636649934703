"""What the code of a plugin raises while the signer serves."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import SignerError

log = logging.getLogger(__name__)


@contextmanager
def blaming(plugin: str) -> Iterator[None]:
    """Logs what a plugin raises, and raises SignerError, so that one request fails.

    A SignerError passes: it is the response that the plugin wants.
    """
    try:
        yield
    except SignerError:
        raise
    except Exception as error:  # a plugin may raise anything
        log.exception("a request failed on a bug of plugin %s", plugin)
        raise SignerError(f"plugin {plugin} failed: see the log of the signer") from error
