"""What it costs to understand a request: from its JSON to the signing root, for each type."""

import json
from functools import partial
from pathlib import Path
from time import thread_time
from typing import Any

from run import Row, Run
from signer.signing.registry import SigningTypes
from signer.spec.network_files import load_network
from signer.spec.networks import Network

VECTORS = Path(__file__).parent.parent / "tests" / "vectors" / "signing" / "signing.json"


def measure(run: Run) -> None:
    """A table: the latest fork's ordinary request of each type."""
    cases: list[dict[str, Any]] = json.loads(VECTORS.read_text("utf-8"))["cases"]
    chosen = {case["type"]: case for case in cases if case["name"].endswith("/random-0")}
    rows = run.alternate(
        {
            name: partial(
                _understand,
                run.size(300, 3),
                json.dumps(case["request"]).encode(),
                load_network(case["network"]),
            )
            for name, case in chosen.items()
        }
    )
    run.table("request", "CPU of one thread, without HTTP: what comes before the signature.", rows)


def _understand(times: int, body: bytes, network: Network, raw: float) -> Row:
    started = thread_time()
    asked = [SigningTypes().decode(body) for _ in range(times)]
    decoded = thread_time()
    for request in asked:
        request.choose(network)
    decoding, root = (decoded - started) / times, (thread_time() - decoded) / times
    return {
        "bytes": len(body),
        "decode µs": decoding * 1e6,
        "root µs": root * 1e6,
        "both x raw": (decoding + root) / raw,
    }
