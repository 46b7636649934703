"""Checks of Web3Signer's reload: the target reads its keys again."""

import time
from typing import Any

from ..calls import JSON, Call
from ..checks import (
    RIGHT,
    Check,
    Checks,
    Finding,
    Subject,
    Verdict,
    decoded,
    not_there,
    one_of,
    told,
)
from ..target import Answer
from .public_keys import CALL as LIST
from .public_keys import keys_in

STATES = ("idle", "running", "completed", "completed_with_errors", "failed")
STATUS = Call("GET", "/reload", headers={"Accept": JSON})
MAX_WAIT = 5.0  # seconds for a reload to end
PAUSE = 0.05  # seconds between two questions


def checks(subject: Subject) -> Checks:
    """Yields the checks of this group."""
    call = Call("POST", "/reload", headers={"Accept": JSON})
    started = yield Check("POST /reload", call, "202, or 200 of older versions", _judge_start)
    if started.verdict is not Verdict.RIGHT:
        return
    deadline = time.monotonic() + MAX_WAIT
    while True:
        state = yield Check("GET /reload", STATUS, '200 and a "status"', _judge_state)
        if _state_of(state.answer) != "running" or time.monotonic() > deadline:
            break
        time.sleep(PAUSE)

    def judge_keys(answer: Answer) -> Finding:
        keys = keys_in(answer)
        if keys is None:
            return not_there(answer) or Finding(Verdict.MANNERS, told(answer))
        missing = {f"0x{key.pubkey.hex()}" for key in subject.keys} - keys
        if missing:
            return Finding(Verdict.MANNERS, f"{len(missing)} keys are gone after the reload")
        return RIGHT

    yield Check("the keys after it", LIST, "the keys of before", judge_keys)


def _judge_start(answer: Answer) -> Finding:
    return not_there(answer) or one_of(answer, 200, 202)


def _judge_state(answer: Answer) -> Finding:
    if _state_of(answer) in STATES:
        return RIGHT
    return not_there(answer) or Finding(Verdict.MANNERS, told(answer))


def _state_of(answer: Answer | None) -> Any:
    if answer is None:
        return None
    report = decoded(answer.body)
    return report.get("status") if isinstance(report, dict) else None
