"""An enforced verdict is told before the request that waits for it goes on."""

import asyncio
from contextlib import suppress

import pytest

from signer import verify
from signer.control.filters import Verdict
from signer.upstream.errors import WrongSignatureError
from signer.upstream.verification import Verifier
from support.duties import RANDAO
from support.vectors import unhex

PUBKEY = unhex(RANDAO["pubkey"])
ROOT = unhex(RANDAO["signing_root"])
SIGNATURE = unhex(RANDAO["signature"])


@pytest.mark.parametrize("is_alone", [True, False])
@pytest.mark.parametrize(("root", "verdict"), [(ROOT, "right"), (bytes(32), "wrong")])
def test_a_verdict_is_told_when_the_check_ends(
    root: bytes, verdict: Verdict, *, is_alone: bool
) -> None:
    async def check() -> list[Verdict]:
        verdicts: list[Verdict] = []
        verifier = Verifier("enforce")
        verifier.start()
        with suppress(WrongSignatureError):
            await verifier.check(
                "RANDAO_REVEAL", PUBKEY, root, SIGNATURE, verdicts.append, is_alone=is_alone
            )
        told = list(verdicts)  # not an iteration of the event loop later
        verifier.stop()
        return told

    assert verify(PUBKEY, ROOT, SIGNATURE)
    assert [verdict] == asyncio.run(check())
