"""The loop without Kafka: ready records in, labels written and dropped, to see what else costs."""

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime

from confluent_kafka import Message

from consumer.kafka.labels import LabelWriter
from consumer.scoring.batching import BatchBounds, BatchLimits, BatchPolicy
from consumer.scoring.decoding import decode
from consumer.scoring.lane import ThreadLane
from consumer.scoring.loop import LoopLimits, ScoringLoop
from consumer.scoring.oldest import oldest_record
from consumer.scoring.outcome import Outcome, ReadableRecords
from consumer.scoring.ports import Observer, Scorer
from consumer.scoring.record import NOTHING, Batch, ClosedBy, Record, last_records
from shared.clock import Clock
from shared.codec import MessageHeaders, encode_review
from shared.reviews import Review

PARTITIONS = 6
THINGS = ("battery", "camera", "soup", "hotel", "song", "jacket", "story")
OPINIONS = ("wonderful", "dreadful", "plain", "superb", "clumsy")
SENTENCE = "The {} of this place is {} and number {} of what I have seen on a long and rainy day out in the hills."
TRACE: MessageHeaders = [("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
VALUE_BYTES_MAX = 1024 * 1024


def ready_records(count: int, clock: Clock) -> list[Record]:
    """Return records as a client polls them, of one-line reviews with stars and a trace."""
    return [_record(number, int(clock.now() * 1000)) for number in range(count)]


def outcome_of(records: Sequence[Record], scorer: Scorer) -> Outcome[ReadableRecords]:
    """Return what becomes of records."""
    readable, dead_letters = decode(records, VALUE_BYTES_MAX)
    scores = scorer.score(readable.texts())
    return Outcome(Batch(records), readable, scores, dead_letters, datetime.now(UTC))


def run_loop(records: Sequence[Record], batch_records: int, scorer: Scorer, observer: Observer, clock: Clock) -> None:
    """Take records through the loop in batches, scored in a thread beside it as in a backlog."""
    source, sink, policy = ReadyBatches(records, batch_records), LabelWritingSink(observer), BatchPolicy(BatchBounds())
    with ThreadLane("scoring") as lane:
        ScoringLoop(source, decode, scorer, sink, observer, clock, policy, LoopLimits(), lane).run(lambda: False)


class ReadyBatches:
    """A Source that returns records at once, in batches of one size."""

    def __init__(self, records: Sequence[Record], batch_records: int) -> None:
        starts = range(0, len(records), batch_records)
        self._batches = deque(records[start : start + batch_records] for start in starts)

    def poll(self, limits: BatchLimits, wait_s: float) -> Batch:
        """Return the next batch; more is always waiting."""
        del limits, wait_s
        return Batch(self._batches.popleft(), closed_by=ClosedBy.COUNT) if self._batches else NOTHING

    def rewind(self) -> None:
        """Do nothing: nothing fails."""

    def exhausted(self) -> bool:
        """Return whether all batches were returned."""
        return not self._batches


class LabelWritingSink:
    """A Sink that writes labels as messages and drops them: durable at once, as the observer is told."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._labels = LabelWriter()

    def deliver(self, outcome: Outcome[ReadableRecords]) -> None:
        """Write the labels; see the port."""
        last, oldest = last_records(outcome.batch.records), oldest_record(outcome)
        for _message in self._labels.messages(outcome):
            pass
        self._observer.acknowledged(outcome.batch.timestamps_ms, last, 0.01, oldest)

    def advance(self, wait_s: float) -> int:
        """Return 0: nothing is in flight."""
        del wait_s
        return 0

    def drain(self, deadline_s: float) -> None:
        """Do nothing: nothing is in flight."""

    def abandon(self) -> None:
        """Do nothing: nothing is in flight."""


def _record(number: int, stamp_ms: int) -> Record:
    text = SENTENCE.format(THINGS[number % len(THINGS)], OPINIONS[number % len(OPINIONS)], number)
    value = encode_review(Review(f"r-{number:06d}", text, rating=1 + number % 5))
    made: Record = Message(  # type: ignore[assignment]  # a polled message has all of these
        topic="reviews", partition=number % PARTITIONS, offset=number, key=b"k", value=value, headers=TRACE,
        timestamp=(1, stamp_ms - number % 1000),
    )  # fmt: skip
    return made
