"""How much memory the process may have: the smallest of the limits that are set for it."""

import math
import resource
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

PROC = Path("/proc")
CGROUPS = Path("/sys/fs/cgroup")
# Older control groups write "no limit" as the largest number of whole pages that fits 63 bits.
UNLIMITED_BYTES = 2**62


class LimitsCollector(Collector):
    """Looks when it is asked: an orchestrator may change a limit while the process runs."""

    def collect(self) -> Iterator[Metric]:
        """Yield the gauge."""
        yield GaugeMetricFamily(
            "reviews_memory_limit_bytes",
            "Memory the process may have: the smallest limit of its control groups or on its address space; "
            "+Inf where there is none.",
            memory_limit_bytes(),
        )


def memory_limit_bytes(proc: Path = PROC, cgroups: Path = CGROUPS) -> float:
    """Return the smallest limit in bytes, infinite where there is none or the system does not tell."""
    address_space, _ = resource.getrlimit(resource.RLIMIT_AS)
    found = [math.inf if address_space == resource.RLIM_INFINITY else float(address_space)]
    return min([*found, *(_read(file) for file in _limit_files(proc, cgroups))])


def _limit_files(proc: Path, cgroups: Path) -> Iterator[Path]:
    """Yield where limits may stand: those of the process's own groups, and of the groups around them.

    In a container the groups' names may be those outside, of which nothing is mounted but the own one, at the root.
    """
    try:
        lines = (proc / "self/cgroup").read_text("utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, name = line.split(":", 2)
        if not controllers:
            root, file = cgroups, "memory.max"
        elif "memory" in controllers.split(","):
            root, file = cgroups / "memory", "memory.limit_in_bytes"
        else:
            continue
        own = PurePosixPath(name.lstrip("/"))
        for group in (own, *own.parents):
            yield root / group / file


def _read(file: Path) -> float:
    try:
        text = file.read_text("ascii").strip()
    except OSError:
        return math.inf
    # Newer control groups write "max".
    limit = float(text) if text.isdecimal() else math.inf
    return limit if limit < UNLIMITED_BYTES else math.inf
