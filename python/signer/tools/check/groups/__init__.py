"""The groups of checks, one file for each, in the order that they run in."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from ..checks import Checks, Subject
from . import (
    accept,
    batch,
    clients,
    keymanager,
    presets,
    public_keys,
    reload,
    roots,
    signatures,
    slashing,
    spellings,
    status_routes,
    statuses,
)


class Group(NamedTuple):
    """A group: its name in reports, and what it checks in a sentence."""

    name: str
    about: str
    checks: Callable[[Subject], Checks]
    asked_by: Literal["", "--keymanager", "--slashing"] = ""  # it changes the target


GROUPS = (
    Group(
        "public-keys",
        "`GET /api/v1/eth2/publicKeys` is a JSON list of lower-case keys, and each key signs",
        public_keys.checks,
    ),
    Group(
        "signatures",
        "every type in every fork, with the least, ordinary and highest values, around each fork",
        signatures.checks,
    ),
    Group(
        "presets",
        "every type whose form or epoch follows the preset, on chains of the other presets",
        presets.checks,
    ),
    Group(
        "roots",
        "the client's root is accepted in both spellings, and another root is refused",
        roots.checks,
    ),
    Group(
        "clients",
        "what each validator client sends, and whether it can read the answer",
        clients.checks,
    ),
    Group(
        "spellings",
        "numbers, hex, names and members as Web3Signer's decoder reads them",
        spellings.checks,
    ),
    Group("accept", "JSON or text by the Accept header, as Web3Signer chooses", accept.checks),
    Group("statuses", "requests that are wrong get the status that clients know", statuses.checks),
    Group("status-routes", "upcheck and healthcheck, as clients poll them", status_routes.checks),
    Group("reload", "`/reload` is accepted, ends, and keeps the keys", reload.checks),
    Group("batch", "one message signed by many keys (a draft)", batch.checks),
    Group(
        "keymanager",
        "keystores are listed, imported with a history, and deleted; the token is required",
        keymanager.checks,
        "--keymanager",
    ),
    Group(
        "slashing",
        "slashable blocks and attestations are refused, and the same message is signed again",
        slashing.checks,
        "--slashing",
    ),
)
