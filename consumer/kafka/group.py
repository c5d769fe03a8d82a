"""How to be a member of the consumer group, and what its answers mean."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException

from consumer.kafka.delivery import Delivery
from shared.errors import ConfigurationError, FatalError, ReviewstreamError
from shared.kafka_client import KafkaSettings

Answer = TypeVar("Answer")

# How long a question is asked again, and how soon; well within the time in which a member must poll, and longer than
# the transaction of a member that died may hide where the group stands.
ANSWER_WAIT_S = 60.0
ANSWER_PAUSE_S = 0.1

# We may not ask: rights must be granted first.
ACCESS_REFUSED = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    }
)
# What a commit says when these partitions belong to somebody else by now; the new owner reads them again.
LOST_OWNERSHIP = frozenset(
    {
        KafkaError.ILLEGAL_GENERATION,
        KafkaError.UNKNOWN_MEMBER_ID,
        KafkaError.REBALANCE_IN_PROGRESS,
        KafkaError.FENCED_INSTANCE_ID,
        KafkaError.FENCED_MEMBER_EPOCH,
        KafkaError.STALE_MEMBER_EPOCH,
        KafkaError._ASSIGNMENT_LOST,  # noqa: SLF001 - librdkafka's local error codes start with _
    }
)

# What an older broker says to a member of the newer group protocol.
TOO_OLD = frozenset({KafkaError.UNSUPPORTED_VERSION, KafkaError._UNSUPPORTED_FEATURE})  # noqa: SLF001 - see above


class ReadTo(StrEnum):
    """How far to read: on and on, or to what is the end of the topic at the start."""

    FOREVER = "forever"
    END = "end"


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """How to be a member of the consumer group."""

    group: str
    protocol: str
    start: str
    read_to: ReadTo = ReadTo.FOREVER
    delivery: Delivery = Delivery.AT_LEAST_ONCE
    session_timeout_ms: int = 10_000

    def consumer_config(self, kafka: KafkaSettings) -> dict[str, Any]:
        """Return librdkafka's configuration of the consumer."""
        membership: dict[str, Any] = {"group.protocol": self.protocol}
        if self.protocol == "classic":
            # The broker decides these in the newer protocol, and refuses them from a client.
            membership |= {
                "partition.assignment.strategy": "cooperative-sticky",
                "session.timeout.ms": self.session_timeout_ms,
            }
        return {
            "group.id": self.group,
            # Offsets are committed by the sink, when the labels are safe.
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            # An offset that is gone is an error to be told, not a silent jump.
            "auto.offset.reset": "error",
            "isolation.level": "read_committed",
            # A flipped bit on the way is found.
            "check.crcs": True,
            # Memory is bounded: by bytes for long reviews, by number (for each partition) for short ones, whose
            # bookkeeping is larger than their text. After a full queue fetching goes on at once, not a second later.
            "queued.max.messages.kbytes": 32_768,
            "queued.min.messages": 2_500,
            "fetch.message.max.bytes": 524_288,
            "fetch.queue.backoff.ms": 5,
            "fetch.wait.max.ms": 100,
            # In the classic protocol the members look for new partitions: within half a minute, not five.
            "topic.metadata.refresh.interval.ms": 30_000,
            # Tells that the end is reached where the last offsets hold no records (transaction markers).
            "enable.partition.eof": self.read_to is ReadTo.END,
            **membership,
            **kafka.client_config(),
        }


def ask_until_answered(question: str, ask: Callable[[], Answer]) -> Answer:
    """Return the broker's answer; FatalError where it gives none in time.

    Asked at the start and while partitions are assigned, when a new coordinator may still be loading: that is no
    reason to leave.
    """
    deadline = time.monotonic() + ANSWER_WAIT_S
    while True:
        try:
            return ask()
        except KafkaException as exception:
            if time.monotonic() >= deadline:
                raise FatalError(
                    f"the broker did not say {question}: {exception.args[0].str()}",
                    hint="is it up? the supervisor starts a new process that asks again",
                ) from exception
            time.sleep(ANSWER_PAUSE_S)


def consumer_failure(error: KafkaError, protocol: str, topic: str) -> ReviewstreamError | None:
    """Return the reaction that an error of the consumer calls for; None where librdkafka goes on by itself."""
    # An error that ends the client is handed out under a code of its own; only its text tells which one it was.
    ended = error.code() == KafkaError._FATAL  # noqa: SLF001 - see above
    if error.code() in TOO_OLD or (ended and KafkaError(KafkaError.UNSUPPORTED_VERSION).str() in error.str()):
        return ConfigurationError(
            f"the broker can't do what --group-protocol {protocol} needs: {error.str()}",
            hint="the newer protocol needs Kafka 4.0; --group-protocol classic works on older ones",
        )
    if error.code() in {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}:
        return ConfigurationError(f"Kafka refuses access: {error.str()}", hint="grant Read on the topic and group")
    if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
        return topic_is_gone(topic)
    if ended or error.fatal():
        return FatalError(f"consumer: {error.str()}", hint="the supervisor starts a new process")
    return None


def topic_is_gone(topic: str) -> ConfigurationError:
    """Return the error of who reads a topic that was deleted."""
    return ConfigurationError(
        f"topic {topic} is not there (any more)",
        hint="`review-consumer topics apply` makes it, empty: what it held and was not labelled is gone with it",
    )
