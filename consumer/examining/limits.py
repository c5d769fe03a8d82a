"""What the machine allows this process: memory and processor time, as control groups (version 2) and limits say."""

import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
OWN_GROUP = Path("/proc/self/cgroup")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of memory, None where nothing limits it; processors, a fraction where a quota says so."""

    memory_bytes: int | None
    address_space_bytes: int | None
    processors: float


def limits(groups: Path = GROUPS, own_group: Path = OWN_GROUP) -> Limits:
    """Return the tightest limit of this process's control group and those above it, and of its own limits."""
    folders = list(_folders(groups, own_group))
    memory = [int(text) for text in _contents(folders, "memory.max") if text.isdigit()]
    quotas = [text.split() for text in _contents(folders, "cpu.max")]
    shares = [int(quota) / int(period) for quota, period in quotas if quota.isdigit()]
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return Limits(
        min(memory, default=None),
        None if soft == resource.RLIM_INFINITY else soft,
        min([float(_processors()), *shares]),
    )


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _folders(groups: Path, own_group: Path) -> Iterator[Path]:
    try:
        lines = own_group.read_text("ascii").splitlines()
    except OSError:
        return
    paths = [line[3:].lstrip("/") for line in lines if line.startswith("0::")]
    for path in paths:
        folder = groups / path
        yield folder
        yield from (parent for parent in folder.parents if parent.is_relative_to(groups))


def _contents(folders: list[Path], name: str) -> Iterator[str]:
    for folder in folders:
        try:
            yield (folder / name).read_text("ascii").strip()
        except OSError:
            continue
