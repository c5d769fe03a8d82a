"""Several workers, kept running and ended together."""

import signal
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from consumer.supervising.restarts import Ending, RestartBounds
from consumer.supervising.supervisor import Supervisor, WorkerView
from consumer.telemetry.worker_metrics import ENDINGS, WorkerMetrics
from shared.errors import FatalError
from tests.support.fake_clock import FakeClock

NAMES = ("0", "1", "2")
BOUNDS = RestartBounds(failures_in_a_row_max=3, first_pause_s=1, pause_s_max=10, steady_after_s=60)
STOP_S_MAX = 40.0
TERM, KILL = signal.SIGTERM, signal.SIGKILL


class FakeWorker:
    def __init__(self, process_id: int) -> None:
        self.process_id = process_id
        self.ended: int | None = None
        self.serves: int | None = None
        self.signals: list[int] = []

    def status(self) -> int | None:
        return self.ended

    def port(self) -> int | None:
        return self.serves

    def signal(self, number: signal.Signals) -> None:
        self.signals.append(number)


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.registry = CollectorRegistry()
        self.launched: list[tuple[str, FakeWorker]] = []
        metrics = WorkerMetrics(self.registry, NAMES)
        self.supervisor = Supervisor(NAMES, self._launch, metrics, self.clock, BOUNDS, STOP_S_MAX)

    def _launch(self, name: str) -> FakeWorker:
        worker = FakeWorker(len(self.launched))
        self.launched.append((name, worker))
        return worker

    def holds(self, name: str) -> FakeWorker:
        """Return the worker that was last started in a place."""
        return next(worker for held, worker in reversed(self.launched) if held == name)

    def starts(self) -> list[str]:
        return [name for name, _ in self.launched]

    def turn(self, after_s: float = 0.0) -> int | None:
        self.clock.advance(after_s)
        return self.supervisor.turn()

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"reviews_worker_{name}", labels)


def test_each_worker_is_started_once_and_told_where_it_serves_as_soon_as_it_says_so() -> None:
    bench = Bench()
    assert bench.turn() is None
    assert bench.turn() is None
    assert bench.starts() == ["0", "1", "2"]
    bench.holds("1").serves = 4711
    bench.turn()
    assert bench.supervisor.workers() == [
        WorkerView("0", None, done=False),
        WorkerView("1", 4711, done=False),
        WorkerView("2", None, done=False),
    ]


def test_who_failed_is_started_again_after_a_pause_that_grows_and_its_neighbours_go_on() -> None:
    bench = Bench()
    bench.turn()
    bench.holds("1").ended = -signal.SIGKILL
    bench.turn()
    bench.turn(0.9)
    assert bench.starts() == ["0", "1", "2"]
    bench.turn(0.2)
    assert bench.starts() == ["0", "1", "2", "1"]
    bench.holds("1").ended = 70
    bench.turn()
    bench.turn(1.9)
    assert len(bench.starts()) == 4
    bench.turn(0.2)
    assert bench.starts()[4:] == ["1"]
    assert not [worker.signals for _, worker in bench.launched if worker.signals]


def test_too_many_failures_in_a_row_end_all_with_the_exit_code_of_who_failed() -> None:
    bench = Bench()
    bench.turn()
    for _ in range(BOUNDS.failures_in_a_row_max):
        bench.turn(10)
        bench.holds("1").ended = 75
        bench.turn()
    assert (bench.holds("0").signals, bench.holds("2").signals) == ([TERM], [TERM])
    assert bench.turn() is None
    bench.holds("0").ended = bench.holds("2").ended = 0
    assert bench.turn() == 75


def test_a_wrong_setting_ends_all_at_once() -> None:
    bench = Bench()
    bench.turn()
    for name in NAMES:
        bench.holds(name).ended = 78
    assert bench.turn() == 78
    assert bench.starts() == list(NAMES)


