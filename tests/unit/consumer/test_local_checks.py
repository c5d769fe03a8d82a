"""Checks of settings and of this machine: settings, memory, disk, the port for metrics."""

import resource
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from consumer.examining.finding import Note, Status
from consumer.examining.machine_checks import DiskCheck, MemoryCheck, fits
from consumer.examining.port_check import PortCheck
from consumer.examining.settings_check import SettingsCheck, mistyped
from consumer.telemetry.metrics import ConsumerMetrics
from shared.clock import SystemClock
from shared.dev_broker.ports import HOST
from shared.errors import ConfigurationError
from shared.probes import ProbeServer
from shared.process_limits import ProcessLimits, process_limits
from shared.reviews import Model
from tests.support.small_disk import small_disk

MB = 1_000_000


def worst(notes: list[Note]) -> Status:
    return min((note.status for note in notes), key=list(Status).index)


def test_a_name_that_is_nearly_a_setting_is_pointed_out_and_another_is_left_alone() -> None:
    (note,) = mistyped({"REVIEWS_GROPU", "REVIEWS_WEATHER", "REVIEWS_MODEL"}, {"REVIEWS_GROUP", "REVIEWS_MODEL"})
    assert note.found == "nothing reads REVIEWS_GROPU"
    assert "REVIEWS_GROUP," in note.fix


def test_all_names_are_gathered_only_for_one_that_is_not_known() -> None:
    def gather() -> set[str]:
        raise AssertionError

    check = SettingsCheck(None, ["--group a (flag)"], ["REVIEWS_GROUP", "HOME"], ["REVIEWS_GROUP"], gather)
    assert [note.found for note in check.run()] == ["given: --group a (flag)"]


def test_settings_that_contradict_are_a_failure_with_their_own_hint() -> None:
    check = SettingsCheck(ConfigurationError("a and b", hint="lower a"), [], [], [], set)
    (note,) = check.run()
    assert (note.status, note.found, note.fix) == (Status.FAILED, "a and b", "lower a")


@pytest.fixture
def group_tree(tmp_path: Path) -> Callable[..., ProcessLimits]:
    """Makes control groups `/outer/inner` with files such as `outer/memory.max`; returns what is read of them."""

    def read(**files: str) -> ProcessLimits:
        folder = tmp_path / "groups"
        (folder / "outer/inner").mkdir(parents=True)
        for place, content in files.items():
            level, name = place.split("__")
            (folder / {"top": "", "outer": "outer", "inner": "outer/inner"}[level] / name.replace("_", ".")).write_text(
                content + "\n", "ascii"
            )
        own = tmp_path / "proc/self/cgroup"
        own.parent.mkdir(parents=True)
        own.write_text("0::/outer/inner\n", "ascii")
        return process_limits(tmp_path / "proc", folder)

    return read


def test_the_tightest_limit_of_all_groups_counts(group_tree: Callable[..., ProcessLimits]) -> None:
    found = group_tree(
        inner__memory_max="max",
        outer__memory_max="500",
        top__memory_max="900",
        inner__cpu_max="50000 100000",
        outer__cpu_max="max 100000",
    )
    assert found.memory_bytes == 500
    assert found.processors == 0.5


def test_no_control_group_is_no_limit(tmp_path: Path) -> None:
    found = process_limits(tmp_path / "none", tmp_path)
    assert found.memory_bytes is None
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    assert found.address_space_bytes == (None if soft == resource.RLIM_INFINITY else soft)
    assert found.processors >= 1


def test_less_memory_than_full_buffers_need_is_a_failure() -> None:
    assert fits(300 * MB, ProcessLimits(None, None, 2)).status is Status.PASSED
    assert fits(300 * MB, ProcessLimits(400 * MB, None, 2)).status is Status.PASSED
    assert fits(300 * MB, ProcessLimits(200 * MB, 400 * MB, 2)).status is Status.FAILED
    assert fits(300 * MB, ProcessLimits(None, 200 * MB, 2)).status is Status.FAILED


def test_buffers_count_beside_what_the_process_holds() -> None:
    def examined(buffers_bytes: int) -> Note:
        return MemoryCheck(buffers_bytes, lambda: ProcessLimits(300 * MB, None, 2), lambda: 100.0).run()[0]

    assert examined(100 * MB).status is Status.PASSED
    assert examined(200 * MB).status is Status.FAILED


def test_a_part_of_a_processor_is_warned_of() -> None:
    notes = MemoryCheck(0, lambda: ProcessLimits(None, None, 0.5), lambda: 1.0).run()
    assert [note.status for note in notes] == [Status.PASSED, Status.WARNING]


def test_a_disk_without_room_for_code_is_warned_of_and_a_free_one_is_not(tmp_path: Path) -> None:
    assert worst(DiskCheck(lambda: tmp_path, lambda: str(tmp_path)).run()) is Status.PASSED
    with small_disk(tmp_path / "small", 8) as disk:
        code, temporary = DiskCheck(lambda: disk.folder, lambda: str(tmp_path)).run()
    assert code.status is Status.WARNING
    assert "MB left" in code.found
    assert "NUMBA_CACHE_DIR" in code.fix
    assert temporary.status is Status.PASSED


def test_code_that_can_be_kept_nowhere_is_warned_of(tmp_path: Path) -> None:
    assert DiskCheck(lambda: None, lambda: str(tmp_path)).run()[0].status is Status.WARNING


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens who is no consumer of ours, and says nothing."""
    with socket.create_server((HOST, 0)) as listening:
        yield listening.getsockname()[1]


def test_a_free_port_is_free_and_stays_so() -> None:
    with socket.create_server((HOST, 0)) as listening:
        port = listening.getsockname()[1]
    for _ in range(2):
        assert PortCheck(HOST, port).run()[0].status is Status.PASSED


def test_a_port_that_another_program_holds_is_a_failure(taken: int) -> None:
    (note,) = PortCheck(HOST, taken, answer_s_max=0.2).run()
    assert note.status is Status.FAILED
    assert "another program" in note.found
    assert "REVIEWS_METRICS_PORT" in note.fix


def test_a_port_that_a_consumer_of_ours_holds_is_named_as_such() -> None:
    registry = CollectorRegistry()
    ConsumerMetrics(registry, SystemClock()).serving("1.2.3", Model("small", "7", "abc"))
    with ProbeServer(registry, HOST, 0, {}) as server:
        (note,) = PortCheck(HOST, server.port).run()
    assert note.status is Status.WARNING
    assert 'version="1.2.3"' in note.found


@pytest.mark.parametrize("place", [("192.0.2.1", 9464), (HOST, 99_999), ("nowhere.invalid", 9464)])
def test_an_address_that_is_not_this_machines_is_a_failure(place: tuple[str, int]) -> None:
    (note,) = PortCheck(*place).run()
    assert note.status is Status.FAILED
    assert "REVIEWS_METRICS_PORT" in note.fix
