"""What a test does with a signer, wherever it serves: reads, sets, asserts."""

from collections.abc import Iterable
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import msgspec

from ..control.faults import Fault
from ..control.journal import Match, Record
from ..decoding import convert
from ..errors import SignerError
from ..slashing.protection import Slashable

DIRECT = build_opener(ProxyHandler({}))  # whatever proxy the environment names


class FaultHandle:
    """A fault that was set; as a context manager it is removed on the way out."""

    def __init__(self, signer: "Controls", number: int) -> None:
        self._signer, self.id = signer, number

    @property
    def hits(self) -> int:
        """How often it struck."""
        return int(self._signer.ask_control("GET", f"faults/{self.id}")["hits"])

    def remove(self) -> None:
        """Takes it back: requests that it hangs go on."""
        self._signer.ask_control("DELETE", f"faults/{self.id}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class Controls:
    """What a test can do with a signer that serves at `url` with --control."""

    url: str
    _opener = DIRECT

    def ask_control(self, method: str, path: str, /, **sent: Any) -> Any:
        """Asks /_signer; raises SignerError with its message when it refuses."""
        given = {name: value for name, value in sent.items() if value is not None}
        query = f"?{urlencode(given)}" if method == "GET" else ""
        body = None if method == "GET" else msgspec.json.encode(given)
        request = Request(f"{self.url}/_signer/{path}{query}", body, method=method)  # noqa: S310
        try:
            with self._opener.open(request, timeout=60 + sent.get("wait", 0)) as response:
                return msgspec.json.decode(response.read())
        except HTTPError as error:
            raise SignerError(msgspec.json.decode(error.read())["message"]) from None

    @property
    def pubkeys(self) -> list[str]:
        """The public keys that can sign, as 0x and 96 hex digits."""
        return list(self.ask_control("GET", "keys"))

    @property
    def requests(self) -> list[Record]:
        """The last ten thousand requests, oldest first, without those to /_signer."""
        return self.wait_for(0)

    def wait_for(
        self, n: int = 1, timeout: float = 5.0, *, since: int = 0, **match: Any
    ) -> list[Record]:
        """The requests that match, as soon as there are n. Raises AssertionError after `timeout` s.

        `since` leaves out those up to that `seq`. Blocks; in a coroutine:
        `await asyncio.to_thread(signer.wait_for, 3, type="ATTESTATION")`.
        """
        sent = {"n": n, "wait": timeout, "since": since, **match}
        records = convert(list[Record], self.ask_control("GET", "requests", **sent))
        if len(records) < n:
            raise AssertionError(self._told(f"{n} requests", Match(**match), records))
        return records

    def count(self, **match: Any) -> int:
        """How many requests match, whatever they were answered."""
        return len(self.wait_for(0, **match))

    def assert_signed(self, n: int | None = None, **match: Any) -> None:
        """Asserts that n requests that match were signed; without n, that at least one was.

        The message shows what came instead.
        """
        signed = [record for record in self.wait_for(0, **match) if record.signature]
        if len(signed) != n if n is not None else not signed:
            expected = f"{'at least 1' if n is None else n} signed"
            raise AssertionError(self._told(expected, Match(**match), signed))

    def _told(self, expected: str, match: Match, found: list[Record]) -> str:
        records = self.requests
        lines = [f"expected {expected} {match.given() or 'of any kind'}, found {len(found)}"]
        lines.append(f"{len(records)} requests were received{':' if records else ''}")
        for record in records[-20:]:
            misses = match.misses(record) or ([] if record.signature else ["signature"])
            near = f"   <- all but its {misses[0]}" if len(misses) == 1 else ""
            lines.append(f"  {record.line()}{near}")
        return "\n".join(lines)

    def slashable(self) -> list[Slashable]:
        """The pairs of messages that keys were asked to sign, and that slash them."""
        return convert(list[Slashable], self.ask_control("GET", "slashable"))

    def assert_not_slashable(self) -> None:
        """Asserts that there are none; the message shows them."""
        if pairs := self.slashable():
            told = "\n".join(pair.line() for pair in pairs)
            raise AssertionError(f"expected nothing slashable, found {len(pairs)}:\n{told}")

    def fault(self, fault: Fault | None = None, /, **what: Any) -> FaultHandle:
        """Sets a fault, or one of these fields of `Fault`. The last one that matches wins."""
        sent = msgspec.to_builtins(fault) | what if fault else what
        return FaultHandle(self, self.ask_control("POST", "faults", **sent)["id"])

    @property
    def faults(self) -> list[dict[str, Any]]:
        """The faults that are set, each with `id` and `hits`."""
        return list(self.ask_control("GET", "faults"))

    def add_keys(self, *, keys: Iterable[bytes] = (), **sources: Any) -> list[str]:
        """Adds keys, of `interop`, `mnemonic`, `count`, `start`, or secrets of 32 bytes."""
        secrets = [f"0x{key.hex()}" for key in keys]
        return list(self.ask_control("POST", "keys", keys=secrets, **sources))

    def remove_keys(self, *pubkeys: str) -> None:
        """Removes keys: requests for them are 404 from now on."""
        self.ask_control("DELETE", "keys", pubkeys=pubkeys)

    def reset(self) -> None:
        """Forgets requests, faults and what was signed; the keys stay."""
        self.ask_control("POST", "reset")
