"""A disk without room for a history, in a process where no file may grow."""

import asyncio
import resource
from pathlib import Path

from signer.errors import SignerError
from support.protection import PUBKEY, ROOT, opened, rows, rules, sent


def sign_on_a_full_disk(path: Path) -> list[str]:
    """Why it is not written while no file may grow, twice; it is written once one may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    messages = []
    with opened(path) as protection:
        noted = protection.admit(PUBKEY, sent((3, 4)), ROOT)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
        for _ in range(2):
            try:
                asyncio.run(protection.wait_for_disk(noted))
            except SignerError as error:
                messages.append(str(error))
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        asyncio.run(protection.wait_for_disk(noted))
        return [*messages, *rules(protection, (3, 4)), f"{rows(path)} rows"]
