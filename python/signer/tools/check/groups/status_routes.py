"""Checks of the routes that clients poll."""

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


def checks(_: Subject) -> Checks:
    """Yields the checks of this group."""
    call = Call("GET", "/upcheck")
    yield Check("upcheck, as Teku and SSV ask", call, "200", _judge_upcheck)
    call = Call("GET", "/healthcheck", headers={"Accept": JSON})
    expected = '200 or 503, application/json, and "status" and "outcome"'
    yield Check("healthcheck, as Vero asks", call, expected, _judge_healthcheck)


def _judge_upcheck(answer: Answer) -> Finding:
    return not_there(answer) or one_of(answer, 200)


def _judge_healthcheck(answer: Answer) -> Finding:
    missing = not_there(answer)
    if missing:
        return missing
    report = decoded(answer.body)
    if not isinstance(report, dict) or answer.media_type != JSON:
        return Finding(Verdict.MANNERS, f"no report as JSON: {told(answer)}")
    expected = {200: "UP", 503: "DOWN"}.get(answer.status)
    if expected is None or [report.get("status"), report.get("outcome")] != [expected, expected]:
        return Finding(Verdict.MANNERS, told(answer))
    return RIGHT
