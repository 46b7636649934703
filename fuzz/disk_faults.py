"""Has a signer serve on a disk that fails, again and again on one data directory.

fuzz/disk_faults.c makes writes, flushes, renames and other calls below the data directory fail, be
short, or be the last of the process. The clients are those of kills.py. While the disk fails

- an error says what the disk said; nothing hangs, and no signature leaves without its record;
- a signer that cannot start says why.

Once the disk is well again, the same signer does all of it without an error. After a restart it has
kept everything that it had answered. This is also so when the power fails, and the disk keeps only
what was flushed to it.

The exit code is 1 when something of this is not so.

Run: PYTHONPATH=tests:benchmarks python fuzz/disk_faults.py --faults 10000
"""

import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from random import Random, randrange

from signer.errors import ConfigError
from support.answered import BrokenError
from support.disk_faults import MISSING, FaultyDisk, random_plan
from support.lasting import Lasting
from support.mixed_load import is_of_the_disk
from support.served import Running

EPISODES = 20  # of a signer: the disk fails, and is well again
STEPS_ON_A_FAULTY_DISK = 15  # of each client
STEPS_AFTER = 4
ROUNDS_PER_LINE = 10


class Trial:
    """A data directory on a disk that fails."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._random = Random(seed)
        self.lasting = Lasting(folder, seed)
        self.disk = FaultyDisk(folder, self.lasting.data_dir)
        self.endings = Counter[str]()

    def play(self) -> None:
        """One signer on a disk that fails now and then, and what it leaves."""
        if self._random.random() < 0.2:
            self._start_on_a_faulty_disk()
        self.disk.remember_flushes()
        with self.lasting.started(self.disk.environment) as signer:
            self.lasting.check_start(signer)
            for _ in range(EPISODES):
                self._fail_for_a_while(signer)
                if self.disk.has_killed:
                    break
            else:
                self._end(signer)
        self.disk.disarm()
        if self._random.random() < 0.5:
            self.disk.fail_power()
            self.endings["and the power failed"] += 1
        self.lasting.check_disk()

    def _arm(self) -> None:
        self.disk.arm(random_plan(self._random), self._random.getrandbits(32))

    def _start_on_a_faulty_disk(self) -> None:
        """Starts a signer, which serves, dies, or says why it cannot."""
        self._arm()
        try:
            with self.lasting.started(self.disk.environment):
                self.endings["started on a faulty disk"] += 1
        except ConfigError as error:
            if self.disk.has_killed:
                self.endings["died at its start"] += 1
            elif is_of_the_disk(str(error)) and "Traceback" not in str(error):
                self.endings["refused to start"] += 1
            else:
                raise BrokenError(f"expected an error of the disk, found {error}") from None
        self.disk.disarm()

    def _use(self, signer: Running, steps: int, *, expects_faults: bool) -> None:
        """Has every client make requests."""
        answered = SimpleQueue[None]()
        uses = []
        with ThreadPoolExecutor() as threads:
            for client in self.lasting.clients:
                client.expects_faults = expects_faults
                uses.append(threads.submit(client.use, signer, steps, answered))
        are_answered = all(use.result() for use in uses)
        if not are_answered and not self.disk.has_killed:
            raise BrokenError(f"closed a connection without an answer: {signer.process.log()}")

    def _fail_for_a_while(self, signer: Running) -> None:
        """The disk fails under load, and is well again: so is then the signer."""
        self._arm()
        self._use(signer, STEPS_ON_A_FAULTY_DISK, expects_faults=True)
        self.disk.disarm()
        if self.disk.has_killed:
            self.endings["died at a call"] += 1
            signer.process.wait()
        else:
            self._use(signer, STEPS_AFTER, expects_faults=False)

    def _end(self, signer: Running) -> None:
        """Kills the signer or stops it, in some cases while the disk fails."""
        is_faulty = self._random.random() < 0.5
        if is_faulty:
            self._arm()
            self._use(signer, STEPS_AFTER, expects_faults=True)
        if self._random.random() < 0.5:
            signer.process.kill()
            self.endings["killed on a faulty disk" if is_faulty else "killed"] += 1
            signer.process.wait()
            return
        signer.process.terminate()
        code = signer.process.wait()
        self.endings[f"stopped with code {code}"] += 1
        is_explained = self.disk.has_killed or (is_faulty and is_of_the_disk(signer.process.log()))
        if code and not is_explained:
            raise BrokenError(f"stopped with code {code}: {signer.process.log()}")


def summary(trial: Trial, rounds: int, started_at: float) -> str:
    """What was done and checked so far."""
    counts = trial.lasting.counts()
    faults = trial.disk.faults()
    seconds = time.monotonic() - started_at
    return (
        f"{sum(faults.values())} faults of {sum(trial.disk.calls().values())} calls in "
        f"{seconds:.0f} s, {rounds} rounds: {faults}; {counts['requests']} requests, "
        f"{counts['signatures']} signatures, {counts['told of the disk']} errors that tell of the "
        f"disk; {dict(trial.endings)}; {trial.lasting.checked()}"
    )


def main() -> None:
    """Plays until there were enough faults. The exit code is 1 when something broke."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=randrange(2**32))
    arguments = parser.parse_args()
    if MISSING:
        print(f"not run: {MISSING}")
        return
    print(f"--seed {arguments.seed}", flush=True)
    started_at = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(Path(folder), arguments.seed)
        rounds = 0
        faults = 0
        while faults < arguments.faults:
            rounds += 1
            try:
                trial.play()
            except BrokenError as error:
                raise SystemExit(
                    f"broken in round {rounds}, disk: {trial.disk.plan}: {error}"
                ) from None
            faults = sum(trial.disk.faults().values())
            if rounds % ROUNDS_PER_LINE == 0 or faults >= arguments.faults:
                print(summary(trial, rounds, started_at), flush=True)


if __name__ == "__main__":
    main()
