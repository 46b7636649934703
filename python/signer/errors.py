"""Every exception that the signer raises on purpose, each with the HTTP status it becomes.

    SignerError                     500
    ├── BadRequestError             400  a body, a header or a parameter that is not as expected
    │   └── SigningRootError        400  the signing root in the request is not that of its message
    ├── UnauthorizedError           401  the Keymanager API or /_signer without a token
    ├── UnknownUserError            401  no user and password of --auth-file
    ├── ForbiddenError              403  the same with a wrong token
    ├── CrossSiteError              403  a web page of another site sent the request
    ├── UnknownKeyError             404  no such public key is loaded
    ├── UnknownOperationError       404  no such operation: below /_signer, or switched off
    ├── UnknownRouteError           404  no such path
    ├── MethodNotAllowedError       405  the route has another method
    ├── BodyTimeoutError            408  the rest of a body does not come
    ├── SlashingError               412  the message is slashable, and --slashing enforce is on
    ├── BodyTooLargeError           413  a body above the limit
    ├── ContentEncodingError        415  a compressed body
    ├── BLSError                    400  bytes that are no key, no signature or no point
    ├── KeystoreError               400  a keystore that is not EIP-2335, or outside our bounds
    │   ├── OtherFormatError        400  JSON that is no EIP-2335 keystore, version 4
    │   └── WrongPasswordError      400  the checksum says that the password is wrong
    ├── FaultError                  any  the answer of a fault that a test has set
    ├── UnavailableKeyError         503  a share of --distributed that could not be decrypted yet
    ├── UpstreamError               502  the upstream cannot be reached, or gives no answer
    │   ├── WrongSignatureError     502  its signature is wrong, and --upstream-verify enforce is on
    │   ├── UpstreamTimeoutError    504  it does not answer within --upstream-timeout
    │   └── UpstreamRefusedError    any  it refused the request, with this status
    ├── ThresholdError              500  a coordinator of a test lacks partial signatures
    ├── ProcessEndedError           500  the process of a test's signer has ended by itself
    └── ConfigError                 500  a flag or a file that makes serving impossible
        ├── MnemonicError           400  words that are no BIP-39 mnemonic
        └── UnavailableError        500  a port or a folder that another process has

A message says what was expected, what came and what to do. It starts in lower case, ends without a
period, and never holds a password, a secret key or a body. This file imports nothing of ours.
"""

from collections.abc import Iterable, Mapping

MAX_NAME_LENGTH = 64  # characters; comparing a longer name takes long
NEAR = 0.6  # difflib's ratio from which on a name is taken for a mistyped one


def did_you_mean(name: object, known: Iterable[str], near: float = NEAR) -> str:
    """The end of a message: the known name that is nearest, or nothing where none is near."""
    import difflib  # noqa: PLC0415 - most starts make no mistake and should not wait for it

    text = str(name)
    if len(text) > MAX_NAME_LENGTH:
        return ""
    by_lower_case = {other.lower(): other for other in known}
    nearest = difflib.get_close_matches(text.lower(), by_lower_case, 1, near)
    if not nearest:
        return ""
    return f"; did you mean {by_lower_case[nearest[0]]}?"


class SignerError(Exception):
    """The root of the tree; `status` and `headers` are the HTTP answer that it becomes."""

    status: int = 500
    headers: Mapping[str, str] = {}
    is_reported: bool = False  # whether a warning in the log has said it
    is_counted: bool = False  # whether the metrics have it


class BadRequestError(SignerError):
    """A body, a header or a parameter that is not as expected."""

    status = 400


class SigningRootError(BadRequestError):
    """The signing root in a request is not the root of its message; `signing_root` is."""

    def __init__(self, facts: str, advice: str, signing_root: bytes, request: object) -> None:
        super().__init__(f"{facts}: {advice}")
        self.facts = facts
        self.signing_root = signing_root  # 32 bytes
        self.request = request  # the SignRequest

    def advise(self, advice: str) -> None:
        """Replaces the advice after the facts, once somebody knows better."""
        self.args = (f"{self.facts}: {advice}",)


class UnauthorizedError(SignerError):
    """A request to the Keymanager API, or to /_signer, has no token."""

    status = 401
    headers = {"www-authenticate": "Bearer"}


class UnknownUserError(SignerError):
    """A request has no user and password, or none that --auth-file lists."""

    status = 401
    headers = {"www-authenticate": 'Basic realm="signer"'}


class ForbiddenError(SignerError):
    """A request to the Keymanager API, or to /_signer, has a wrong token."""

    status = 403


class CrossSiteError(SignerError):
    """A web page of another site sent the request, and its origin is not in --cors-origins."""

    status = 403


class UnknownKeyError(SignerError):
    """No key with this public key is loaded."""

    status = 404


class UnknownOperationError(SignerError):
    """No such operation or fault below /_signer, or a route that a flag switches off."""

    status = 404


class UnknownRouteError(SignerError):
    """The signer has no route with the path of the request."""

    status = 404


class MethodNotAllowedError(SignerError):
    """The route has other methods than that of the request; `allow` lists them."""

    status = 405

    def __init__(self, message: str, allow: str) -> None:
        super().__init__(message)
        self.headers = {"allow": allow}


class BodyTimeoutError(SignerError):
    """The rest of a body did not come within the idle timeout; the connection is closed."""

    status = 408
    headers = {"connection": "close"}


class SlashingError(SignerError):
    """A message conflicts with an earlier one, and --slashing enforce is on."""

    status = 412


class BodyTooLargeError(SignerError):
    """The body of a request is above the limit."""

    status = 413


class ContentEncodingError(SignerError):
    """The body of a request is compressed."""

    status = 415


class BLSError(SignerError):
    """Bytes that are no secret key, no signature or no point of the right group."""

    status = 400


class KeystoreError(SignerError):
    """A keystore that is not EIP-2335, or whose parameters are outside the signer's bounds."""

    status = 400


class OtherFormatError(KeystoreError):
    """JSON of another format than EIP-2335, version 4: deposit data, a wallet, another keystore."""


class WrongPasswordError(KeystoreError):
    """The keystore's checksum says that the password is wrong."""


class FaultError(SignerError):
    """A fault that a test has set answers instead of the signer."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class UnavailableKeyError(SignerError):
    """A share of a distributed validator could not be decrypted; a reload tries again."""

    status = 503


class ProcessEndedError(SignerError, ConnectionError):
    """The process of a test's signer has ended by itself, so nothing can be asked of it."""


class ConfigError(SignerError):
    """A flag or a file that makes serving impossible; the command line prints it."""


class MnemonicError(ConfigError):
    """Words that are no BIP-39 mnemonic; the message tells the position of a wrong one."""

    status = 400


class UnavailableError(ConfigError):
    """A port or a folder that another process has: nothing is wrong with the flags."""
