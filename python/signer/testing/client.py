"""Reads, sets and asserts on any signer, in a thread, a process or elsewhere."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import msgspec

from ..control.faults import Fault
from ..control.filters import RecordFilter, differing
from ..control.journal import Record
from ..decoding import decoder
from ..errors import ConfigError, SignerError
from ..hex import from_hex, to_hex
from ..slashing.slashable import Slashable

NO_PROXY = build_opener(ProxyHandler({}))  # ignores the environment's proxy
SECRET_SIZE = 32  # bytes
REQUEST_TIMEOUT = 60.0  # seconds; added to an operation's own `wait`
RECORDS_SHOWN = 20  # in the message of an assertion that failed


def secrets_of(keys: Iterable[bytes | str]) -> list[bytes]:
    """Secret keys of 32 bytes, each given as bytes or as hex. Raises ConfigError; it shows none."""
    if isinstance(keys, bytes | str) or not isinstance(keys, Iterable):
        raise ConfigError(f"expected keys to be a list of keys, found {type(keys).__name__}")
    secrets = []
    for position, key in enumerate(keys):
        secret = key
        if isinstance(key, str):
            with suppress(ValueError):
                secret = from_hex(key)
        if not isinstance(secret, bytes) or len(secret) != SECRET_SIZE:
            found = type(key).__name__
            if isinstance(key, bytes | str):
                found += f" of length {len(key)} that is not one"
            expected = f"a secret key: {SECRET_SIZE} bytes, or their hex"
            raise ConfigError(f"expected keys[{position}] to be {expected}, found {found}")
        secrets.append(secret)
    return secrets


class FaultHandle:
    """A fault that was set. As a context manager it is removed on the way out."""

    def __init__(self, client: "ControlClient", number: int) -> None:
        self.id = number
        self._client = client

    @property
    def hits(self) -> int:
        """How often it was applied."""
        return int(self._client.ask_control("GET", f"faults/{self.id}")["hits"])

    def remove(self) -> None:
        """Removes it. Requests that it lets hang go on."""
        self._client.ask_control("DELETE", f"faults/{self.id}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class ControlClient:
    """A test's side of a signer that serves at `url` with --control."""

    url: str
    control_token: str | None = None  # that of --control-token-file, where there is one
    _opener = NO_PROXY

    def ask_control(self, method: str, path: str, kind: Any = Any, /, **fields: Any) -> Any:
        """Asks /_signer, and reads the response as `kind`.

        Raises SignerError with its message when it refuses.
        """
        given = {name: value for name, value in fields.items() if value is not None}
        query = ""
        body = None
        if method == "GET":
            query = f"?{urlencode(given)}"
        else:
            body = msgspec.json.encode(given)
        request = Request(f"{self.url}/_signer/{path}{query}", body, method=method)  # noqa: S310
        if self.control_token:
            request.add_header("Authorization", f"Bearer {self.control_token}")
        timeout = REQUEST_TIMEOUT + fields.get("wait", 0)
        try:
            with self._opener.open(request, timeout=timeout) as response:
                return decoder(kind).decode(response.read())
        except HTTPError as error:
            with error:
                message = msgspec.json.decode(error.read())["message"]
            raise SignerError(message) from None

    @property
    def pubkeys(self) -> list[str]:
        """The public keys that can sign, as 0x and 96 hex digits."""
        return list(self.ask_control("GET", "keys"))

    @property
    def requests(self) -> list[Record]:
        """The last ten thousand requests, oldest first, without those to /_signer."""
        return self.wait_for(0)

    def wait_for(
        self,
        n: int = 1,
        timeout: float = 5.0,
        *,
        since: int = 0,
        **match: Any,
    ) -> list[Record]:
        """The requests that match, as soon as there are `n`.

        Raises AssertionError after `timeout` seconds; its message shows what came instead. `since`
        leaves out the requests up to that `seq`. Blocks; in a coroutine:
        `await asyncio.to_thread(signer.wait_for, 3, type="ATTESTATION")`.
        """
        fields = {"n": n, "wait": timeout, "since": since, **match}
        records: list[Record] = self.ask_control("GET", "requests", list[Record], **fields)
        if len(records) < n:
            raise AssertionError(self._comparison(f"{n} requests", RecordFilter(**match), records))
        return records

    def count(self, *, since: int = 0, **match: Any) -> int:
        """How many requests match, whatever their responses were."""
        return len(self.wait_for(0, since=since, **match))

    def assert_signed(self, n: int | None = None, *, since: int = 0, **match: Any) -> None:
        """Asserts that `n` matching requests were signed; without `n`, that at least one was.

        The message shows what came instead.
        """
        records = self.wait_for(0, since=since, **match)
        signed = [record for record in records if record.signature]
        if n is None:
            expected = "at least 1 signed"
            is_met = bool(signed)
        else:
            expected = f"{n} signed"
            is_met = len(signed) == n
        if not is_met:
            raise AssertionError(self._comparison(expected, RecordFilter(**match), signed))

    def _comparison(self, expected: str, wanted: RecordFilter, found: list[Record]) -> str:
        """The message of an assertion that failed, with the last requests and what they lack."""
        records = self.requests
        given = wanted.given()
        lines = [
            f"expected {expected} {given or 'of any kind'}, found {len(found)}",
            f"{len(records)} requests were received{':' if records else ''}",
        ]
        for record in records[-RECORDS_SHOWN:]:
            lacking = differing(given, record)
            if not lacking and not record.signature:
                lacking = ["signature"]
            line = f"  {record.line()}"
            if len(lacking) == 1:
                line += f"   <- differs only in its {lacking[0]}"
            lines.append(line)
        return "\n".join(lines)

    def slashable(self, *, equivocations: bool = False) -> list[Slashable]:
        """The slashable pairs of messages that keys were asked to sign.

        With `equivocations`, also the pairs of which the network takes one and slashes nobody.
        """
        fields = {"equivocations": equivocations}
        pairs: list[Slashable] = self.ask_control("GET", "slashable", list[Slashable], **fields)
        return pairs

    def assert_not_slashable(self, *, equivocations: bool = False) -> None:
        """Asserts that there are no slashable pairs; the message shows them.

        With `equivocations`, asserts the same of these.
        """
        pairs = self.slashable(equivocations=equivocations)
        if pairs:
            expected = "expected nothing slashable"
            if equivocations:
                expected += " and no equivocation"
            shown = "\n".join(pair.line() for pair in pairs)
            raise AssertionError(f"{expected}, found {len(pairs)}:\n{shown}")

    def fault(self, fault: Fault | Mapping[str, Any] | None = None, /, **what: Any) -> FaultHandle:
        """Sets a fault, from a `Fault` or its fields. The newest matching fault applies."""
        fields = what
        if fault is not None:
            if not isinstance(fault, Fault | Mapping):
                raise ConfigError(f"expected a Fault or its fields, found {fault!r:.100}")
            fields = msgspec.to_builtins(fault) | what
        return FaultHandle(self, self.ask_control("POST", "faults", **fields)["id"])

    @property
    def faults(self) -> list[dict[str, Any]]:
        """The faults that are set, each with `id` and `hits`."""
        return list(self.ask_control("GET", "faults"))

    def add_keys(self, *, keys: Iterable[bytes | str] = (), **source: Any) -> list[str]:
        """Adds keys: the arguments of `Signer` for keys, or secrets of 32 bytes, also as hex."""
        secrets = [to_hex(key) for key in secrets_of(keys)]
        return list(self.ask_control("POST", "keys", keys=secrets, **source))

    def remove_keys(self, *pubkeys: str) -> None:
        """Removes keys: requests for them are 404 from now on."""
        self.ask_control("DELETE", "keys", pubkeys=list(pubkeys))

    def reset(self) -> None:
        """Forgets requests, faults and what was signed; the keys stay."""
        self.ask_control("POST", "reset")
