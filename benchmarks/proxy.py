"""nginx in front of signers by examples/recipes/nginx.conf, for a benchmark and for tests."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
RECIPES = Path(__file__).parent.parent / "examples" / "recipes"
DEADLINE = 10.0  # seconds; nginx listens within milliseconds
NAMES = ("one", "two")
PORTS = ("9101", "9102")  # of the recipe


@dataclass(frozen=True)
class Proxy:
    """A running nginx."""

    url: str
    pid: int

    def workers(self, count: int) -> list[int]:
        """The processes that do the work, once they are all there; on Linux."""
        file = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            children = file.read_text("utf-8").split()
            if len(children) == count:
                return [int(pid) for pid in children]
            time.sleep(0.01)
        raise RuntimeError(f"expected {count} workers of nginx, found {len(children)}")


def write_keys(folder: Path, urls: list[str], *flags: str) -> str:
    """Runs nginx_keys.py over signers; what it prints. Raises CalledProcessError."""
    signers = [f"{name}={url}" for name, url in zip(NAMES, urls, strict=False)]
    command = [sys.executable, str(RECIPES / "nginx_keys.py"), *flags, *signers]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def configuration(urls: list[str], port: int, workers: int) -> str:
    """The recipe with other ports; with one signer both names are its own."""
    text = (RECIPES / "nginx.conf").read_text("utf-8")
    for name, url in zip(PORTS, (urls * 2)[:2], strict=True):
        text = re.sub(rf"server 127\.0\.0\.1:{name}\b", f"server {urlsplit(url).netloc}", text)
    text = text.replace("listen 127.0.0.1:9000;", f"listen 127.0.0.1:{port};")
    return text.replace("worker_processes auto;", f"worker_processes {workers};")


@contextmanager
def nginx(folder: Path, urls: list[str], workers: int = 1) -> Iterator[Proxy]:
    """nginx over one or two signers. `folder` has the files of `write_keys`; its log goes there."""
    if NGINX is None:
        raise RuntimeError("expected nginx (apt-get install nginx-light), found none")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "nginx.conf").write_text(configuration(urls, port, workers), "utf-8")
    command = [NGINX, "-p", f"{folder}/", "-c", f"{folder}/nginx.conf", "-e", "stderr"]
    if os.geteuid() == 0:  # its workers could not read a folder of root's otherwise
        command += ["-g", "user root;"]
    log = folder / "nginx.log"
    with log.open("wb") as output, subprocess.Popen(command, stderr=output) as process:
        try:
            _wait_for(port, process, log)
            yield Proxy(f"http://127.0.0.1:{port}", process.pid)
        finally:
            process.terminate()


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.01)
    raise RuntimeError(f"expected nginx to listen on port {port}: {log.read_text('utf-8')}")
