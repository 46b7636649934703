"""wrk as the generator of closed loops: it takes less of the machine than one in Python can.

Optional: `load.py` does the same where there is no wrk.
"""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import urlsplit

from load import EPOCH, FIRSTS

SCRIPT = Path(__file__).with_name("wrk.lua")
INSTALLED = shutil.which("wrk") is not None


@dataclass(frozen=True)
class Result:
    """What wrk counted; seconds."""

    count: int
    elapsed: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Signatures per second."""
        return self.count / self.elapsed

    def percentile(self, share: float) -> float:
        """The latency that a share of the answers stayed below: 0.5 or 0.99."""
        return {0.5: self.p50, 0.99: self.p99}[share]


def closed_loop(
    url: str,
    pubkeys: list[str],
    template: bytes,
    *,
    new_roots: bool,
    connections: int,
    seconds: float,
) -> Result:
    """As `load.closed_loop`, of whole seconds; ends the benchmark when a request fails."""
    prefix = urlsplit(url).path.rstrip("/")
    paths = [f"{prefix}/api/v1/eth2/sign/{pubkey}" for pubkey in pubkeys]
    with NamedTemporaryFile("w") as file:
        file.write("\n".join([template.decode(), *paths]))
        file.flush()
        first = next(FIRSTS) if new_roots else EPOCH
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
        script = ["-s", str(SCRIPT), url, "--", file.name, str(first), str(int(new_roots))]
        done = subprocess.run([*command, *script], capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout.splitlines()[-1])
    if figures["failed"] or not figures["count"]:
        raise SystemExit(f"expected nothing but signatures, found {figures['failed']} failures")
    return Result(figures["count"], *(figures[name] / 1e6 for name in ("elapsed", "p50", "p99")))
