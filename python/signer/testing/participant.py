"""One participant of distributed validators over HTTP, as a coordinator asks it."""

from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import OpenerDirector, Request

import msgspec
from msgspec import Struct

from .._core import verify
from ..decoding import decoder
from ..hex import to_hex
from ..ssz.scalars import Bytes32, Bytes48, Bytes96, shown, uint64

PREFIX = "/api/v1/eth2/distributed"
MAX_MESSAGE = 300  # characters of a refusal's reason in an error


class Problem(Exception):  # noqa: N818 - it is told, and mostly nobody fails by it
    """Why a participant's answer is of no use; the text begins with down, refused or lying."""


class Peer(Struct, frozen=True):
    """A participant in the set that an account tells."""

    id: uint64
    endpoint: str


class Account(Struct, frozen=True):
    """A validator as one participant tells it."""

    participant_id: uint64
    public_key: Bytes48
    composite_public_key: Bytes48
    signing_threshold: uint64
    participants: list[Peer]


class Partial(Struct, frozen=True):
    """The signature of one share, as it is told."""

    participant_id: uint64
    signing_root: Bytes32
    signature: Bytes96


class Signed(Struct, frozen=True):
    """A partial signature that is by its account's component key."""

    account: Account
    partial: Partial


class _Refusal(Struct, frozen=True):
    code: int
    message: str


class _BatchItem(Struct, frozen=True):
    identifier: Bytes48
    participant_id: uint64 | None = None
    signing_root: Bytes32 | None = None
    signature: Bytes96 | None = None
    error: _Refusal | None = None


class Participant:
    """A participant at a URL. Each method raises Problem, and blocks for a timeout at most."""

    def __init__(self, id: int, url: str, opener: OpenerDirector, timeout: float) -> None:  # noqa: A002
        self.id = id
        self.url = url.rstrip("/")
        self._opener = opener
        self._timeout = timeout
        self._accounts: dict[bytes, Account] = {}  # by composite key, once they were told

    def sign(self, composite_key: bytes, request: Any) -> Signed:
        """The verified partial signature for a composite key."""
        account = self._account(composite_key)
        partial = self._ask("POST", f"sign/{to_hex(composite_key)}", request, Partial)
        return self._verified(account, partial)

    def sign_batch(
        self,
        composite_keys: Sequence[bytes],
        request: Any,
    ) -> dict[bytes, Signed | Problem]:
        """The verified partial signature, or the problem, for each composite key."""
        self._learn_accounts()
        identifiers = [to_hex(key) for key in composite_keys]
        body = {"identifiers": identifiers, "signing_request": request}
        items = self._ask("POST", "sign", body, list[_BatchItem])
        if [item.identifier for item in items] != [*composite_keys]:
            raise Problem("lying: its results are for other keys, or in another order")
        results: dict[bytes, Signed | Problem] = {}
        for item in items:
            try:
                results[item.identifier] = self._result(item)
            except Problem as problem:
                results[item.identifier] = problem
        return results

    def _result(self, item: _BatchItem) -> Signed:
        if item.error:
            raise _refused(item.error.code, item.error.message)
        if item.participant_id is None or item.signing_root is None or item.signature is None:
            raise Problem("lying: a result has neither all members of a signature nor an error")
        account = self._account(item.identifier)
        partial = Partial(item.participant_id, item.signing_root, item.signature)
        return self._verified(account, partial)

    def _account(self, composite_key: bytes) -> Account:
        self._learn_accounts()
        account = self._accounts.get(composite_key)
        if account is None:
            raise Problem("refused: it has no account with this composite key")
        self._check_id(account.participant_id)
        return account

    def _learn_accounts(self) -> None:
        if not self._accounts:
            accounts = self._ask("GET", "accounts", None, list[Account])
            self._accounts = {account.composite_public_key: account for account in accounts}

    def _verified(self, account: Account, partial: Partial) -> Signed:
        self._check_id(partial.participant_id)
        if not verify(account.public_key, partial.signing_root, partial.signature):
            raise Problem(
                "lying: its partial signature does not verify with its own component key and the "
                f"signing root that it tells, {to_hex(partial.signing_root)}"
            )
        return Signed(account, partial)

    def _check_id(self, participant_id: int) -> None:
        if participant_id != self.id:
            raise Problem(f"lying: it says that it is participant {participant_id}")

    def _ask(self, method: str, path: str, body: Any, kind: Any) -> Any:
        content = None
        headers = {"accept": "application/json"}
        if body is not None:
            content = msgspec.json.encode(body)
            headers["content-type"] = "application/json"
        url = f"{self.url}{PREFIX}/{path}"
        request = Request(url, content, headers, method=method)  # noqa: S310 - the test's own URL
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                answer = response.read()
        except HTTPError as error:
            with error:
                raise _refused(error.code, _message_in(error.read)) from None
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise Problem(f"down: {reason}") from None
        try:
            return decoder(kind).decode(answer)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise Problem(f"lying: its answer is not as specified: {error}") from None


def _refused(status: int, message: str) -> Problem:
    return Problem(f"refused: {status} {message:.{MAX_MESSAGE}}")


def _message_in(read: Callable[[], bytes]) -> str:
    """The message of an error body; a part of its text where it is no JSON object with one."""
    try:
        content = read()
        body = msgspec.json.decode(content)
    except (OSError, HTTPException, msgspec.DecodeError, UnicodeError):
        return "without a message"
    if isinstance(body, Mapping):
        return str(body.get("message", "without a message"))
    return f"with {shown(body)}"
