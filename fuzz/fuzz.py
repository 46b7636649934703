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

FOLDER = Path(__file__).parent
PARSERS = [
    *("request", "explanation", "keystore", "history", "network"),
    *("account_set", "fault", "config", "web3signer", "folder"),
]
SCRIPTS = {"eip3076": "eip3076.py", "raw_http": "raw_http.py", "roots": "roots.py"}
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
    """Runs one of the parsers' targets. New inputs are kept for this run only."""
    with tempfile.TemporaryDirectory() as found:
        command = [sys.executable, str(FOLDER / "parsers.py"), name]
        if is_check:
            command += [f"-runs={RUNS_OF_CHECK}", f"-seed={SEED_OF_CHECK}"]
        else:
            command.append(f"-max_total_time={seconds}")
        command += ["-print_final_stats=1", f"-artifact_prefix={FOLDER}/finding-", found]
        corpus = FOLDER / "corpus" / name
        if corpus.is_dir():
            command.append(str(corpus))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
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


def main() -> None:
    """Runs the named fuzzers, or all."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--check", action="store_true", help="the same inputs each time")
    parser.add_argument("names", nargs="*", choices=[*PARSERS, *SCRIPTS, []])
    arguments = parser.parse_args()
    names = arguments.names or [*PARSERS, *SCRIPTS]
    if find_spec("atheris") is None:
        print("not run, because atheris is not installed: the parsers")
        names = [name for name in names if name in SCRIPTS]
    findings = []
    for name in names:
        run = run_script if name in SCRIPTS else run_parser
        outcome = run(name, arguments.seconds, is_check=arguments.check)
        print(
            f"{outcome.name:<12} {'FOUND' if outcome.finding else 'clean'}  {outcome.result}",
            flush=True,
        )
        if outcome.finding:
            findings.append(outcome.finding)
    if findings:
        raise SystemExit("\n\n".join(findings))


if __name__ == "__main__":
    main()
