"""Numbered reviews at a steady rate, whatever happens to the broker meanwhile."""

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaError, Message, Producer

from shared.kafka_client import KafkaSettings
from tests.support.reviews import review_values

TICK_S = 0.02
FLUSH_S_MAX = 120.0


class SteadyPublisher:
    """Publishes in a thread until it is stopped or `count_max` is reached; every review is acknowledged by then.

    `values` makes so many values, from this number on.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        topic: str,
        per_second: float,
        count_max: int = sys.maxsize,
        values: Callable[[int, int], list[bytes]] = review_values,
    ) -> None:
        self._producer = Producer(kafka.producer_config() | {"topic.metadata.refresh.interval.ms": 1000})
        self._topic = topic
        self._per_second = per_second
        self._count_max = count_max
        self._values = values
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._publish, daemon=True)
        self._failed: list[KafkaError] = []
        self.published = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def wait(self, timeout_s: float) -> None:
        """Wait until `count_max` is reached."""
        self._thread.join(timeout_s)
        assert not self._thread.is_alive(), f"{self.published} of {self._count_max} reviews within {timeout_s:g} s"

    def publishing(self) -> bool:
        """Return whether more is still to come."""
        return self._thread.is_alive()

    def stop(self) -> int:
        """Stop, wait until the broker has every review, and return how many there are."""
        self._stop.set()
        self._thread.join(FLUSH_S_MAX)
        assert self._producer.flush(FLUSH_S_MAX) == 0, "the broker did not take every review"
        assert self._failed == []
        return self.published

    def _publish(self) -> None:
        started = time.monotonic()
        while self.published < self._count_max and not self._stop.wait(TICK_S):
            due = min(int((time.monotonic() - started) * self._per_second), self._count_max)
            for number, value in enumerate(self._values(due - self.published, self.published), self.published):
                self._produce(f"r-{number:07d}", value)
            self.published = due
            self._producer.poll(0)

    def _produce(self, key: str, value: bytes) -> None:
        while True:
            try:
                return self._producer.produce(self._topic, value, key, on_delivery=self._report)
            except BufferError:
                # The broker is away for longer than the queue is deep.
                self._producer.poll(TICK_S)

    def _report(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self._failed.append(error)
