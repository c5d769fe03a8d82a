"""Delivers labels and dead letters; offsets follow when the broker has them, batch by batch, in order."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from confluent_kafka import KafkaError, Message, Producer
from numpy.typing import NDArray

from consumer.kafka.delivery import ACKNOWLEDGEMENT_WAIT_S, DeliverySettings, delivery_failure, serve
from consumer.kafka.outbox import Outbox
from consumer.scoring.oldest import OldestRecord, oldest_record
from consumer.scoring.outcome import Outcome, ReadableRecords
from consumer.scoring.ports import CostObserver, Observer
from consumer.scoring.record import Partition, Record, last_records, next_offsets
from shared.clock import Clock
from shared.errors import RetriableError, ReviewstreamError

# What a commit is given even where the acknowledgements took all the time there was.
COMMIT_S_MIN = 1.0


class Committer(Protocol):
    """Where offsets are committed: the source, whose consumer is the group's member."""

    def commit(self, positions: Mapping[Partition, int]) -> None:
        """Commit next offsets without waiting."""
        ...

    def commit_and_wait(self, positions: Mapping[Partition, int], deadline_s: float) -> None:
        """Commit next offsets and wait for the broker; RetriableError after `deadline_s` seconds."""
        ...


@dataclass(slots=True)
class _InFlightBatch:
    """A batch the broker has not wholly acknowledged; `report` is its messages' delivery callback.

    It holds of its records only the last ones: the others' memory is free once their labels are queued.
    """

    records: int
    size_bytes: int
    state: "_State"
    pending: int
    handed_over_s: float
    timestamps_ms: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    last: Mapping[Partition, Record] = field(default_factory=dict)
    oldest: OldestRecord | None = None

    def report(self, error: KafkaError | None, message: Message) -> None:
        """Count one acknowledgement; a failure is latched and the batch never completes."""
        if error is None:
            self.pending -= 1
        elif self.state.failure is None:
            self.state.failure = delivery_failure(error, message.topic())


@dataclass(slots=True)
class _State:
    """What is on its way; replaced whole by `abandon`, so that late reports of the old one touch nothing."""

    batches: deque[_InFlightBatch] = field(default_factory=deque)
    records: int = 0
    size_bytes: int = 0
    failure: ReviewstreamError | None = None

    def add(self, batch: _InFlightBatch) -> None:
        """Count a batch in."""
        self.batches.append(batch)
        self.records += batch.records
        self.size_bytes += batch.size_bytes

    def take_first(self) -> _InFlightBatch:
        """Count the oldest batch out."""
        batch = self.batches.popleft()
        self.records -= batch.records
        self.size_bytes -= batch.size_bytes
        return batch


class AtLeastOnceSink:
    """A Sink with an idempotent producer.

    Pipelined: `deliver` returns when the batch is queued, and the next one is decoded and scored while the broker
    acknowledges it. A crash repeats at most what is in flight or not yet committed, with the same label ids.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - one argument a collaborator
        self,
        producer: Producer,
        committer: Committer,
        settings: DeliverySettings,
        observer: Observer,
        costs: CostObserver,
        clock: Clock,
    ) -> None:
        self._producer = producer
        self._committer = committer
        self._settings = settings
        self._observer = observer
        self._costs = costs
        self._clock = clock
        self._outbox = Outbox(producer, settings, clock, self._wait_while_full)
        self._state = _State()
        self._uncommitted: dict[Partition, int] = {}
        # Handed to the committer since somebody last waited for the broker's answer.
        self._unconfirmed: dict[Partition, int] = {}
        self._committed_at_s = 0.0

    def deliver(self, outcome: Outcome[ReadableRecords]) -> None:
        """Queue the batch's labels and dead letters; see the port."""
        self._wait_for_room(outcome)
        started = self._clock.monotonic()
        # In the queue before its first message is sent: whatever happens next, its offsets wait for all of it.
        batch = _InFlightBatch(
            records=len(outcome.batch),
            size_bytes=outcome.batch.size_bytes,
            state=self._state,
            pending=len(outcome.batch),
            handed_over_s=started,
        )
        self._state.add(batch)
        self._outbox.put(outcome, batch.report)
        # Needed once all is acknowledged, which is noticed below at the earliest: no label waits for it.
        batch.timestamps_ms, batch.oldest = outcome.batch.timestamps_ms, oldest_record(outcome)
        batch.last = last_records(outcome.batch.records)
        self._costs.observe(outcome.batch.size_bytes, outcome.work_s + self._clock.monotonic() - started)
        self.advance(0)

    def advance(self, wait_s: float) -> int:
        """Serve acknowledgements, commit what is due; return the records still in flight. Never waits."""
        del wait_s
        serve(self._producer, 0)
        state = self._state
        while state.batches and state.batches[0].pending == 0:
            batch = state.take_first()
            self._uncommitted |= next_offsets(batch.last)
            durable_after_s = self._clock.monotonic() - batch.handed_over_s
            self._observer.acknowledged(batch.timestamps_ms, batch.last, durable_after_s, batch.oldest)
        self._raise_failure()
        if self._uncommitted and self._clock.monotonic() - self._committed_at_s >= self._settings.commit_interval_s:
            self._committer.commit(self._uncommitted)
            self._unconfirmed |= self._uncommitted
            self._committed()
        return state.records

    def drain(self, deadline_s: float) -> None:
        """Wait for every acknowledgement, then commit and wait for that; see the port."""
        deadline = self._clock.monotonic() + deadline_s
        while self.advance(0):
            if self._clock.monotonic() >= deadline:
                raise RetriableError(
                    f"{self._state.records} records were not acknowledged within {deadline_s:g} s",
                    hint="is the broker up? they will be labelled again, under the same ids",
                )
            self._wait()
        self._unconfirmed |= self._uncommitted
        if self._unconfirmed:
            self._committer.commit_and_wait(self._unconfirmed, max(COMMIT_S_MIN, deadline - self._clock.monotonic()))
            self._unconfirmed = {}
            self._committed()

    def abandon(self) -> None:
        """Forget what is in flight; late acknowledgements of it count for nothing."""
        self._state = _State()

    def _wait(self) -> None:
        serve(self._producer, ACKNOWLEDGEMENT_WAIT_S)
        self._observer.alive()

    def _committed(self) -> None:
        self._uncommitted = {}
        self._committed_at_s = self._clock.monotonic()

    def _wait_while_full(self) -> None:
        self._wait()
        self._raise_failure()

    def _wait_for_room(self, outcome: Outcome[ReadableRecords]) -> None:
        deadline = self._clock.monotonic() + self._settings.room_wait_s_max
        while self._exceeds(outcome) and (in_flight := self.advance(0)) and self._exceeds(outcome):
            if self._clock.monotonic() >= deadline:
                raise RetriableError(f"{in_flight} records in flight and none acknowledged: is the broker up?")
            self._wait()

    def _exceeds(self, outcome: Outcome[ReadableRecords]) -> bool:
        records = self._state.records + len(outcome.batch)
        size_bytes = self._state.size_bytes + outcome.batch.size_bytes
        return records > self._settings.inflight_records_max or size_bytes > self._settings.inflight_bytes_max

    def _raise_failure(self) -> None:
        if self._state.failure is not None:
            raise self._state.failure
