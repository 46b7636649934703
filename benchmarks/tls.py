"""What TLS costs: by rustls in Granian, by OpenSSL in front of it, and none at all.

The sides are measured in turn, so that they see the same machine.
"""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from http.client import HTTPSConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

import load
import wrk
from run import Row, Run
from signer.descriptors import raise_limit
from signer.testing.certificates import Certificates, issue
from signer.tools.bench.access import Access, access_to
from signer.tools.bench.connections import Pool, requests
from signer.tools.bench.loops import closed_loop, precise_loop
from signer.tools.bench.result import Result
from signer.tools.credentials import AccessFiles
from signers import Signer, serving

CONNECTIONS = [1, 16, 64]
HELD = 1_000  # connections
HELD_RATE = 200  # signatures per second over all of them
PATIENCE = 600  # seconds; a busy machine takes a minute to open HELD connections
CLIENTS = 8  # that shake hands at the same time
PASSWORD = "password"  # it protects nothing


class Side(NamedTuple):
    """A signer, and how to reach it."""

    signer: Signer
    access: Access
    pubkeys: list[str]


def measure(run: Run) -> None:
    """Three tables."""
    raise_limit()
    with _sides() as sides:
        for side in sides.values():
            _load(run, side, 16)  # warms up
        _closed_loops(run, sides)
        del sides["none"]
        held = {name: partial(_held, run, side) for name, side in sides.items()}
        run.table(
            "held",
            f"{HELD:,} connections are held, and sign in turn: {HELD_RATE} signatures a second.",
            run.alternate(held),
        )
        shaken = {name: partial(_handshakes, run, side) for name, side in sides.items()}
        run.table(
            "handshakes",
            f"{CLIENTS} clients connect, ask GET /upcheck and close, again and again.",
            run.alternate(shaken),
        )


@contextmanager
def _sides() -> Iterator[dict[str, Side]]:
    with TemporaryDirectory() as name, ExitStack() as stack:
        files = issue(Path(name), "127.0.0.1")
        access_files = AccessFiles(tls_ca=files.ca)
        by_rustls: list[Path | str] = ["--tls-cert", files.server, "--tls-key", files.server]
        flags: dict[str, list[Path | str]] = {
            "none": [],
            "rustls": by_rustls,
            "OpenSSL": _openssl_flags(Path(name), files),
        }
        sides: dict[str, Side] = {}
        pubkeys: list[str] = []
        for side, given in flags.items():
            own = ["--interop", 64, "--no-metrics", "--idle-timeout", PATIENCE, *given]
            signer = stack.enter_context(serving(*own))
            pubkeys = pubkeys or signer.pubkeys
            sides[side] = Side(signer, access_to(signer.url, access_files), pubkeys)
        yield sides


def _openssl_flags(folder: Path, files: Certificates) -> list[Path | str]:
    """Those of the same certificate as PKCS#12, which rustls cannot read."""
    content = files.server.read_bytes()
    key: Any = serialization.load_pem_private_key(content, None)
    certificate = x509.load_pem_x509_certificate(content)
    encryption = serialization.BestAvailableEncryption(PASSWORD.encode())
    keystore = folder / "server.p12"
    keystore.write_bytes(
        pkcs12.serialize_key_and_certificates(b"", key, certificate, None, encryption)
    )
    password = folder / "password"
    password.write_text(PASSWORD)
    return ["--tls-cert", keystore, "--tls-password-file", password]


def _closed_loops(run: Run, sides: dict[str, Side]) -> None:
    measures = {
        f"{name}, c={connections}": partial(_closed, run, side, connections)
        for name, side in sides.items()
        for connections in CONNECTIONS
    }
    rows = run.alternate(measures)
    for name in sides:
        for connections in CONNECTIONS:
            row = rows[f"{name}, c={connections}"]
            rustls = rows[f"rustls, c={connections}"]
            row["CPU x rustls"] = row["CPU µs"] / rustls["CPU µs"]
            row["per second x rustls"] = row["per second"] / rustls["per second"]
    run.table(
        "TLS",
        f"Closed loops over c kept connections, new roots. CPU is that of the signer's process for "
        f"each signature, {'wrk' if run.wrk else 'our own generator'} takes its part of the cores.",
        rows,
    )


def _closed(run: Run, side: Side, connections: int, raw: float) -> Row:
    before = side.signer.cpu()
    result = _load(run, side, connections)
    each = (side.signer.cpu() - before) / result.count
    return {
        "CPU µs": each * 1e6,
        "x raw": each / raw,
        "per second": result.rate,
        "p50 ms": result.percentile(0.5) * 1e3,
        "p99 ms": result.percentile(0.99) * 1e3,
    }


def _load(run: Run, side: Side, connections: int) -> Result | wrk.Result:
    if run.wrk:
        return wrk.closed_loop(
            side.signer.url,
            side.pubkeys,
            load.TEMPLATE,
            new_roots=True,
            connections=connections,
            seconds=run.seconds,
        )
    sent = requests(side.access, side.pubkeys, load.new_roots(next(load.FIRSTS)))
    return load.checked(asyncio.run(closed_loop(side.access, sent, connections, run.seconds)))


def _held(run: Run, side: Side, raw: float) -> Row:
    with asyncio.Runner(loop_factory=precise_loop) as runner:
        return runner.run(_hold(run, side, raw))


async def _hold(run: Run, side: Side, raw: float) -> Row:
    result = Result()
    pool = Pool(side.access, result, lambda _: None)
    sent = requests(side.access, side.pubkeys, load.new_roots(next(load.FIRSTS)))
    started = time.perf_counter()
    connections = await pool.open(run.size(HELD, 20))
    opened = time.perf_counter()
    before = side.signer.cpu()
    total = int(max(run.seconds, HELD / HELD_RATE) * HELD_RATE) if not run.quick else 20
    for index in range(total):
        due = opened + index / HELD_RATE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        connections[index % len(connections)].send(next(sent), due)
    while result.sent > result.count + result.errors + result.lost:  # noqa: ASYNC110 - no event
        await asyncio.sleep(0.01)
    each = (side.signer.cpu() - before) / result.count
    row = {
        "CPU µs": each * 1e6,
        "x raw": each / raw,
        "p50 ms": result.percentile(0.5) * 1e3,
        "p99 ms": result.percentile(0.99) * 1e3,
        "threads": _threads(side.signer),
        "MB": side.signer.memory() / 1e6,
        "opened per second": len(connections) / (opened - started),
    }
    for connection in connections:
        connection.close()
    await pool.wait(10)
    load.checked(result)
    return row


def _threads(signer: Signer) -> int:
    return len([*Path(f"/proc/{signer.pid}/task").iterdir()])


def _handshakes(run: Run, side: Side, raw: float) -> Row:
    before = side.signer.cpu()
    started = time.perf_counter()
    end = started + run.seconds
    with ThreadPoolExecutor(CLIENTS) as pool:
        count = sum(pool.map(lambda _: _shake_hands(side.access, end), range(CLIENTS)))
    elapsed = time.perf_counter() - started
    each = (side.signer.cpu() - before) / count
    return {"CPU µs": each * 1e6, "x raw": each / raw, "per second": count / elapsed}


def _shake_hands(access: Access, end: float) -> int:
    """How many handshakes one client had until the end."""
    count = 0
    while count == 0 or time.perf_counter() < end:
        client = HTTPSConnection(access.host, access.port, timeout=30, context=access.tls)
        client.request("GET", "/upcheck")
        client.getresponse().read()
        client.close()
        count += 1
    return count
