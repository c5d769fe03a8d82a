"""What the system allows this process: memory and processor time, as control groups and its own limits say."""

import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

PROC = Path("/proc")
CGROUPS = Path("/sys/fs/cgroup")
# Older control groups write "no limit" as the largest number of whole pages that fits 63 bits, newer ones "max".
UNLIMITED_BYTES = 2**62


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """Bytes of memory, None where nothing limits it; processors, a fraction where a quota says so."""

    memory_bytes: int | None
    address_space_bytes: int | None
    processors: float

    def smallest_bytes(self) -> int | None:
        """Return the smaller of both limits on memory, None where there is neither."""
        return min((each for each in (self.memory_bytes, self.address_space_bytes) if each is not None), default=None)


def process_limits(proc: Path = PROC, cgroups: Path = CGROUPS) -> ProcessLimits:
    """Return the tightest limits of this process's control groups and those around them, and of its own."""
    memory, shares = [], [float(_processors())]
    for group, memory_file in _groups(proc, cgroups):
        limit = _read(group / memory_file)
        if limit.isdecimal() and int(limit) < UNLIMITED_BYTES:
            memory.append(int(limit))
        quota, _, period = _read(group / "cpu.max").partition(" ")
        if quota.isdecimal():
            shares.append(int(quota) / int(period))
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return ProcessLimits(min(memory, default=None), None if soft == resource.RLIM_INFINITY else soft, min(shares))


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _groups(proc: Path, cgroups: Path) -> Iterator[tuple[Path, str]]:
    """Yield the folders of the process's own groups and of those around them, and what the limit on memory is called.

    In a container the groups' names may be those outside, of which nothing is mounted but the own one, at the root.
    """
    for line in _read(proc / "self/cgroup").splitlines():
        _, controllers, name = line.split(":", 2)
        if not controllers:
            root, file = cgroups, "memory.max"
        elif "memory" in controllers.split(","):
            root, file = cgroups / "memory", "memory.limit_in_bytes"
        else:
            continue
        own = PurePosixPath(name.lstrip("/"))
        for group in (own, *own.parents):
            yield root / group, file


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8").strip()
    except OSError:
        return ""
