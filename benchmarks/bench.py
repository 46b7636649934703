"""What py3signer costs, in ratios to raw blst measured in the same run: `make bench`.

Without PART all that takes a few minutes; --all adds the slow ones, keystores and slashing.
"""

import argparse
import json
from functools import partial
from pathlib import Path

import batch
import budgets
import core
import cores
import events
import interference
import keystores
import many_keys
import memory
import next_to_dirk
import nginx
import passing
import server
import signing_types
import slashing
import start
import tls
import wrk
from bls import part as bls
from run import Run
from signer import __version__
from signer.tools.bench import machine

PARTS = {
    "core": core.measure,
    "request": signing_types.measure,
    "server": server.measure,
    "batch": batch.measure,
    "memory": memory.measure,
    "start": start.measure,
    "keystores": keystores.measure,
    "many_keys": many_keys.measure,
    "slashing": slashing.measure,
    "events": events.measure,
    "upstream": passing.measure,
    "interference": interference.measure,
    "nginx": nginx.measure,
    "cores": cores.measure,
    "dirk": next_to_dirk.measure,
    "tls": tls.measure,
    "bls": bls.measure,
}
SLOW = {"cores", "keystores", "slashing", "interference", "events", "nginx", "dirk"}
SLOW |= {"many_keys", "tls", "upstream"}
ASKED_FOR = {"bls"}  # other people's libraries, which are downloaded: no part of --all
VOID = "Quick: it shows that all parts work, and every figure is void."


def main() -> None:
    """Prints tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="*", help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--all", action="store_true", help="also the slow parts")
    parser.add_argument("--quick", action="store_true", help="see that it works: figures are void")
    parser.add_argument("--rounds", type=int, default=5, help="whose medians are figures")
    parser.add_argument("--seconds", type=float, default=3.0, help="of load in each round")
    parser.add_argument("--url", help="load this Web3Signer-compatible signer, and nothing else")
    into_page = "write the tables of the part bls into docs/bls.md"
    parser.add_argument("--write", action="store_true", help=into_page)
    worker_per_core = "upstream py3signer, with a worker for each core, to compare throughput with"
    parser.add_argument("--upstream", metavar="URL", help=worker_per_core)
    wrk_or_own = "of closed loops; wrk where it is installed"
    parser.add_argument("--generator", choices=["wrk", "own"], help=wrk_or_own)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    options = parser.parse_args()
    if unknown := set(options.part) - set(PARTS):
        parser.error(f"expected parts of {', '.join(PARTS)}, found {', '.join(sorted(unknown))}")
    left_out = ASKED_FOR if options.all else ASKED_FOR | SLOW
    fast = [name for name in PARTS if name not in left_out]
    run = Run(options.rounds, options.seconds, wrk=options.generator != "own" and wrk.INSTALLED)
    if options.generator == "wrk" and not run.wrk:
        parser.error("expected wrk, found none: see https://github.com/wg/wrk")
    if options.quick:
        run = Run(rounds=1, seconds=0.06, quick=True)

    described = machine.describe()
    if not options.url:
        described["signer"] = __version__
    print(*(f"{name}: {value}" for name, value in described.items()), sep="\n")
    print(machine.warning(described), VOID if run.quick else "")
    measure_server = partial(server.measure, url=options.url, upstream=options.upstream)
    measure_bls = partial(bls.measure, write=options.write)
    measures = PARTS | {"server": measure_server, "bls": measure_bls}
    run.raw()  # parts that compare with nothing have a noise too
    for name in ["server"] if options.url else options.part or fast:
        measures[name](run)
    if not options.url:  # budgets are for our signer
        budgets.judge(run)
    print(f"\n{run.noise()}")
    if options.json:
        figures = {"machine": described, "raw": run.raws, "tables": run.tables}
        options.json.write_text(json.dumps(figures, indent=1, ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    main()
