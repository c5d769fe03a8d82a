"""Queues a batch's labels and dead letters with the Kafka client."""

from collections.abc import Callable, Iterable

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from consumer.kafka.dead_letters import OutgoingMessage, dead_letter_message
from consumer.kafka.delivery import DeliverySettings, delivery_failure
from consumer.kafka.labels import LabelMessage, LabelWriter
from consumer.scoring.outcome import Outcome, ReadableRecords
from shared.clock import Clock
from shared.errors import RetriableError

Report = Callable[[KafkaError | None, Message], None]


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
