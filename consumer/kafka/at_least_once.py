"""Delivers labels and dead letters; offsets follow when the broker has them, batch by batch, in order."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from consumer.kafka.dead_letters import dead_letter_message
from consumer.kafka.events import OutgoingMessage, label_messages
from consumer.scoring.outcome import Outcome
from consumer.scoring.ports import Observer
from consumer.scoring.record import Partition, Record, last_records, timestamps_ms
from shared.clock import Clock
from shared.errors import ConfigurationError, FatalError, RetriableError, ReviewstreamError

# What sending again can't mend: the topic or the rights must change first.
NEEDS_AN_OPERATOR = {
    KafkaError.MSG_SIZE_TOO_LARGE: "raise the topic's max.message.bytes",
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "grant Write on the topic",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "grant IdempotentWrite on the cluster",
    KafkaError.UNKNOWN_TOPIC_OR_PART: "`review-consumer topics apply` makes the topic",
    KafkaError._UNKNOWN_TOPIC: "`review-consumer topics apply` makes the topic",  # noqa: SLF001 - local codes start with _
    KafkaError._UNKNOWN_PARTITION: "`review-consumer topics apply` makes the topic",  # noqa: SLF001
    KafkaError.INVALID_RECORD: "look at the topic's configuration: it refuses this record",
}

ACKNOWLEDGEMENT_WAIT_S = 0.05


class Committer(Protocol):
    """Where offsets are committed: the source, whose consumer is the group's member."""

    def commit(self, positions: Mapping[Partition, int]) -> None:
        """Commit next offsets without waiting."""
        ...

    def commit_and_wait(self, positions: Mapping[Partition, int]) -> None:
        """Commit next offsets and wait for the broker."""
        ...


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """Where labels go, and the bounds of what is on its way; times in seconds."""

    output_topic: str
    dead_letter_topic: str
    inflight_records_max: int = 20_000
    commit_interval_s: float = 0.1
    room_wait_s_max: float = 300.0


@dataclass(slots=True)
class _InFlightBatch:
    """A batch the broker has not wholly acknowledged; `report` is its messages' delivery callback."""

    records: Sequence[Record]
    state: "_State"
    pending: int
    handed_over_s: float

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
    failure: ReviewstreamError | None = None


class AtLeastOnceSink:
    """A Sink with an idempotent producer.

    Pipelined: `deliver` returns when the batch is queued, and the next one is decoded and scored while the broker
    acknowledges it. A crash repeats at most what is in flight or not yet committed, with the same label ids.
    """

    def __init__(
        self, producer: Producer, committer: Committer, settings: DeliverySettings, observer: Observer, clock: Clock
    ) -> None:
        self._producer = producer
        self._committer = committer
        self._settings = settings
        self._observer = observer
        self._clock = clock
        self._state = _State()
        self._uncommitted: dict[Partition, int] = {}
        # Handed to the committer since somebody last waited for the broker's answer.
        self._unconfirmed: dict[Partition, int] = {}
        self._committed_at_s = 0.0

    def deliver(self, outcome: Outcome) -> None:
        """Queue the batch's labels and dead letters; see the port."""
        self._wait_for_room(len(outcome.records))
        # In the queue before its first message is sent: whatever happens next, its offsets wait for all of it.
        batch = _InFlightBatch(outcome.records, self._state, len(outcome.records), self._clock.monotonic())
        self._state.batches.append(batch)
        self._state.records += batch.pending
        for message in label_messages(outcome):
            self._produce(self._settings.output_topic, message, batch)
        for dead_letter in outcome.dead_letters:
            letter = dead_letter_message(dead_letter, outcome.scores.model.digest, outcome.scored_at)
            self._produce(self._settings.dead_letter_topic, letter, batch)
        self.advance()

    def advance(self) -> int:
        """Serve acknowledgements, commit what is due; return the records still in flight."""
        self._producer.poll(0)
        state = self._state
        while state.batches and state.batches[0].pending == 0:
            batch = state.batches.popleft()
            state.records -= len(batch.records)
            last = last_records(batch.records)
            self._uncommitted |= {place: record.offset() + 1 for place, record in last.items()}
            durable_after_s = self._clock.monotonic() - batch.handed_over_s
            self._observer.acknowledged(timestamps_ms(batch.records), last, durable_after_s)
        self._raise_failure()
        if self._uncommitted and self._clock.monotonic() - self._committed_at_s >= self._settings.commit_interval_s:
            self._committer.commit(self._uncommitted)
            self._unconfirmed |= self._uncommitted
            self._committed()
        return state.records

    def drain(self, deadline_s: float) -> None:
        """Wait for every acknowledgement, then commit and wait for that; see the port."""
        deadline = self._clock.monotonic() + deadline_s
        while self.advance():
            if self._clock.monotonic() >= deadline:
                raise RetriableError(
                    f"{self._state.records} records were not acknowledged within {deadline_s:g} s",
                    hint="is the broker up? they will be labelled again, under the same ids",
                )
            self._wait()
        self._unconfirmed |= self._uncommitted
        if self._unconfirmed:
            self._committer.commit_and_wait(self._unconfirmed)
            self._unconfirmed = {}
            self._committed()

    def abandon(self) -> None:
        """Forget what is in flight; late acknowledgements of it count for nothing."""
        self._state = _State()

    def _wait(self) -> None:
        self._producer.poll(ACKNOWLEDGEMENT_WAIT_S)
        self._observer.alive()

    def _committed(self) -> None:
        self._uncommitted = {}
        self._committed_at_s = self._clock.monotonic()

    def _wait_for_room(self, records: int) -> None:
        deadline = self._clock.monotonic() + self._settings.room_wait_s_max
        while (in_flight := self.advance()) and in_flight + records > self._settings.inflight_records_max:
            if self._clock.monotonic() >= deadline:
                raise RetriableError(f"{in_flight} records in flight and none acknowledged: is the broker up?")
            self._wait()

    def _produce(self, topic: str, message: OutgoingMessage, batch: _InFlightBatch) -> None:
        deadline: float | None = None
        while True:
            try:
                self._producer.produce(
                    topic,
                    message.value,
                    message.key,
                    on_delivery=batch.report,
                    timestamp=message.timestamp_ms,
                    headers=message.headers,
                )
            except BufferError:
                # The client's queue is full: make room, then send this very message again.
                deadline = deadline or self._clock.monotonic() + self._settings.room_wait_s_max
                self._wait()
                self._raise_failure()
                if self._clock.monotonic() >= deadline:
                    raise RetriableError("the producer's queue stays full: is the broker up?") from None
            except KafkaException as exception:
                raise delivery_failure(exception.args[0], topic) from exception
            else:
                return

    def _raise_failure(self) -> None:
        if self._state.failure is not None:
            raise self._state.failure


def delivery_failure(error: KafkaError, topic: str | None) -> ReviewstreamError:
    """Return the reaction that a failed delivery calls for: an operator, a new process, or another try."""
    what = f"a message to {topic} was not delivered: {error.name()}: {error.str()}"
    mend = NEEDS_AN_OPERATOR.get(error.code())
    if mend is not None:
        return ConfigurationError(f"{what}; nothing of its batch is committed", hint=mend)
    if error.fatal():
        return FatalError(what, hint="the supervisor starts a new process")
    return RetriableError(what)
