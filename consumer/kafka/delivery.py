"""What both ways of delivery share: where labels go, how a message is queued, what a failure calls for."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from consumer.kafka.dead_letters import OutgoingMessage, dead_letter_message
from consumer.kafka.labels import LabelMessage, LabelWriter
from consumer.scoring.outcome import Outcome, ReadableRecords
from shared.clock import Clock
from shared.errors import ConfigurationError, FatalError, FencedError, RetriableError, ReviewstreamError

Report = Callable[[KafkaError | None, Message], None]

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

# Another process has taken this one's transactional id: it must leave, its work is somebody else's by now.
FENCED = frozenset(
    {
        KafkaError._FENCED,  # noqa: SLF001 - librdkafka's local error codes start with _
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.PRODUCER_FENCED,
    }
)

ACKNOWLEDGEMENT_WAIT_S = 0.05


class Delivery(StrEnum):
    """What readers of the labels may rely on when a process dies; named as Kafka Streams names its guarantees."""

    AT_LEAST_ONCE = "at-least-once"
    EXACTLY_ONCE = "exactly-once"


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """Where labels go, and the bounds of what is on its way; times in seconds."""

    output_topic: str
    dead_letter_topic: str
    inflight_records_max: int = 20_000
    inflight_bytes_max: int = 64 * 1024 * 1024
    commit_interval_s: float = 0.1
    room_wait_s_max: float = 120.0


class Outbox:
    """Queues an outcome's messages with the Kafka client; a full queue is waited for, a bounded time."""

    def __init__(
        self, producer: Producer, settings: DeliverySettings, clock: Clock, while_full: Callable[[], None]
    ) -> None:
        """`while_full` is called again and again while the queue is full; what it raises ends the wait."""
        self._producer = producer
        self._settings = settings
        self._clock = clock
        self._while_full = while_full
        self._labels = LabelWriter()

    def put(self, outcome: Outcome[ReadableRecords], report: Report | None) -> None:
        """Queue every label and dead letter of a batch; `report` is told what became of each.

        Raises RetriableError, FatalError or ConfigurationError where the client refuses one.
        """
        self.put_labels(self._labels.messages(outcome), report)
        for dead_letter in outcome.dead_letters:
            letter = dead_letter_message(dead_letter, outcome.scores.model.digest, outcome.scored_at)
            self._queue(self._settings.dead_letter_topic, letter, report)

    def put_labels(self, labels: Iterable[LabelMessage], report: Report | None) -> None:
        """Queue labels; see `put`."""
        produce, topic = self._producer.produce, self._settings.output_topic
        for key, value, headers in labels:
            try:
                # By position (partition, callback and its other name, time stamp, headers): names cost a third more.
                produce(topic, value, key, -1, report, None, 0, headers)
            except (BufferError, KafkaException):
                # Queued again the long way, which waits where that helps and says what is wrong where it does not.
                self._queue(topic, OutgoingMessage(key, value, headers), report)

    def _queue(self, topic: str, message: OutgoingMessage, report: Report | None) -> None:
        deadline: float | None = None
        while True:
            try:
                # As above: partition, callback (twice), time stamp, headers.
                self._producer.produce(
                    topic, message.value, message.key, -1, report, None, message.timestamp_ms, message.headers
                )
            except BufferError:
                # The client's queue is full: make room, then send this very message again.
                deadline = deadline or self._clock.monotonic() + self._settings.room_wait_s_max
                self._while_full()
                if self._clock.monotonic() >= deadline:
                    raise RetriableError("the producer's queue stays full: is the broker up?") from None
            except KafkaException as exception:
                raise delivery_failure(exception.args[0], topic) from exception
            else:
                return


def delivery_failure(error: KafkaError, topic: str | None) -> ReviewstreamError:
    """Return the reaction that a failed delivery calls for: an operator, a new process, or another try."""
    what = f"a message to {topic} was not delivered: {error.name()}: {error.str()}"
    mend = NEEDS_AN_OPERATOR.get(error.code())
    if mend is not None:
        return ConfigurationError(f"{what}; nothing of its batch is committed", hint=mend)
    if error.fatal() and error.code() in FENCED:
        return fenced(what)
    if error.fatal():
        return FatalError(what, hint="the supervisor starts a new process")
    return RetriableError(what)


def fenced(what: str) -> FencedError:
    """Return the error of a process whose transactional id somebody else has by now."""
    return FencedError(
        f"another process runs with this transactional id, or a transaction outlived its time-out: {what}",
        hint="give each process its own --instance (REVIEWS_INSTANCE); a batch must be done well within "
        "--transaction-timeout",
    )
