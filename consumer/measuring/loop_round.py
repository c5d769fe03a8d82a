"""One round of micro-batches: the product's own loop over reviews in memory that arrive on a schedule."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from consumer.measuring.answers import Answers, join
from consumer.measuring.rounds import OneRound
from consumer.measuring.timing import Round
from consumer.scoring.batching import BatchBounds, BatchLimits, BatchPolicy
from consumer.scoring.decoding import decode
from consumer.scoring.lane import ThreadLane
from consumer.scoring.loop import LoopLimits, ScoringLoop
from consumer.scoring.outcome import Outcome, ReadableRecords
from consumer.scoring.ports import BatchTimes, Scorer
from consumer.scoring.record import NOTHING, Batch, Record
from consumer.scoring.silent_observer import SilentObserver
from shared.clock import Clock, SystemClock
from shared.codec import encode_review
from shared.reviews import Review

TOPIC = "compare"


@dataclass(frozen=True, slots=True)
class ArrivingRecord:
    """A Record (consumer.scoring.record) that arrives at its time."""

    content: bytes
    number: int
    stamp_ms: int

    def topic(self) -> str:
        """Return a name that no topic has."""
        return TOPIC

    def partition(self) -> int:
        """Return the only partition."""
        return 0

    def offset(self) -> int:
        """Return its place in the schedule."""
        return self.number

    def key(self) -> bytes | None:
        """Return none."""
        return None

    def value(self) -> bytes | None:
        """Return the event."""
        return self.content

    def headers(self) -> Sequence[tuple[str, bytes | None]] | None:
        """Return none."""
        return None

    def timestamp(self) -> tuple[int, int]:
        """Return when it is due."""
        return 1, self.stamp_ms


class ArrivalSource:
    """A Source whose records come one after the other, so many a second, whatever the loop does: an open loop."""

    def __init__(self, values: Sequence[bytes], per_s: float, clock: Clock, sleep: Callable[[float], None]) -> None:
        self._values = values
        self._per_s = per_s
        self._clock = clock
        self._sleep = sleep
        self._start_s = clock.monotonic()
        self._start_ms = clock.now() * 1000
        self._next = 0

    def due_s(self, number: int) -> float:
        """Return when a record arrives, on the monotonic clock, in seconds."""
        return self._start_s + number / self._per_s

    def poll(self, limits: BatchLimits, wait_s: float) -> Batch:
        """Return what has arrived; see the port."""
        if self.exhausted():
            return NOTHING
        until_next_s = self.due_s(self._next) - self._clock.monotonic()
        if until_next_s > 0:
            self._sleep(min(until_next_s, wait_s))
        records: list[Record] = []
        size_bytes = 0
        now_s = self._clock.monotonic()
        while not self.exhausted() and self.due_s(self._next) <= now_s:
            closed_by = limits.closes(len(records), size_bytes)
            if closed_by.more_is_waiting:
                return Batch(records, size_bytes, closed_by)
            value = self._values[self._next]
            stamp_ms = round(self._start_ms + 1000 * self._next / self._per_s)
            records.append(ArrivingRecord(value, self._next, stamp_ms))
            size_bytes += len(value)
            self._next += 1
        return Batch(records, size_bytes)

    def rewind(self) -> None:
        """Do nothing: what the sink in memory has taken it keeps."""

    def exhausted(self) -> bool:
        """Return whether all records have arrived and were returned."""
        return self._next >= len(self._values)


@dataclass(slots=True)
class KeepingSink:
    """A Sink that keeps every outcome and when it got it, in seconds on the monotonic clock."""

    clock: Clock
    outcomes: list[Outcome[ReadableRecords]] = field(default_factory=list)
    taken_s: list[float] = field(default_factory=list)

    def deliver(self, outcome: Outcome[ReadableRecords]) -> None:
        """Keep it; see the port."""
        self.outcomes.append(outcome)
        self.taken_s.append(self.clock.monotonic())

    def advance(self, wait_s: float) -> int:
        """Return 0: what is kept is durable."""
        del wait_s
        return 0

    def drain(self, deadline_s: float) -> None:
        """Do nothing: nothing is in flight."""

    def abandon(self) -> None:
        """Do nothing: nothing is in flight."""


@dataclass(slots=True)
class WorkObserver(SilentObserver):
    """An Observer that adds up what the loop spent on reviews, in seconds, and teaches the batch policy."""

    policy: BatchPolicy
    work_s: float = 0.0

    def scored(self, outcome: Outcome[Any], times: BatchTimes) -> None:
        """Add a batch; see the port."""
        spent_s = times.decode_s + times.score_s + times.deliver_s
        self.work_s += spent_s
        self.policy.observe(outcome.batch.size_bytes, spent_s)


def round_of_arrivals(per_s: float) -> OneRound:
    """Return a round of the loop at this arrival rate; latency counts from the moment a review was due."""

    def one_round(scorer: Scorer, texts: Sequence[str]) -> tuple[Round, Answers]:
        values = [encode_review(Review(str(number), text)) for number, text in enumerate(texts)]
        clock, policy = SystemClock(), BatchPolicy(BatchBounds())
        sink, observer = KeepingSink(clock), WorkObserver(policy)
        with ThreadLane("scoring") as lane:
            cpu, started = time.process_time(), time.perf_counter()
            source = ArrivalSource(values, per_s, clock, time.sleep)
            loop = ScoringLoop(source, decode, scorer, sink, observer, clock, policy, LoopLimits(), lane)
            loop.run(lambda: False)
            seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
        latencies_s = [
            taken_s - source.due_s(record.offset())
            for outcome, taken_s in zip(sink.outcomes, sink.taken_s, strict=True)
            for record in outcome.labelled.records
        ]
        found = Round(seconds, cpu_seconds, observer.work_s, len(sink.outcomes), latencies_s)
        return found, join(outcome.scores for outcome in sink.outcomes)

    return one_round
