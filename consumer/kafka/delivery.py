"""What both ways of delivery share: where labels go, and what a failure calls for."""

from dataclasses import dataclass
from enum import StrEnum

from confluent_kafka import KafkaError, KafkaException, Producer

from shared.errors import ConfigurationError, FatalError, FencedError, RetriableError, ReviewstreamError

# What sending again can't mend: the topic or the rights must change first.
NEEDS_AN_OPERATOR = {
    KafkaError.MSG_SIZE_TOO_LARGE: "raise the topic's max.message.bytes",
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "grant Write on the topic",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "grant IdempotentWrite on the cluster",
    KafkaError.UNKNOWN_TOPIC_OR_PART: "`review-consumer topics apply` makes the topic",
    KafkaError._UNKNOWN_TOPIC: "`review-consumer topics apply` makes the topic",  # noqa: SLF001 - local codes start with _
    KafkaError._UNKNOWN_PARTITION: "`review-consumer topics apply` makes the topic",  # noqa: SLF001
    KafkaError.INVALID_TIMESTAMP: "a dead letter keeps its record's: raise the topic's message.timestamp.after.max.ms",
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


def serve(producer: Producer, wait_s: float) -> None:
    """Let a client call back, waiting so long where it has nothing to tell.

    What has ended a client is raised by whatever it is asked first, also here: FencedError, FatalError.
    """
    try:
        producer.poll(wait_s)
    except KafkaException as exception:
        error: KafkaError = exception.args[0]
        what = f"the producer has ended: {error.name()}: {error.str()}"
        if error.code() in FENCED:
            raise fenced(what) from exception
        raise FatalError(what, hint="the supervisor starts a new process") from exception


def fenced(what: str) -> FencedError:
    """Return the error of a process whose transactional id somebody else has by now."""
    return FencedError(
        f"another process runs with this transactional id, or a transaction outlived its time-out: {what}",
        hint="give each process its own --instance (REVIEWS_INSTANCE); a batch must be done well within "
        "--transaction-timeout",
    )
