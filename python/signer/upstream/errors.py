"""What goes wrong at the upstream, each with the status that a client gets."""

from ..errors import SignerError


class UpstreamError(SignerError):
    """The upstream cannot be reached, or its answer is no answer of a signer."""

    status = 502


class WrongSignatureError(UpstreamError):
    """The upstream's signature is not by the key over the root; --upstream-verify enforce is on."""


class UpstreamTimeoutError(UpstreamError):
    """The upstream does not answer within --upstream-timeout."""

    status = 504


class UpstreamRefusedError(UpstreamError):
    """The upstream refused a request; the client gets its status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status
