"""Where the loop's wall time goes: nothing is lost, nothing counts twice."""

from contextlib import suppress

import pytest

from consumer.kafka.group import ReadTo
from consumer.scoring.batching import BatchBounds, BatchLimits, BatchPolicy
from consumer.scoring.decoding import decode
from consumer.scoring.lane import InlineLane
from consumer.scoring.loop import LoopLimits, ScoringLoop
from consumer.scoring.loop_time import LoopState, LoopTime
from consumer.scoring.outcome import Outcome, ReadableRecords
from consumer.scoring.record import Batch
from shared.errors import FatalError, RetriableError
from tests.support.fake_clock import FakeClock
from tests.support.fake_scorer import FakeScorer
from tests.support.memory_records import review_value
from tests.support.memory_stream import MemoryLog, MemorySink, MemorySource
from tests.support.recording_observer import RecordingObserver

POLL_S, REBALANCE_S, TEXT_S, DELIVER_S, DRAIN_S = 0.25, 3.0, 0.5, 0.125, 2.0
BATCH = 2


class SlowSource(MemorySource):
    """Takes its time, and answers the group in one of its polls: settles first, as the real one."""

    def __init__(self, log: MemoryLog, clock: FakeClock) -> None:
        super().__init__(log, ReadTo.END)
        self._clock = clock
        self.loop: ScoringLoop[ReadableRecords]
        self.polls_before_rebalance = 2

    def poll(self, limits: BatchLimits, wait_s: float) -> Batch:
        self._clock.advance(POLL_S)
        self.polls_before_rebalance -= 1
        if self.polls_before_rebalance == 0:
            with self.loop.time.rebalancing():
                self.loop.settle(1)
                self._clock.advance(REBALANCE_S)
        return super().poll(limits, wait_s)


class SlowSink(MemorySink):
    """Takes its time."""

    def __init__(self, source: MemorySource, clock: FakeClock) -> None:
        super().__init__(source)
        self._clock = clock

    def deliver(self, outcome: Outcome[ReadableRecords]) -> None:
        self._clock.advance(DELIVER_S)
        super().deliver(outcome)

    def drain(self, deadline_s: float) -> None:
        self._clock.advance(DRAIN_S)
        super().drain(deadline_s)


class Bench:
    """A loop over reviews in memory where everything takes time by the clock."""

    def __init__(self, reviews: int) -> None:
        log = MemoryLog()
        for number in range(reviews):
            log.append(review_value(f"r{number}", "a good lamp"))
        self.clock = FakeClock()
        self.source = SlowSource(log, self.clock)
        self.sink = SlowSink(self.source, self.clock)
        self.loop = ScoringLoop(
            self.source,
            decode,
            FakeScorer(self.clock, TEXT_S),
            self.sink,
            RecordingObserver(),
            self.clock,
            BatchPolicy(BatchBounds(BATCH)),
            LoopLimits(idle_wait_s=0, busy_wait_s=0, rewinds_max=1),
            InlineLane(),
        )
        self.source.loop = self.loop

    def run(self) -> float:
        """Return the seconds that a run took."""
        started_s = self.clock.monotonic()
        self.loop.run(lambda: False)
        return self.clock.monotonic() - started_s

    def spent_s(self) -> dict[str, float]:
        return {state.value: seconds for state, seconds in self.loop.time.spent_s().items()}


def test_the_states_sum_to_the_wall_time_of_a_run_and_each_has_what_it_took() -> None:
    bench = Bench(reviews=7)
    wall_s = bench.run()
    spent_s = bench.spent_s()
    assert sum(spent_s.values()) == pytest.approx(wall_s)
    assert spent_s == pytest.approx(
        {
            "poll": 4 * POLL_S,
            # In the lane of this test scoring takes place while the batch is begun.
            "decode": 6 * TEXT_S,
            "score": TEXT_S,
            "deliver": 4 * DELIVER_S + DRAIN_S,
            "rebalance": DRAIN_S + REBALANCE_S,
        }
    )


def test_the_time_of_an_attempt_that_failed_and_of_its_rewind_counts_too() -> None:
    bench = Bench(reviews=4)
    bench.sink.failures.extend([None, RetriableError("the broker is away")])
    wall_s = bench.run()
    assert sum(bench.spent_s().values()) == pytest.approx(wall_s)
    assert bench.spent_s()["deliver"] == pytest.approx(3 * DELIVER_S + DRAIN_S)


def test_after_the_end_no_time_counts_also_where_it_ended_in_an_error() -> None:
    bench = Bench(reviews=2)
    bench.sink.failures.append(FatalError("fenced"))
    with suppress(FatalError):
        bench.run()
    before_s = bench.spent_s()
    bench.clock.advance(100)
    assert bench.spent_s() == before_s


def test_a_state_that_never_ends_is_seen_to_grow() -> None:
    clock = FakeClock()
    time = LoopTime(clock)
    time.enter(LoopState.DELIVER)
    clock.advance(40)
    assert time.spent_s()[LoopState.DELIVER] == 40


def test_after_a_change_of_the_group_the_state_before_goes_on_whatever_happened_in_it() -> None:
    clock = FakeClock()
    time = LoopTime(clock)
    time.enter(LoopState.POLL)
    with suppress(RetriableError), time.rebalancing():
        clock.advance(5)
        time.enter(LoopState.DELIVER)
        raise RetriableError("not drained")
    clock.advance(1)
    spent_s = time.spent_s()
    assert (spent_s[LoopState.REBALANCE], spent_s[LoopState.POLL], spent_s[LoopState.DELIVER]) == (5, 1, 0)
