"""Requests of Gloas and Heze whose content may be changed, from the vectors of live networks."""

import json
from copy import deepcopy
from typing import Any

from support.vectors import vectors

CASES = {case["name"]: case for case in vectors("signing/signing_live.json")["cases"]}
SECRET = next(iter(CASES.values()))["secret_key"]  # of all requests here

BID = "EXECUTION_PAYLOAD_BID"
ENVELOPE = "EXECUTION_PAYLOAD_ENVELOPE"
ATTESTATION = "PAYLOAD_ATTESTATION_MESSAGE"
INCLUSION_LIST = "INCLUSION_LIST"


def changed(kind: str, **members: Any) -> Any:
    """A sign request of a type, without a signing root; the members replace those of its message.

    `payload__gas_used` is the member of a member.
    """
    request = deepcopy(CASES[f"{kind}/heze-0/none"]["request"])
    for path, value in members.items():
        message = request[kind.lower()]["data"]
        *parents, name = path.split("__")
        for parent in parents:
            message = message[parent]
        assert type(message[name]) is type(value), path
        assert message[name] != value, path
        message[name] = value
    return request


def on_another_chain(request: Any) -> Any:
    """The request with the genesis validators root of another chain."""
    fork_info = request["fork_info"] | {"genesis_validators_root": "0x" + "c1" * 32}
    return {**request, "fork_info": fork_info}


def encoded(request: Any) -> bytes:
    return json.dumps(request).encode()
