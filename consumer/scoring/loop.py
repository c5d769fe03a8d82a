"""The one loop: poll, decode, score, deliver; the same for a stream and for bounded data."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Generic

import numpy as np
from numpy.typing import NDArray

from consumer.scoring.batching import BatchPolicy
from consumer.scoring.dead_letter_limit import DeadLetterBounds, DeadLetterLimit
from consumer.scoring.isolation import IsolatedScores, score_isolating
from consumer.scoring.lane import Lane
from consumer.scoring.loop_time import LoopState, LoopTime
from consumer.scoring.outcome import DeadLetter, Outcome, ReadableT
from consumer.scoring.ports import BatchTimes, Decoder, Observer, Scorer, Sink, Source
from consumer.scoring.record import Batch
from shared.clock import Clock
from shared.errors import FatalError, Reason, RetriableError
from shared.logs import get_logger

STAGE = "score"


@dataclass(frozen=True, slots=True)
class LoopLimits:
    """Every bound of the loop but that of its batches; times in seconds."""

    value_bytes_max: int = 1024 * 1024
    # None: whoever takes them counts them.
    dead_letters: DeadLetterBounds | None = field(default_factory=DeadLetterBounds)
    # How long to wait for a record while nothing else is to be done: bounds how late a stop is seen.
    idle_wait_s: float = 0.1
    # The same while the broker still owes an acknowledgement: bounds how late that is noticed.
    busy_wait_s: float = 0.002
    drain_s_max: float = 30.0
    rewinds_max: int = 5


@dataclass(frozen=True, slots=True)
class _Scoring(Generic[ReadableT]):
    """A batch that was decoded; `scores` waits for its scores, or makes them, and tells the seconds that took."""

    batch: Batch
    readable: ReadableT
    dead_letters: list[DeadLetter]
    read_at_s: float
    poll_s: float
    decode_s: float
    scores: Callable[[], tuple[IsolatedScores, float]]

    def queue_s(self) -> NDArray[np.float64]:
        """Return how old each record was when it was read, in seconds, (n,); NaN where that is not known."""
        stamps_ms = self.batch.timestamps_ms
        return np.where(stamps_ms < 0, np.nan, self.read_at_s - stamps_ms / 1000)


class ScoringLoop(Generic[ReadableT]):
    """Moves micro-batches from a source through a scorer to a sink.

    Natural batching: it takes one record, then whatever else is already there, and never waits for more. When nothing
    comes in, a batch has one record and no latency is added; under load a batch grows while the one before is scored,
    up to the policy's limits. Where a limit is reached more is waiting: then a batch is scored in `lane` while those
    before it are delivered and the one after it read; as many are scored at once as the lane is wide.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - one argument a port or a policy
        self,
        source: Source,
        decoder: Decoder[ReadableT],
        scorer: Scorer,
        sink: Sink[ReadableT],
        observer: Observer,
        clock: Clock,
        policy: BatchPolicy,
        limits: LoopLimits,
        lane: Lane,
    ) -> None:
        self._source = source
        self._decode = decoder
        self._scorer = scorer
        self._sink = sink
        self._observer = observer
        self._clock = clock
        self._policy = policy
        self._limits = limits
        self._dead_letter_limit = DeadLetterLimit(limits.dead_letters) if limits.dead_letters else None
        self._lane = lane
        self._scoring: deque[_Scoring[ReadableT]] = deque()
        self._more_is_waiting = False
        self._rewinds = 0
        self._handed_over = 0
        self._acknowledged = 0
        self.time = LoopTime(clock)

    def run(self, stop_requested: Callable[[], bool]) -> None:
        """Turn until a stop is requested or the source is exhausted, then wait until all is delivered."""
        try:
            while not self._ran_to_its_end(stop_requested):
                pass
        finally:
            self.time.enter(None)

    def _ran_to_its_end(self, stop_requested: Callable[[], bool]) -> bool:
        try:
            while not stop_requested() and not self._source.exhausted():
                self.turn()
            self.time.enter(LoopState.DELIVER)
            self.settle(self._limits.drain_s_max)
        except RetriableError as error:
            if stop_requested():
                raise
            self._rewind(error)
            return False
        return True

    def use(self, scorer: Scorer) -> None:
        """Score by another model from the next batch on; any thread may say so, and no batch is scored by two."""
        self._scorer = scorer

    def turn(self) -> None:
        """Take at most one batch, and deliver what is scored."""
        self.time.enter(LoopState.POLL)
        started = self._clock.monotonic()
        in_flight = self._sink.advance(0.0 if self._more_is_waiting else self._limits.idle_wait_s)
        self._note_progress(in_flight)
        batch = self._source.poll(self._policy.limits(), self._wait_s(in_flight))
        polled = self._clock.monotonic()
        self._more_is_waiting = batch.closed_by.more_is_waiting
        if not batch:
            self._observer.waited(polled - started)
            self._deliver_scored()
            return
        scoring = self._begin(batch, polled, polled - started)
        if self._more_is_waiting:
            self._scoring.append(scoring)
            self._deliver_scored(self._lane.width)
        else:
            # Re-entered by nobody: callbacks of the source run in `poll` only.
            self._deliver(scoring)

    def settle(self, deadline_s: float) -> None:
        """Deliver what is being scored and wait until all is durable; RetriableError after `deadline_s` seconds.

        For the end, and for the source to call before partitions go to somebody else.
        """
        self._deliver_scored()
        self._sink.drain(deadline_s)

    def _wait_s(self, in_flight: int) -> float:
        if self._scoring:
            return 0.0
        return self._limits.busy_wait_s if in_flight else self._limits.idle_wait_s

    def _begin(self, batch: Batch, polled: float, poll_s: float) -> _Scoring[ReadableT]:
        self.time.enter(LoopState.DECODE)
        read_at_s = self._clock.now()
        readable, dead_letters = self._decode(batch.records, self._limits.value_bytes_max)
        texts = readable.texts()
        decode_s = self._clock.monotonic() - polled
        # Read once a batch: `use` may change it at any moment.
        scorer = self._scorer
        if self._more_is_waiting:
            scores = self._lane.begin(lambda: self._score(scorer, texts)).result
        else:
            # In order: what is still in the lane goes out first. A small batch is sooner scored than handed over.
            self._deliver_scored()
            scores = partial(self._score, scorer, texts)
        return _Scoring(batch, readable, dead_letters, read_at_s, poll_s, decode_s, scores)

    def _score(self, scorer: Scorer, texts: Sequence[str]) -> tuple[IsolatedScores, float]:
        started = self._clock.monotonic()
        return score_isolating(scorer, texts), self._clock.monotonic() - started

    def _deliver_scored(self, but: int = 0) -> None:
        """Deliver what is in the lane, in order, but for the last so many batches."""
        while len(self._scoring) > but:
            self._deliver(self._scoring.popleft())

    def _deliver(self, scoring: _Scoring[ReadableT]) -> None:
        state_before = self.time.enter(LoopState.SCORE)
        isolated, score_s = scoring.scores()
        self.time.enter(LoopState.DELIVER)
        scored = self._clock.monotonic()
        readable, dead_letters = scoring.readable, scoring.dead_letters
        if isolated.failures:
            dead_letters = dead_letters + [
                DeadLetter(readable.record(row), Reason.SCORING_FAILED, message, STAGE)
                for row, message in isolated.failures.items()
            ]
            readable = readable.without(set(isolated.failures))
        if self._dead_letter_limit:
            self._dead_letter_limit.check(scoring.batch.records, dead_letters)
        scored_at = datetime.fromtimestamp(self._clock.now(), UTC)
        work_s = scoring.decode_s + score_s
        outcome = Outcome(scoring.batch, readable, isolated.scores, dead_letters, scored_at, work_s)
        self._sink.deliver(outcome)
        deliver_s = self._clock.monotonic() - scored
        self._handed_over += len(scoring.batch)
        # What nobody waits for comes behind the labels.
        queue_s = scoring.queue_s()
        # The oldest of any partition; NaN only where no age is known.
        self._policy.note_age(float(np.fmax.reduce(queue_s)))
        self._observer.scored(outcome, BatchTimes(queue_s, scoring.poll_s, scoring.decode_s, score_s, deliver_s))
        self.time.enter(state_before)

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
        self._scoring.clear()
        self._more_is_waiting = False
        self._sink.abandon()
        self._source.rewind()
        if self._dead_letter_limit:
            self._dead_letter_limit.forget()
        self._observer.rewound()
        self._handed_over = self._acknowledged
