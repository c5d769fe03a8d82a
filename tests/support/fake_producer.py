"""Stands in for confluent_kafka.Producer: the test decides when the broker answers, and what."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, KafkaException, Message

from shared.codec import decode_label
from shared.reviews import Label
from tests.support.fake_clock import FakeClock

Report = Callable[[KafkaError | None, Message], None]


@dataclass(frozen=True, slots=True, eq=False)
class SentMessage:
    """One message that was queued, and who wants to know what became of it; the same bytes sent twice are two."""

    topic: str
    value: bytes | None
    key: bytes | None
    headers: Sequence[tuple[str, str | bytes | None]]
    timestamp_ms: int
    on_delivery: Report = field(repr=False)

    def label(self) -> Label:
        """Return the label it carries."""
        return decode_label(self.value or b"")


class FakeProducer:
    """Holds every message until the test releases it; reports are served by `poll`, as the real one does.

    A poll that has nothing to report lets its time pass by the clock, after asking `while_waiting`.
    """

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._reports: list[tuple[SentMessage, KafkaError | None]] = []
        self.sent: list[SentMessage] = []
        self.held: list[SentMessage] = []
        self.full_times = 0
        self.refusal: KafkaError | None = None
        self.ended_by: KafkaError | None = None
        self.while_waiting: Callable[[], None] = lambda: None

    def produce(  # noqa: PLR0913, PLR0917 - as the real one
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        partition: int,
        callback: Report,
        on_delivery: None,
        timestamp: int,
        headers: Sequence[tuple[str, str | bytes | None]],
    ) -> None:
        del partition, on_delivery
        if self.full_times:
            self.full_times -= 1
            raise BufferError("Local: Queue full")
        if self.refusal is not None:
            raise KafkaException(self.refusal)
        message = SentMessage(topic, value, key, headers, timestamp, callback)
        self.sent.append(message)
        self.held.append(message)

    def poll(self, timeout: float) -> int:
        if self.ended_by is not None:
            raise KafkaException(self.ended_by)
        if timeout:
            self.while_waiting()
        if timeout and not self._reports:
            self._clock.advance(timeout)
        served, self._reports = self._reports, []
        for message, error in served:
            message.on_delivery(error, Message(topic=message.topic))
        return len(served)

    def release(self, *messages: SentMessage) -> None:
        """Let the broker acknowledge these."""
        self._settle(messages, None)

    def release_all(self) -> None:
        """Let the broker acknowledge all that it holds."""
        self._settle(self.held, None)

    def fail(self, error: KafkaError, *messages: SentMessage) -> None:
        """Let the delivery of these fail."""
        self._settle(messages, error)

    def _settle(self, messages: Sequence[SentMessage], error: KafkaError | None) -> None:
        for message in list(messages):
            self.held.remove(message)
            self._reports.append((message, error))
