"""Which memory limit counts, read from control groups as they look on different systems."""

import math
import resource
from pathlib import Path

import pytest

from consumer.telemetry.limits import memory_limit_bytes

NO_LIMIT_V1 = "9223372036854771712"


class Machine:
    """A process's control groups, in files of the test."""

    def __init__(self, folder: Path, membership: str) -> None:
        self.proc, self.cgroups = folder / "proc", folder / "cgroup"
        self.write(self.proc / "self/cgroup", membership)

    def write(self, file: Path, text: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n", "ascii")

    def limit(self) -> float:
        return memory_limit_bytes(self.proc, self.cgroups)


def test_the_smallest_limit_of_a_group_and_of_those_around_it_counts(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "0::/pod/consumer")
    machine.write(machine.cgroups / "pod/consumer/memory.max", "max")
    machine.write(machine.cgroups / "pod/memory.max", "300000000")
    machine.write(machine.cgroups / "memory.max", "900000000")
    assert machine.limit() == 300_000_000


def test_a_container_that_sees_only_its_own_group_finds_its_limit_at_the_root(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "0::/docker/0123abcd")
    machine.write(machine.cgroups / "memory.max", "268435456")
    assert machine.limit() == 268_435_456


def test_older_control_groups_are_read_where_memory_is_kept(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "5:cpu,cpuacct:/elsewhere\n4:memory:/app\n0::/")
    machine.write(machine.cgroups / "memory/app/memory.limit_in_bytes", "512000000")
    machine.write(machine.cgroups / "memory/memory.limit_in_bytes", NO_LIMIT_V1)
    assert machine.limit() == 512_000_000


@pytest.mark.parametrize("limit", ["max", "", NO_LIMIT_V1])
def test_what_is_no_limit_is_infinite(tmp_path: Path, limit: str) -> None:
    machine = Machine(tmp_path, "0::/app")
    machine.write(machine.cgroups / "app/memory.max", limit)
    assert machine.limit() == math.inf


def test_a_system_without_control_groups_has_no_limit(tmp_path: Path) -> None:
    assert memory_limit_bytes(tmp_path / "nowhere", tmp_path) == math.inf


def test_a_limit_on_the_address_space_counts_too(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "0::/app")
    machine.write(machine.cgroups / "app/memory.max", str(2**50))
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    # So much that this process meets it never.
    resource.setrlimit(resource.RLIMIT_AS, (2**45, hard))
    try:
        assert machine.limit() == 2**45
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
