"""Reviews into a Kafka topic: an idempotent producer behind the Publisher port."""

from typing import Any, Protocol

from confluent_kafka import KafkaError, KafkaException, Producer

from producer.ingest.deliveries import Deliveries
from producer.kafka.delivery_account import DeliveryAccount, last_word, missing_topic
from shared.clock import Clock, SystemClock
from shared.codec import encode_review, review_headers
from shared.errors import FatalError, Reason, RecordError, RetriableError
from shared.kafka_client import KafkaSettings, create_client, wait_for_broker
from shared.reviews import Review

# Kafka's own default for a topic is 1,048,588 bytes a batch: this leaves room for the key and the headers.
VALUE_BYTES_MAX = 1_000_000
# As long as a broker may be away before a message's own deadline decides.
ROOM_WAIT_S_MAX = 120.0
# Calls into librdkafka end so often, so that a signal is noticed.
POLL_S = 0.1


class ProducerClient(Protocol):
    """What is used of `confluent_kafka.Producer`."""

    def produce(self, topic: str, **message: Any) -> None:
        """Queue a message; BufferError when the queue is full, KafkaException when it can't be queued at all."""
        ...

    def poll(self, timeout: float) -> int:
        """Serve delivery reports, waiting for the first at most `timeout` seconds."""
        ...

    def flush(self, timeout: float) -> int:
        """Send what is queued, at most `timeout` seconds long; returns how many messages are left."""
        ...


class KafkaPublisher:
    """Publishes to one topic, keyed by review id; the record's time is the time of publishing."""

    def __init__(
        self,
        client: ProducerClient,
        topic: str,
        account: DeliveryAccount,
        clock: Clock,
        room_wait_s_max: float = ROOM_WAIT_S_MAX,
    ) -> None:
        self._client = client
        self._topic = topic
        self._account = account
        self._clock = clock
        self._room_wait_s_max = room_wait_s_max

    @classmethod
    def connect(cls, settings: KafkaSettings, topic: str) -> "KafkaPublisher":
        """Return a publisher once a broker answers; ConfigurationError where the topic does not exist."""
        known = wait_for_broker(settings).topics.get(topic)
        if known is None or known.error is not None:
            raise missing_topic(topic)
        account = DeliveryAccount(topic)
        config = settings.producer_config() | {"error_cb": account.on_error, "on_delivery": account.on_delivery}
        return cls(create_client(Producer, config), topic, account, SystemClock())

    def publish(self, review: Review) -> None:
        """Queue a review, waiting for room in the bounded queue; see the port for what it raises."""
        # Serves delivery reports: without it the queue would fill and failures would go unseen.
        self._client.poll(0)
        self._account.raise_if_over()
        value = encode_review(review)
        if len(value) > VALUE_BYTES_MAX:
            raise RecordError(Reason.TOO_LARGE, f"the review has {len(value)} bytes, the limit is {VALUE_BYTES_MAX}")
        try:
            try:
                self._queue(review, value)
            except BufferError:
                self._queue_when_there_is_room(review, value)
        except KafkaException as error:
            self._raise_reaction(error)
        self._account.taken_over()

    def deliveries(self) -> Deliveries:
        """Return the account so far."""
        return self._account.deliveries()

    def drain(self, wait_s_max: float) -> Deliveries:
        """Wait for the delivery reports of all that was published, at most so long."""
        deadline = self._clock.monotonic() + wait_s_max
        while self._client.flush(POLL_S) and self._clock.monotonic() < deadline:
            pass
        return self._account.deliveries()

    def _queue(self, review: Review, value: bytes) -> None:
        self._client.produce(self._topic, key=review.review_id.encode(), value=value, headers=review_headers(review))

    def _queue_when_there_is_room(self, review: Review, value: bytes) -> None:
        deadline = self._clock.monotonic() + self._room_wait_s_max
        while True:
            self._client.poll(POLL_S)
            self._account.raise_if_over()
            try:
                return self._queue(review, value)
            except BufferError as error:
                if self._clock.monotonic() >= deadline:
                    raise RetriableError(
                        f"the queue to Kafka was full for {self._room_wait_s_max:g} s",
                        hint="is the broker up, and is there room on its disk?",
                    ) from error

    def _raise_reaction(self, error: KafkaException) -> None:
        cause = error.args[0]
        if cause.code() == KafkaError.MSG_SIZE_TOO_LARGE:
            raise RecordError(Reason.TOO_LARGE, "the review is larger than -X message.max.bytes allows") from error
        raise last_word(cause, self._topic) or FatalError(f"Kafka took no message: {cause.str()}") from error
