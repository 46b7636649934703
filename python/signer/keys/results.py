"""Outcomes of changes of keys, in the Keymanager API's words."""

from typing import Literal

from msgspec import Struct


class Result(Struct, frozen=True, omit_defaults=True):
    """The outcome for a keystore or a key."""

    status: Literal["imported", "duplicate", "deleted", "not_active", "not_found", "error"]
    message: str = ""


# One object each: a request may have 300,000 of them, which take long to free.
IMPORTED = Result("imported")
DUPLICATE = Result("duplicate")
DELETED = Result("deleted")
NOT_ACTIVE = Result("not_active")
NOT_FOUND = Result("not_found")
