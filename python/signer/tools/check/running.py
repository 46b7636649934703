"""Runs the checks: which keys both signers have, group after group, and what it comes to."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from msgspec import Struct

from ...errors import ConfigError
from ...hex import abbreviated, to_hex
from ...keys.keyring import Key
from .checks import Check, Checks, Result, Subject, Verdict, told
from .groups import Group
from .groups.public_keys import CALL as LIST
from .groups.public_keys import PATH, keys_in
from .groups.roots import MEMBERS
from .signatures import judge_signature, sign_call, signature_in
from .target import Answer, NoAnswer, Target

MAX_UNANSWERED = 5  # requests; each takes the time-out
KEYS_TRIED = 8  # at a target that lists none
KEYS_SHOWN = 3
INTERRUPTED = "by Ctrl-C"
EXIT_CODE_OF_INTERRUPT = 130  # 128 + 2, the number of SIGINT; shells use the same code

Progress = Callable[[str, int], None]


class KnownKeys(NamedTuple):
    """The keys of both signers, and the others that the target lists, as hex."""

    known: list[Key]
    foreign: list[str]
    is_listed: bool

    def __str__(self) -> str:
        count = len(self.known)
        if not self.is_listed:
            return f"it lists no keys; it knows {count} of those that were tried: {self._ours()}"
        text = f"{count} of its {count + len(self.foreign)} keys are known: {self._ours()}"
        if self.foreign:
            text += f"; not known, and not checked: {_shortened(self.foreign)}"
        return text

    def _ours(self) -> str:
        return _shortened([to_hex(key.pubkey) for key in self.known])


class Outcome(Struct):
    """What all checks found; `stopped` says why some were not run."""

    url: str
    keys: KnownKeys
    groups: Sequence[Group]
    results: list[Result]
    note: str = ""  # what the target needs
    stopped: str = ""
    is_unreachable: bool = False

    @property
    def is_interrupted(self) -> bool:
        """Whether Ctrl-C stopped it."""
        return self.stopped == INTERRUPTED

    def has_run(self, group: str) -> bool:
        """Whether a group was run; of a check that stopped, whether it has a result."""
        return not self.stopped or any(result.group == group for result in self.results)

    def count(self, verdict: Verdict, group: str | None = None) -> int:
        """How many checks have a verdict, of a group or of all."""
        return len(self.having(verdict, group))

    def having(self, verdict: Verdict, group: str | None = None) -> list[Result]:
        """The results with a verdict, of a group or of all."""
        return [
            result
            for result in self.results
            if result.verdict is verdict and group in (None, result.group)
        ]

    @property
    def has_signed_nothing(self) -> bool:
        """Whether signatures were asked for, and no right one came."""
        verdicts = {each.verdict for each in self.results if each.check.is_signature}
        return bool(verdicts) and Verdict.RIGHT not in verdicts

    @property
    def exit_code(self) -> int:
        """What the command ends with.

        130 after Ctrl-C, 1 for a wrong signature, 2 when too little was checked, 3 for manners, and
        0 otherwise.
        """
        if self.is_interrupted:
            return EXIT_CODE_OF_INTERRUPT
        if self.count(Verdict.WRONG):
            return 1
        if self.is_unreachable or self.has_signed_nothing:
            return 2
        if self.count(Verdict.MANNERS) or self.stopped:
            return 3
        return 0


def find_keys(target: Target, keys: Sequence[Key], subject: Subject) -> KnownKeys:
    """Which of our keys the target has. Raises ConfigError when it has none, or lets nobody in."""
    try:
        answer = target.send(LIST)
    except NoAnswer as error:
        raise ConfigError(f"cannot check the target at {target.url}: {error}") from None
    if answer.status in {401, 403}:
        raise ConfigError(
            f"the target at {target.url} refuses with {answer.status}: give its user by "
            "--auth-file FILE, or allow this host"
        )
    listed = keys_in(answer)
    if listed is None:
        known = [key for key in keys[:KEYS_TRIED] if _has(target, subject, key)]
        if not known:
            raise ConfigError(_no_signer(target, keys, answer))
        return KnownKeys(known, [], is_listed=False)
    known = [key for key in keys if to_hex(key.pubkey) in listed]
    foreign = sorted(listed - {to_hex(key.pubkey) for key in known})
    if not known:
        others = f"it has {len(foreign)}: {_shortened(foreign)}" if foreign else "it has no keys"
        raise ConfigError(_no_keys(target, keys, others))
    return KnownKeys(known, foreign, is_listed=True)


def _has(target: Target, subject: Subject, key: Key) -> bool:
    message = subject.usual["RANDAO_REVEAL"]
    try:
        answer = target.send(sign_call(key, message.body()))
    except NoAnswer:
        return False
    finding = judge_signature(subject, message, key, answer, "either")
    return finding.verdict is not Verdict.NOT_THERE


def find_root_member(target: Target, subject: Subject) -> str:
    """The member of the root without which the target signs nothing; empty for most targets."""
    message = subject.usual["AGGREGATION_SLOT"]
    if _signs(target, subject, message.body()):
        return ""
    for member in MEMBERS:
        if _signs(target, subject, message.with_root(member)):
            if _signs(target, subject, message.body()):  # it does not always refuse
                return ""
            return member
    return ""


def _signs(target: Target, subject: Subject, body: bytes) -> bool:
    try:
        answer = target.send(sign_call(subject.key, body))
    except NoAnswer:
        return False
    return signature_in(answer) is not None


def _no_keys(target: Target, keys: Sequence[Key], others: str) -> str:
    ours = _shortened([to_hex(key.pubkey) for key in keys])
    return (
        f"the target at {target.url} has none of our keys, {ours}; {others}: name the keys that it "
        "has by --interop, --mnemonic, --secret-keys-file or --keystores-path, or load ours there "
        "(`signer keys --interop 4 --out keys` writes them as keystores)"
    )


def _no_signer(target: Target, keys: Sequence[Key], answer: Answer) -> str:
    ours = _shortened([to_hex(key.pubkey) for key in keys[:KEYS_TRIED]])
    return (
        f"is this a signer? expected a JSON list of keys at {target.url}{PATH}, found "
        f"{told(answer)}; it signs for none of our keys either, {ours}: give the URL that "
        "validator clients use (not that of its metrics), or name its keys by --interop, "
        "--mnemonic, --secret-keys-file or --keystores-path"
    )


def _shortened(pubkeys: Sequence[str]) -> str:
    text = ", ".join(abbreviated(pubkey) for pubkey in pubkeys[:KEYS_SHOWN])
    if len(pubkeys) > KEYS_SHOWN:
        text += f" and {len(pubkeys) - KEYS_SHOWN} more"
    return text


def run(
    target: Target,
    subject: Subject,
    keys: KnownKeys,
    groups: Iterable[Group],
    progress: Progress,
) -> Outcome:
    """Runs the groups, and tells `progress` each check."""
    groups = [*groups]
    outcome = Outcome(target.url, keys, groups, [])
    if subject.root_member:
        outcome.note = f"it signs only requests with {subject.root_member}, so the others have it"
    for group in groups:
        _run_group(target, group.name, group.checks(subject), outcome, progress)
        if outcome.stopped:
            break
    _settle(outcome.results)
    return outcome


def _run_group(
    target: Target, name: str, checks: Checks, outcome: Outcome, progress: Progress
) -> None:
    unanswered = sum(result.answer is None for result in outcome.results)
    try:
        check = next(checks)
        while True:
            progress(f"{name}: {check.title}", len(outcome.results))
            result = _run_check(target, name, check)
            outcome.results.append(result)
            unanswered += result.answer is None
            if unanswered >= MAX_UNANSWERED:
                outcome.stopped = f"{unanswered} requests had no answer; the rest was not sent"
                return
            check = checks.send(result)
    except StopIteration:
        return
    except ConfigError as error:
        outcome.stopped = f"{error}; the rest was not sent"
        outcome.is_unreachable = True
    except KeyboardInterrupt:
        outcome.stopped = INTERRUPTED
    finally:
        checks.close()


def _run_check(target: Target, group: str, check: Check) -> Result:
    answer: Answer | None = None
    try:
        answer = target.send(check.call)
        finding = check.judge(answer)
    except NoAnswer as error:
        return Result(group, check, Verdict.MANNERS, str(error))
    return Result(group, check, finding.verdict, finding.found, answer)


def _settle(results: Iterable[Result]) -> None:
    """Makes a refusal a matter of manners where the target has the same topic otherwise."""
    results = [*results]
    there = {result.check.topic for result in results if _shows_topic(result)}
    for result in results:
        topic = result.check.topic
        if result.verdict is Verdict.RIGHT and topic and topic not in there:
            result.verdict = Verdict.NOT_THERE
            result.found = "a refusal, and no signature in any form"
        if result.verdict is Verdict.NOT_THERE and topic and topic in there:
            result.verdict = Verdict.MANNERS
            result.found = f"a refusal, though it knows {topic}: {result.found}"


def _shows_topic(result: Result) -> bool:
    """Whether a result shows that the target has its topic: it gave some signature."""
    if result.verdict is Verdict.WRONG:
        return True
    is_answered = result.verdict is not Verdict.NOT_THERE and result.answer is not None
    return is_answered and result.check.is_signature
