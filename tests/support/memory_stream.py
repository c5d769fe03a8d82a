"""A topic, a group, a source and a sink in memory: they keep the same promises as those for Kafka."""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from consumer.kafka.group import ReadTo
from consumer.scoring.batching import BatchLimits
from consumer.scoring.outcome import DeadLetter, Outcome, ReadableRecords
from consumer.scoring.record import Batch, Partition, Record, last_records
from shared.errors import RetriableError, ReviewstreamError
from shared.reviews import Review
from tests.support.memory_records import TOPIC, MemoryRecord


@dataclass(slots=True)
class MemoryLog:
    """Partitions that keep what is appended, and where groups stand in them."""

    partitions: list[list[MemoryRecord]] = field(default_factory=lambda: [[], [], []])
    committed: dict[Partition, int] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def append(self, value: bytes | None, partition: int = 0, key: bytes | None = None) -> MemoryRecord:
        """Store a record and wake whoever waits for one."""
        with self.changed:
            record = MemoryRecord(value, partition, len(self.partitions[partition]), key)
            self.partitions[partition].append(record)
            self.changed.notify_all()
        return record


class MemorySource:
    """A Source over a MemoryLog; starts where the group stands."""

    def __init__(self, log: MemoryLog, read_to: ReadTo = ReadTo.FOREVER) -> None:
        self._log = log
        self._next = [log.committed.get((TOPIC, number), 0) for number in range(len(log.partitions))]
        self._ends = [len(records) for records in log.partitions] if read_to is ReadTo.END else None
        self.delivered = list(self._next)

    def poll(self, limits: BatchLimits, wait_s: float) -> Batch:
        with self._log.changed:
            self._log.changed.wait_for(self._something_is_there, wait_s)
            batch: list[Record] = []
            size_bytes = 0
            for number, records in enumerate(self._log.partitions):
                while self._next[number] < len(records):
                    closed_by = limits.closes(len(batch), size_bytes)
                    if closed_by.more_is_waiting:
                        return Batch(batch, size_bytes, closed_by)
                    record = records[self._next[number]]
                    batch.append(record)
                    size_bytes += len(record.content or b"")
                    self._next[number] += 1
            return Batch(batch, size_bytes, limits.closes(len(batch), size_bytes))

    def rewind(self) -> None:
        self._next = list(self.delivered)

    def exhausted(self) -> bool:
        if self._ends is None:
            return False
        return all(reached >= end for reached, end in zip(self._next, self._ends, strict=True))

    def note_delivered(self, records: Sequence[Record]) -> None:
        """Note that these need not be read again."""
        for (_, number), record in last_records(records).items():
            self.delivered[number] = record.offset() + 1

    def commit(self) -> None:
        """Tell the group where it stands."""
        self._log.committed |= {(TOPIC, number): offset for number, offset in enumerate(self.delivered) if offset}

    def _something_is_there(self) -> bool:
        return any(reached < len(records) for reached, records in zip(self._next, self._log.partitions, strict=True))


@dataclass(frozen=True, slots=True)
class LabelledReview:
    """A review that has become durable, with the label it was given."""

    record: Record
    review: Review
    label: str


class MemorySink:
    """A Sink that keeps outcomes in lists; they become durable at the next `advance` unless `holding` is set."""

    def __init__(self, source: MemorySource) -> None:
        self._source = source
        self._in_flight: deque[Outcome[ReadableRecords]] = deque()
        self.labelled: list[LabelledReview] = []
        self.dead_letters: list[DeadLetter] = []
        self.holding = False
        self.drained = 0
        # What each of the next calls of `deliver` raises; None lets one pass.
        self.failures: deque[ReviewstreamError | None] = deque()

    def deliver(self, outcome: Outcome[ReadableRecords]) -> None:
        failure = self.failures.popleft() if self.failures else None
        if failure is not None:
            raise failure
        self._in_flight.append(outcome)

    def advance(self, wait_s: float) -> int:
        del wait_s
        while self._in_flight and not self.holding:
            outcome = self._in_flight.popleft()
            labelled = outcome.labelled
            rows = zip(labelled.records, labelled.reviews, outcome.scores.labels, strict=True)
            self.labelled += [LabelledReview(*row) for row in rows]
            self.dead_letters += outcome.dead_letters
            self._source.note_delivered(outcome.batch.records)
        return sum(len(outcome.batch) for outcome in self._in_flight)

    def drain(self, deadline_s: float) -> None:
        if self.advance(0):
            raise RetriableError(f"not durable within {deadline_s:g} s")
        self._source.commit()
        self.drained += 1

    def abandon(self) -> None:
        self._in_flight.clear()
