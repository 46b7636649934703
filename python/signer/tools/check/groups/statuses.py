"""Checks of wrong requests: what clients act on is the status."""

from functools import partial

from ....hex import to_hex
from ....keys.derived import interop_key
from ..calls import JSON, Call
from ..checks import Check, Checks, Finding, Subject, Verdict, one_of
from ..signatures import SIGN, signature_in
from ..target import Answer

STRANGER = (1 << 33) + 7  # index of an interop key that nobody has
HEADERS = {"Accept": JSON, "Content-Type": JSON}
TRUNCATED = b'{"type":"RANDAO_REVEAL","fork_info":{'


def checks(subject: Subject) -> Checks:
    """Yields the checks of this group."""
    body = subject.body(subject.usual["RANDAO_REVEAL"])
    ours = f"{SIGN}/{to_hex(subject.key.pubkey)}"
    stranger = f"{SIGN}/{to_hex(interop_key(STRANGER).public_key())}"
    yield _refused("a key that is not loaded", stranger, body, 404)
    yield _refused("a key that is no hex", f"{SIGN}/0xnokey", body, 404, 400)
    yield _refused("an empty body", ours, b"", 400)
    yield _refused("a body that is no JSON", ours, b"RANDAO_REVEAL", 400)
    yield _refused("a body that ends early", ours, TRUNCATED, 400)
    yield _refused("a list as a body", ours, b"[]", 400)
    yield _refused("a body without a type", ours, b"{}", 400)
    yield _refused("an unknown type", ours, b'{"type":"NO_SUCH_TYPE"}', 400)
    message = subject.usual["RANDAO_REVEAL"]
    # Web3Signer answers 500 to these, and we 400.
    yield _refused("no message", ours, subject.body(message, randao_reveal=None), 400, 500)
    yield _refused("no fork_info", ours, subject.body(message, fork_info=None), 400, 500)
    negative = subject.body(message, randao_reveal={"epoch": "-1"})
    yield _refused("a negative epoch", ours, negative, 400, 500)
    too_high = subject.body(message, randao_reveal={"epoch": str(1 << 64)})
    yield _refused("an epoch of 2^64", ours, too_high, 400, 500)
    call = Call("GET", ours, headers=HEADERS)
    yield Check("GET instead of POST", call, "405 or 404", partial(_judge, (405, 404)))
    call = Call("GET", "/no/such/path", headers=HEADERS)
    yield Check("an unknown path", call, "404", partial(_judge, (404,)))


def _refused(title: str, path: str, body: bytes, *statuses: int) -> Check:
    call = Call("POST", path, body, HEADERS)
    expected = " or ".join(map(str, statuses))
    return Check(title, call, expected, partial(_judge, statuses))


def _judge(statuses: tuple[int, ...], answer: Answer) -> Finding:
    signature = signature_in(answer)
    if signature is not None:
        return Finding(Verdict.WRONG, f"a signature: {to_hex(signature)}")
    return one_of(answer, *statuses)
