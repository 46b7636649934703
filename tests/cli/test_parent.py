"""--exit-with-parent: the signer stops with the process that started it, however that ends."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from signer.testing.process import SignerProcess
from support.orphans import Family
from support.served import command, running

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks into /proc"),
]

# of each language; each kills a parent at a random moment of its signer's start
ROUNDS = int(os.environ.get("PY3SIGNER_ORPHAN_ROUNDS", "3"))
STARTING = 1.3  # seconds; most starts are over by then
ENDING = 3.0  # seconds

SERVE = [*command("--interop", "1", "--port", "0", "--no-metrics", "--ready-json")]
SERVE += ["--exit-with-parent"]

SHELL = f"{shlex.join(SERVE)} & wait"
PYTHON = "import time; from signer import Signer; s = Signer(process=True); time.sleep(60)"
NODE = f"""
const [file, ...flags] = {json.dumps(SERVE)};
require("child_process").spawn(file, flags, {{stdio: STDIO}});
setTimeout(() => 0, 60000);
"""
PARENTS = {
    "shell": ["sh", "-c", SHELL],
    "python": [sys.executable, "-c", PYTHON],
    "node": ["node", "-e", NODE.replace("STDIO", '"pipe"')],
    "node-without-pipes": ["node", "-e", NODE.replace("STDIO", '"ignore"')],
}


@pytest.mark.timeout(60 + 5 * ROUNDS)
@pytest.mark.parametrize("name", PARENTS)
def test_a_signer_ends_with_a_parent_that_is_killed_at_any_moment(name: str) -> None:
    parent = PARENTS[name]
    if not shutil.which(parent[0]):
        pytest.skip(f"expected {parent[0]}, found none")
    random = Random(name)

    left = []
    for _ in range(ROUNDS):
        family = Family(parent)
        time.sleep(random.uniform(0, STARTING))  # the moment of the kill is the test's data
        family.kill_head()
        left += family.left_after(ENDING)

    assert [] == left


def test_a_closed_standard_input_stops_the_signer_in_good_order() -> None:
    with running(SERVE) as signer:
        signer.process.close_stdin()

        assert 0 == signer.process.wait()
        assert "stopping: standard input has closed" in signer.process.log()


def test_without_the_flag_a_closed_standard_input_means_nothing() -> None:
    with running(SERVE[:-1]) as signer:
        signer.process.close_stdin()

        assert 200 == signer.ask("GET", "/upcheck").status


def test_an_open_standard_input_keeps_a_signer_whose_parent_has_ended() -> None:
    shell = ["sh", "-c", f"{shlex.join(SERVE)} <&3 3<&- &", "sh"]
    with running(["sh", "-c", 'exec 3<&0; exec "$@"', "sh", *shell]) as signer:
        signer.process.wait()  # the shell

        assert 200 == signer.ask("GET", "/upcheck").status
        family = signer.ready["pid"]
        signer.process.close_stdin()
        assert wait_until_gone(family)


def wait_until_gone(pid: int) -> bool:
    end = time.monotonic() + ENDING
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.02)
    return not Path(f"/proc/{pid}").exists()


def test_a_signer_that_starts_as_an_orphan_says_so() -> None:
    wait_for_the_end = "while kill -0 $$; do :; done 2>/dev/null"  # $$ is the outer shell
    shell = ["sh", "-c", f'({wait_for_the_end}; exec "$@") 2>&1 <&- &', "sh", *SERVE]

    with subprocess.Popen(shell, stdout=subprocess.PIPE, text=True) as process:
        process.wait()
        log, _ = process.communicate(timeout=20)

    assert "the parent process has already ended" in log


def test_a_start_that_fails_leaves_no_process() -> None:
    with pytest.raises(Exception, match="No such option"):
        SignerProcess([*SERVE, "--interopp", "1"])
