"""Runs every fuzzer for some seconds in turn, and prints a table.

The exit code is 1 with a finding. Run: python fuzz/fuzz.py --seconds 10 [NAME ..]
"""

import re
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import rust_fuzzers

FOLDER = Path(__file__).resolve().parent
PARSERS = [
    *("request", "explanation", "keystore", "history", "network"),
    *("account_set", "fault", "config", "web3signer", "folder"),
]
SCRIPTS = {"eip3076": "eip3076.py", "raw_http": "raw_http.py", "roots": "roots.py"}
ALL = [*PARSERS, *SCRIPTS, *rust_fuzzers.NAMES]
EXECUTIONS = re.compile(r"stat::number_of_executed_units: (\d+)")
COVERAGE = re.compile(r"cov: (\d+)")
RUNS_OF_CHECK = 1_000  # inputs of a parser; the same ones each time
SEED_OF_CHECK = 1


class Outcome(NamedTuple):
    """A row of the table, and the output where something was found."""

    name: str
    result: str
    finding: str


def run_parser(name: str, seconds: int, *, is_check: bool) -> Outcome:
    """Runs one of the parsers' targets."""
    program = [sys.executable, str(FOLDER / "parsers.py"), name]
    return run_libfuzzer(name, program, seconds, is_check=is_check)


def run_rust(name: str, seconds: int, *, is_check: bool) -> Outcome:
    """Runs one of the targets in Rust."""
    return run_libfuzzer(
        name,
        rust_fuzzers.command_of(name),
        seconds,
        is_check=is_check,
        folder=rust_fuzzers.CRATE,
        environment=rust_fuzzers.ENVIRONMENT,
    )


def run_libfuzzer(
    name: str,
    program: list[str],
    seconds: int,
    *,
    is_check: bool,
    folder: Path | None = None,
    environment: dict[str, str] | None = None,
) -> Outcome:
    """Runs a program that takes libFuzzer's arguments. New inputs are kept for this run only."""
    with tempfile.TemporaryDirectory() as found:
        command = [*program]
        if is_check:
            command += [f"-runs={RUNS_OF_CHECK}", f"-seed={SEED_OF_CHECK}"]
        else:
            command.append(f"-max_total_time={seconds}")
        command += ["-print_final_stats=1", f"-artifact_prefix={FOLDER}/finding-", found]
        corpus = FOLDER / "corpus" / name
        if corpus.is_dir():
            command.append(str(corpus))
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    output = done.stdout + done.stderr
    executions = EXECUTIONS.search(output)
    edges = COVERAGE.findall(output)
    result = (
        f"{executions[1] if executions else '?'} inputs, {edges[-1] if edges else '?'} branches"
    )
    return Outcome(name, result, output[-3_000:] if done.returncode else "")


def run_script(name: str, seconds: int, *, is_check: bool) -> Outcome:
    """Runs a script that prints its counts in its last line."""
    command = [sys.executable, str(FOLDER / SCRIPTS[name]), "--seconds", str(seconds)]
    if is_check:
        command += ["--seed", str(SEED_OF_CHECK)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    return Outcome(
        name, done.stdout.rstrip().rpartition("\n")[2], output if done.returncode else ""
    )


def without_rust_if_it_cannot_run(names: list[str], *, is_check: bool) -> list[str]:
    """The names that can run; prints why the ones in Rust cannot."""
    if not set(names) & set(rust_fuzzers.NAMES):
        return names
    reason = rust_fuzzers.reason_not_to_run(is_check=is_check)
    if not reason:
        return names
    print(f"not run: the fuzzers in Rust, because {reason}")
    return [name for name in names if name not in rust_fuzzers.NAMES]


def run(name: str, seconds: int, *, is_check: bool) -> Outcome:
    """Runs a fuzzer of any kind."""
    if name in SCRIPTS:
        return run_script(name, seconds, is_check=is_check)
    if name in rust_fuzzers.NAMES:
        return run_rust(name, seconds, is_check=is_check)
    return run_parser(name, seconds, is_check=is_check)


def main() -> None:
    """Runs the named fuzzers, or all."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--check", action="store_true", help="the same inputs each time")
    parser.add_argument("names", nargs="*", choices=[*ALL, []])
    arguments = parser.parse_args()
    names = arguments.names or ALL
    if find_spec("atheris") is None:
        print("not run, because atheris is not installed: the parsers")
        names = [name for name in names if name not in PARSERS]
    names = without_rust_if_it_cannot_run(names, is_check=arguments.check)
    findings = []
    for name in names:
        outcome = run(name, arguments.seconds, is_check=arguments.check)
        print(
            f"{outcome.name:<15} {'FOUND' if outcome.finding else 'clean'}  {outcome.result}",
            flush=True,
        )
        if outcome.finding:
            findings.append(outcome.finding)
    if findings:
        raise SystemExit("\n\n".join(findings))


if __name__ == "__main__":
    main()
