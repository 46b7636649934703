"""The failed TLS handshakes of Granian, which it only logs, at the level debug."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from ..api.refusals import Refusals
from .handshakes import in_plain_words

LOGGER = "_granian.workers"  # after the module in Rust
# Rust's notation of tls_listener::Error: TlsAcceptError, or HandshakeTimeout
FAILURE = re.compile(r"failed.*?: (?P<error>.*)peer_addr: (?P<peer>\S+) }")


class GranianHandshakes(logging.Handler):
    """Notes the failed handshakes of one Granian.

    All Granians of a process share a logger, and each logs from a thread of its own. The server's
    own first request, which has no TLS, tells which thread is the right one.
    """

    def __init__(self, refusals: Refusals) -> None:
        super().__init__()
        self._refusals = refusals
        self._own_port: int | None = None
        self._thread: int | None = None

    def expect(self, port: int) -> None:
        """Takes the thread that logs a failure of the connection from this port."""
        self._own_port = port

    def emit(self, record: logging.LogRecord) -> None:
        failure = FAILURE.search(record.getMessage())
        if failure is None:
            return
        peer = failure["peer"]
        if self._thread is None and peer.endswith(f":{self._own_port}"):
            self._thread = record.thread
        elif self._thread == record.thread:
            self._refusals.note_handshake(peer, in_plain_words(failure["error"]))


@contextmanager
def noting_handshakes(refusals: Refusals) -> Iterator[GranianHandshakes]:
    """A block in which Granian's failed handshakes are noted."""
    logger = logging.getLogger(LOGGER)
    # Granian asks for the level once in the life of the process, and remembers it.
    logger.setLevel(logging.DEBUG)
    logger.propagate = False  # to handlers that would show Rust's notation
    handler = GranianHandshakes(refusals)
    logger.addHandler(handler)
    try:
        yield handler
    finally:
        logger.removeHandler(handler)
