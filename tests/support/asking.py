"""Requests to a `Signer` of a test, wherever it runs."""

import http.client
import json
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from signer import Signer
from support.served import Answer

# a test runs twice: with a signer in a thread of its own process, and with one in another
PROCESS = pytest.param({"process": True}, marks=pytest.mark.slow)
WHERE = pytest.mark.parametrize("where", [{"process": False}, PROCESS])


def ask(
    signer: Signer, method: str, path: str, body: Any = None, timeout: float = 10, **headers: str
) -> Answer:
    """One request, on a connection of its own."""
    netloc = urlsplit(signer.url).netloc
    with closing(http.client.HTTPConnection(netloc, timeout=timeout)) as connection:
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, headers)
        response = connection.getresponse()
        lowered = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, lowered, response.read())


def sign(signer: Signer, vector: Any, timeout: float = 10, **headers: str) -> Answer:
    """The sign request of a vector, with its key."""
    path = f"/api/v1/eth2/sign/{vector['pubkey']}"
    return ask(signer, "POST", path, vector["request"], timeout, **headers)
