"""A reader of server-sent events, on a socket of its own."""

import http.client
import json
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit


class Event(NamedTuple):
    """One event; its id is empty where it has none of its own."""

    name: str
    data: Any
    id: str = ""


class Reader:
    """Reads GET /_signer/events of the signer at a URL."""

    def __init__(self, url: str, last_event_id: str = "", token: str = "") -> None:
        headers = {}
        if last_event_id:
            headers["Last-Event-ID"] = last_event_id
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
        self._connection.request("GET", "/_signer/events", headers=headers)
        self._response = self._connection.getresponse()
        self.status = self._response.status
        self.content_type = self._response.headers["content-type"]

    def next(self) -> Event:
        """The next event. Raises EOFError at the end of the stream."""
        fields: dict[str, str] = {}
        while True:
            line = self._response.readline().decode()
            if not line:
                raise EOFError
            if line == "\n" and "data" in fields:
                return Event(fields["event"], json.loads(fields["data"]), fields.get("id", ""))
            name, _, value = line.rstrip("\n").partition(": ")
            fields[name] = value

    def until(self, name: str) -> Event:
        """The next event of a name."""
        while True:
            event = self.next()
            if event.name == name:
                return event

    def rest(self) -> bool:
        """Reads to the end of the stream; whether it came."""
        try:
            while True:
                self.next()
        except EOFError:
            return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._response.close()
        self._connection.close()
