"""Reads, sets and asserts on any signer, in a thread, a process or elsewhere."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Unpack
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import msgspec

from ..control.faults import Fault
from ..control.filters import RecordFilter, differing
from ..control.journal import Record
from ..control.notebook import paragraph
from ..decoding import decoder
from ..errors import ConfigError, SignerError
from ..hex import to_hex
from ..signing.example import Example
from ..slashing.slashable import Slashable
from .arguments import check_count, secrets_of
from .fault_handle import FaultHandle
from .keywords import FaultFields, Keys, Match
from .records import Records
from .twins import blocks_an_event_loop, in_thread

if TYPE_CHECKING:
    from ..signing.explanation import Explanation

NO_PROXY = build_opener(ProxyHandler({}))  # ignores the environment's proxy
REQUEST_TIMEOUT = 60.0  # seconds; added to an operation's own `wait`
RECORDS_SHOWN = 20  # in the message of an assertion that failed
# At the end of the message of a `wait_for` that timed out
BLOCKED = (
    "\nwait_for blocked the event loop of its thread for {} seconds, so a client on that loop sent "
    "nothing meanwhile: `await signer.wait_for_async(...)` lets it go on"
)


class ControlClient:
    """A test's side of a signer that serves at `url` with --control."""

    url: str
    control_token: str | None = None  # that of --control-token-file, where there is one
    _opener = NO_PROXY

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url}>"

    def _repr_html_(self) -> str:
        html = paragraph(repr(self))
        with suppress(OSError, SignerError):  # it may not serve, and its process may have ended
            pubkeys = self.pubkeys
            html += paragraph(f"{len(pubkeys)} keys") + self.requests._repr_html_()
        return html

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
    def requests(self) -> Records:
        """The last ten thousand requests, oldest first, without those to /_signer."""
        return self.wait_for(0)

    def wait_for(
        self,
        n: int = 1,
        timeout: float = 5.0,
        *,
        since: int = 0,
        **match: Unpack[Match],
    ) -> Records:
        """The requests that match, as soon as there are `n`.

        They are selected by type, pubkey, path (a glob), method, status, slot, epoch and fault, the
        id of one. `since` leaves out the requests up to that `seq`. Raises AssertionError after
        `timeout` seconds; its message shows what came instead. Blocks; a coroutine awaits
        `wait_for_async`.
        """
        check_count(n)
        fields = {"n": n, "wait": timeout, "since": since, **match}
        records: list[Record] = self.ask_control("GET", "requests", list[Record], **fields)
        if len(records) < n:
            message = self._comparison(f"{n} requests", RecordFilter(**match), records)
            if timeout and blocks_an_event_loop():
                message += BLOCKED.format(timeout)
            raise AssertionError(message)
        return Records(records)

    async def wait_for_async(
        self,
        n: int = 1,
        timeout: float = 5.0,  # noqa: ASYNC109 - as `wait_for`; the message shows what came
        *,
        since: int = 0,
        **match: Unpack[Match],
    ) -> Records:
        """As `wait_for`, while the event loop goes on."""
        return await in_thread(partial(self.wait_for, n, timeout, since=since, **match))

    def count(self, *, since: int = 0, **match: Unpack[Match]) -> int:
        """How many requests match, by the names of `wait_for`, whatever their responses were."""
        return len(self.wait_for(0, since=since, **match))

    def assert_signed(
        self, n: int | None = None, *, since: int = 0, **match: Unpack[Match]
    ) -> None:
        """Asserts that `n` matching requests were signed; without `n`, that at least one was.

        They are selected as in `wait_for`. The message shows what came instead.
        """
        check_count(n)
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

    def explain(self, request: int | Record | Mapping[str, Any]) -> "Explanation":
        """The roots and the domain of a request: a record, its `seq`, or the fields of a request.

        A signed message as Beacon APIs print it is explained, too.
        """
        from ..signing.explanation import Explanation  # noqa: PLC0415 - most tests do not wait

        fields: Mapping[str, Any] = {}
        method = "POST"
        path = "explain"
        if isinstance(request, int):
            method = "GET"
            path = f"requests/{request}/explain"
        elif isinstance(request, Record):
            fields = decoder(dict[str, Any]).decode(msgspec.json.encode(request))
        else:
            fields = request
        explained: Explanation = self.ask_control(method, path, Explanation, **fields)
        return explained

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

    def fault(
        self,
        fault: Fault | Mapping[str, Any] | None = None,
        /,
        **what: Unpack[FaultFields],
    ) -> FaultHandle:
        """Sets a fault, from a `Fault` or its fields. The newest matching fault applies.

        The fields select requests (type, pubkey, path), say when and how often (after, times,
        chance, seed), and what happens: delay, jitter, status, body, content_type, hang, drop, or a
        wrong signature.
        """
        fields: dict[str, Any] = {**what}
        if fault is not None:
            if not isinstance(fault, Fault | Mapping):
                raise ConfigError(f"expected a Fault or its fields, found {fault!r:.100}")
            fields = msgspec.to_builtins(fault) | fields
        shown = self.ask_control("POST", "faults", **fields)
        number = shown.pop("id")
        del shown["hits"]
        return FaultHandle(self.ask_control, number, shown)

    @property
    def faults(self) -> list[dict[str, Any]]:
        """The faults that are set, each with `id` and `hits`."""
        return list(self.ask_control("GET", "faults"))

    def add_keys(self, *, keys: Iterable[bytes | str] = (), **source: Unpack[Keys]) -> list[str]:
        """Adds keys: the arguments of `Signer` for keys, or secrets of 32 bytes, also as hex.

        Blocks while keys are derived, 0.3 ms each; a coroutine awaits `add_keys_async`.
        """
        secrets = [to_hex(key) for key in secrets_of(keys)]
        return list(self.ask_control("POST", "keys", keys=secrets, **source))

    async def add_keys_async(
        self, *, keys: Iterable[bytes | str] = (), **source: Unpack[Keys]
    ) -> list[str]:
        """As `add_keys`, while the event loop goes on."""
        return await in_thread(partial(self.add_keys, keys=keys, **source))

    def remove_keys(self, *pubkeys: str) -> None:
        """Removes keys: requests for them are 404 from now on."""
        self.ask_control("DELETE", "keys", pubkeys=list(pubkeys))

    def examples(
        self,
        type: str | None = None,  # noqa: A002 - as in every other method
        *,
        seed: int = 0,
        values: str = "ordinary",
        root: bool = False,
    ) -> list[Example]:
        """A sign request of each type and fork, made up from a seed; the signer signs each.

        `values` may also be "minimal" or "extreme". With `root`, a request has its signing root.
        """
        fields = {"type": type, "seed": seed, "values": values, "root": root}
        made: list[Example] = self.ask_control("GET", "examples", list[Example], **fields)
        return made

    def reset(self) -> None:
        """Forgets requests, faults and what was signed; the keys stay."""
        self.ask_control("POST", "reset")
