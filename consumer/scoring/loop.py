"""The one loop: poll, decode, score, deliver; the same for a stream and for bounded data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from consumer.scoring.decoding import decode
from consumer.scoring.outcome import Outcome
from consumer.scoring.ports import BatchLimits, BatchTimes, Observer, Scorer, Sink, Source
from consumer.scoring.record import Record, timestamps_ms
from shared.clock import Clock
from shared.errors import FatalError, RetriableError
from shared.logs import get_logger


@dataclass(frozen=True, slots=True)
class LoopLimits:
    """Every bound of the loop; times in seconds."""

    batch: BatchLimits = field(default_factory=BatchLimits)
    value_bytes_max: int = 1024 * 1024
    # How long to wait for a record while nothing else is to be done: bounds how late a stop is seen.
    idle_wait_s: float = 0.1
    # The same while the broker still owes an acknowledgement: bounds how late that is noticed.
    busy_wait_s: float = 0.002
    drain_s_max: float = 30.0
    rewinds_max: int = 5


class ScoringLoop:
    """Moves micro-batches from a source through a scorer to a sink.

    Natural batching: it takes one record, then whatever else is already there, and never waits for more. When nothing
    comes in, a batch has one record and no latency is added; under load a batch grows while the one before is scored.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - one argument a port
        self, source: Source, scorer: Scorer, sink: Sink, observer: Observer, clock: Clock, limits: LoopLimits
    ) -> None:
        self._source = source
        self._scorer = scorer
        self._sink = sink
        self._observer = observer
        self._clock = clock
        self._limits = limits
        self._rewinds = 0
        self._handed_over = 0
        self._acknowledged = 0

    def run(self, stop_requested: Callable[[], bool]) -> None:
        """Turn until a stop is requested or the source is exhausted, then wait until all is delivered."""
        while True:
            try:
                while not stop_requested() and not self._source.exhausted():
                    self.turn()
                self._sink.drain(self._limits.drain_s_max)
            except RetriableError as error:
                if stop_requested():
                    raise
                self._rewind(error)
            else:
                return

    def turn(self) -> None:
        """Process at most one batch."""
        started = self._clock.monotonic()
        in_flight = self._sink.advance()
        self._note_progress(in_flight)
        wait_s = self._limits.busy_wait_s if in_flight else self._limits.idle_wait_s
        records = self._source.poll(self._limits.batch, wait_s)
        polled = self._clock.monotonic()
        if not records:
            self._observer.waited(polled - started)
            return
        queue_s = self._waiting_times(records)
        readable, dead_letters = decode(records, self._limits.value_bytes_max)
        decoded = self._clock.monotonic()
        scores = self._scorer.score([labelled.review.text for labelled in readable])
        scored = self._clock.monotonic()
        scored_at = datetime.fromtimestamp(self._clock.now(), UTC)
        outcome = Outcome(records, readable, scores, dead_letters, scored_at)
        self._sink.deliver(outcome)
        delivered = self._clock.monotonic()
        times = BatchTimes(queue_s, polled - started, decoded - polled, scored - decoded, delivered - scored)
        self._observer.scored(outcome, self._closed_by(records), times)
        self._handed_over += len(records)

    def _waiting_times(self, records: Sequence[Record]) -> NDArray[np.float64]:
        stamps = timestamps_ms(records)
        return np.where(stamps < 0, np.nan, self._clock.now() - stamps / 1000)

    def _closed_by(self, records: Sequence[Record]) -> str:
        if len(records) >= self._limits.batch.records:
            return "count"
        size_bytes = sum(len(record.value() or b"") for record in records)
        return "bytes" if size_bytes >= self._limits.batch.size_bytes else "drained"

    def _note_progress(self, in_flight: int) -> None:
        acknowledged = self._handed_over - in_flight
        if acknowledged > self._acknowledged:
            self._acknowledged = acknowledged
            self._rewinds = 0

    def _rewind(self, error: RetriableError) -> None:
        self._rewinds += 1
        if self._rewinds > self._limits.rewinds_max:
            raise FatalError(
                f"nothing could be delivered after {self._limits.rewinds_max} attempts: {error}",
                hint="see the broker's log; a new process takes up where the last commit stands",
            ) from error
        get_logger("loop").warning("rewinding", because=str(error), attempt=self._rewinds)
        self._sink.abandon()
        self._source.rewind()
        self._observer.rewound()
        self._handed_over = self._acknowledged
