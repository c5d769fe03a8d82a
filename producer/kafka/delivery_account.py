"""Counts what librdkafka reports: deliveries, failures, and the first error after which sending on is no use."""

from confluent_kafka import KafkaError, Message

from producer.ingest.deliveries import Deliveries, Failure
from shared.errors import ConfigurationError, FatalError, ReviewstreamError
from shared.kafka_client import log_client_error

FAILURES_KEPT_MAX = 20
# By the broker's word, and by the client's (librdkafka's own errors are named with an underscore).
UNKNOWN_TOPIC_ERRORS = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC})  # noqa: SLF001
REFUSED_ERRORS = frozenset({KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED})


class DeliveryAccount:
    """Is told of each message taken over and of each delivery report; knows when to stop and why."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._sent = 0
        self._acknowledged = 0
        self._failed = 0
        self._failures: list[Failure] = []
        self._last_word: ReviewstreamError | None = None

    def deliveries(self) -> Deliveries:
        """Return the account so far."""
        return Deliveries(self._sent, self._acknowledged, self._failed, tuple(self._failures))

    def taken_over(self) -> None:
        """Count a message that librdkafka has queued."""
        self._sent += 1

    def on_delivery(self, error: KafkaError | None, message: Message) -> None:
        """Count a delivery report (librdkafka calls this from poll and flush)."""
        if error is None:
            self._acknowledged += 1
            return
        self._failed += 1
        if len(self._failures) < FAILURES_KEPT_MAX:
            key = message.key() or b""
            review_id = key if isinstance(key, str) else key.decode(errors="replace")
            self._failures.append(Failure(review_id, error.name()))
        self._note(error)

    def on_error(self, error: KafkaError) -> None:
        """Log what librdkafka goes on after, remember what it doesn't."""
        log_client_error(error)
        self._note(error)

    def raise_if_over(self) -> None:
        """Raise the first error after which no message can be delivered any more."""
        if self._last_word is not None:
            raise self._last_word

    def _note(self, error: KafkaError) -> None:
        self._last_word = self._last_word or last_word(error, self._topic)


def last_word(error: KafkaError, topic: str) -> ReviewstreamError | None:
    """Return what to raise after an error that ends all sending, None where sending goes on."""
    if error.fatal():
        return FatalError(f"the Kafka producer can't go on: {error.name()}: {error.str()}", hint="start it again")
    if error.code() in UNKNOWN_TOPIC_ERRORS:
        return missing_topic(topic)
    if error.code() in REFUSED_ERRORS:
        return ConfigurationError(
            f"this user may not write to the topic {topic!r}: {error.name()}",
            hint="grant WRITE and IDEMPOTENT_WRITE, or set another user with -X sasl.username=…",
        )
    return None


def missing_topic(topic: str) -> ConfigurationError:
    """Return the error for a topic that is not there."""
    return ConfigurationError(
        f"the topic {topic!r} does not exist, or this user may not see it",
        hint="`review-consumer topics apply` creates it; --input-topic (REVIEWS_INPUT_TOPIC) names another",
    )
