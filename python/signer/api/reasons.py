"""The words by which the metrics tell why a request was refused."""

from .. import errors
from ..errors import SignerError
from ..upstream.errors import UpstreamError, UpstreamTimeoutError, WrongSignatureError

OTHER = "other"
HANDSHAKE = "handshake"  # of TLS, which is no error of a request

# By class; a class without a line of its own has that of its parent.
REASONS: dict[type[SignerError], str] = {
    SignerError: OTHER,
    errors.BadRequestError: "bad_request",
    errors.SigningRootError: "signing_root",
    errors.UnauthorizedError: "no_token",
    errors.UnknownUserError: "unknown_user",
    errors.ForbiddenError: "wrong_token",
    errors.UnknownKeyError: "unknown_key",
    errors.UnknownOperationError: "unknown_operation",
    errors.UnknownRouteError: "unknown_route",
    errors.MethodNotAllowedError: "method",
    errors.BodyTimeoutError: "body_timeout",
    errors.SlashingError: "slashing",
    errors.BodyTooLargeError: "body_too_large",
    errors.ContentEncodingError: "compressed_body",
    errors.UnavailableKeyError: "unavailable_key",
    UpstreamError: "upstream",
    UpstreamTimeoutError: "upstream_timeout",
    WrongSignatureError: "upstream_wrong_signature",
}


def reason_of(error: SignerError) -> str:
    """The word for an error."""
    for kind in type(error).__mro__:
        reason = REASONS.get(kind)
        if reason:
            return reason
    return OTHER
