"""The machine that figures are from: without it they mean little."""

import os
import platform
import re
from pathlib import Path

from ...threads import cores

BUSY = 0.25  # of the cores, taken by others: from there on figures are doubtful


def describe() -> dict[str, str | float]:
    """What decides figures."""
    cpuinfo = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", cpuinfo.read_text()) if cpuinfo.exists() else None
    return {
        "cpu": found[1] if found else platform.processor(),
        "cores": cores(),
        "python": platform.python_version(),
        "kernel": f"{platform.system()} {platform.release()}",
        "load average": round(os.getloadavg()[0], 1),
    }


def warning(machine: dict[str, str | float]) -> str:
    """A sentence when the machine is busy, else nothing."""
    if float(machine["load average"]) < BUSY * cores():
        return ""
    return "The machine is busy: trust ratios of CPU at most, and neither latency nor throughput."