def test_when_all_are_done_so_is_the_parent() -> None:
    bench = Bench()
    bench.turn()
    bench.holds("0").ended = bench.holds("1").ended = 0
    assert bench.turn(100) is None
    assert bench.starts() == list(NAMES)
    assert [view.done for view in bench.supervisor.workers()] == [True, True, False]
    bench.holds("2").ended = 0
    assert bench.turn() == 0


def test_a_stop_is_passed_on_once_nobody_is_started_again_and_0_follows_when_all_left_with_0() -> None:
    bench = Bench()
    bench.turn()
    bench.holds("0").ended = 70
    bench.turn()
    bench.supervisor.stop()
    bench.supervisor.stop()
    assert bench.turn(STOP_S_MAX - 1) is None
    assert bench.starts() == list(NAMES)
    assert (bench.holds("1").signals, bench.holds("2").signals) == ([TERM], [TERM])
    bench.holds("1").ended = bench.holds("2").ended = 0
    assert bench.turn() == 0


def test_a_worker_that_can_not_finish_gives_its_exit_code_to_the_parent() -> None:
    bench = Bench()
    bench.turn()
    bench.supervisor.stop()
    bench.holds("0").ended, bench.holds("1").ended, bench.holds("2").ended = 0, 75, 0
    assert bench.turn() == 75


def test_a_worker_that_had_not_begun_when_it_was_stopped_is_no_failure() -> None:
    bench = Bench()
    bench.turn()
    bench.supervisor.stop()
    for name in NAMES:
        bench.holds(name).ended = -signal.SIGTERM
    assert bench.turn() == 0


def test_who_does_not_stop_in_time_is_killed() -> None:
    bench = Bench()
    bench.turn()
    bench.supervisor.stop()
    bench.holds("0").ended = bench.holds("1").ended = 0
    assert bench.turn(STOP_S_MAX - 1) is None
    assert bench.holds("2").signals == [TERM]
    bench.turn(1)
    bench.turn(1)
    assert bench.holds("2").signals == [TERM, KILL]
    bench.holds("2").ended = -KILL
    assert bench.turn() == 137


def test_another_signal_reaches_all_who_run() -> None:
    bench = Bench()
    bench.turn()
    bench.holds("1").ended = 0
    bench.turn()
    bench.supervisor.signal(signal.SIGHUP)
    assert [bench.holds(name).signals for name in NAMES] == [[signal.SIGHUP], [], [signal.SIGHUP]]


def test_starts_and_endings_are_counted_by_worker_and_known_from_the_start() -> None:
    bench = Bench()
    exits = [bench.value("exits_total", worker=name, outcome=ending) for name in NAMES for ending in ENDINGS]
    assert exits == [0] * 9
    assert [bench.value("up", worker=name) for name in NAMES] == [0] * 3
    bench.turn()
    bench.holds("0").ended, bench.holds("1").ended = 71, 0
    bench.turn()
    bench.turn(1)
    assert bench.value("exits_total", worker="0", outcome="fenced") == 1
    assert bench.value("exits_total", worker="1", outcome="done") == 1
    assert [bench.value("up", worker=name) for name in NAMES] == [1, 0, 1]
    assert [bench.value("starts_total", worker=name) for name in NAMES] == [2, 1, 1]


def test_the_endings_that_are_exported_are_those_there_are() -> None:
    assert set(ENDINGS) == {ending.value for ending in Ending}


def test_a_system_that_gives_no_process_is_an_error_that_ends_the_parent() -> None:
    def refuse(_name: str) -> Any:
        raise OSError(11, "Resource temporarily unavailable")

    bench = Bench()
    supervisor = Supervisor(NAMES, refuse, WorkerMetrics(CollectorRegistry(), NAMES), bench.clock, BOUNDS, 1)
    with pytest.raises(FatalError, match="worker 0 can't be started"):
        supervisor.turn()


def test_it_knows_how_long_nobody_has_looked() -> None:
    bench = Bench()
    bench.turn()
    bench.clock.advance(31)
    assert bench.supervisor.silent_for_s() == 31
    bench.turn()
    assert bench.supervisor.silent_for_s() == 0
