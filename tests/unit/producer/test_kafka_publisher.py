"""KafkaPublisher against a client of our own making: full queues, failures, the end of a producer."""

from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Message

from producer.ingest.deliveries import Deliveries, Failure
from producer.kafka.delivery_account import FAILURES_KEPT_MAX, DeliveryAccount
from producer.kafka.publisher import KafkaPublisher
from shared.errors import ConfigurationError, FatalError, Reason, RecordError, RetriableError, ReviewstreamError
from shared.reviews import Review
from tests.support.manual_clock import ManualClock

TIMED_OUT = KafkaError(KafkaError._MSG_TIMED_OUT)


class FakeClient:
    """A queue of `room` messages; each poll that waits passes its time and reports one delivery."""

    def __init__(self, account: DeliveryAccount, clock: ManualClock, room: int = 1000) -> None:
        self.queue: list[dict[str, Any]] = []
        self.delivered: list[dict[str, Any]] = []
        self.result: Callable[[dict[str, Any]], KafkaError | None] = lambda _message: None
        self.stuck = False
        self.refusal: KafkaError | None = None
        self._account = account
        self._clock = clock
        self._room = room

    def produce(self, topic: str, **message: Any) -> None:
        if self.refusal is not None:
            raise KafkaException(self.refusal)
        if len(self.queue) >= self._room:
            raise BufferError("Local: Queue full")
        self.queue.append(message | {"topic": topic})

    def poll(self, timeout: float) -> int:
        self._clock.seconds += timeout
        if timeout == 0 or self.stuck or not self.queue:
            return 0
        message = self.queue.pop(0)
        self.delivered.append(message)
        self._account.on_delivery(self.result(message), Message(topic=message["topic"], key=message["key"]))
        return 1

    def flush(self, timeout: float) -> int:
        self.poll(timeout)
        return len(self.queue)


class Bench:
    def __init__(self, room: int = 1000) -> None:
        self.clock = ManualClock()
        account = DeliveryAccount("reviews")
        self.client = FakeClient(account, self.clock, room)
        self.account = account
        self.publisher = KafkaPublisher(self.client, "reviews", account, self.clock, room_wait_s_max=10)


def test_a_full_queue_is_waited_for_and_the_same_review_goes_in_once() -> None:
    bench = Bench(room=2)
    for number in range(20):
        bench.publisher.publish(Review(f"r{number}", "words"))
    assert bench.publisher.drain(60) == Deliveries(sent=20, acknowledged=20)
    assert [message["key"] for message in bench.client.delivered] == [f"r{number}".encode() for number in range(20)]


def test_a_queue_that_stays_full_is_a_retriable_error_after_the_deadline() -> None:
    bench = Bench(room=1)
    bench.client.stuck = True
    bench.publisher.publish(Review("in", "words"))
    with pytest.raises(RetriableError, match="full for 10 s"):
        bench.publisher.publish(Review("out", "words"))
    assert bench.clock.seconds == pytest.approx(10, abs=0.2)
    assert bench.publisher.deliveries().sent == 1


def test_key_value_and_headers_are_those_of_the_event_and_the_time_is_left_to_be_now() -> None:
    bench = Bench()
    bench.publisher.publish(Review("r1", "words", source="shop"))
    (message,) = bench.client.queue
    assert message["key"] == b"r1"
    assert message["value"] == b'{"review_id":"r1","text":"words","source":"shop"}'
    assert ("ce_id", "r1") in message["headers"]
    assert ("ce_source", "shop") in message["headers"]
    assert "timestamp" not in message


def test_failed_deliveries_are_counted_and_the_first_ones_kept_by_name() -> None:
    bench = Bench()
    bench.client.result = lambda message: TIMED_OUT if message["key"] != b"r0" else None
    for number in range(FAILURES_KEPT_MAX + 10):
        bench.publisher.publish(Review(f"r{number}", "words"))
    account = bench.publisher.drain(60)
    assert (account.sent, account.acknowledged, account.failed) == (30, 1, 29)
    assert account.unanswered == 0
    assert account.failures[0] == Failure("r1", "_MSG_TIMED_OUT")
    assert len(account.failures) == FAILURES_KEPT_MAX


def test_drain_returns_at_its_deadline_and_says_what_is_unanswered() -> None:
    bench = Bench()
    bench.client.stuck = True
    bench.publisher.publish(Review("r1", "words"))
    assert bench.publisher.drain(3).unanswered == 1
    assert bench.clock.seconds == pytest.approx(3, abs=0.2)


@pytest.mark.parametrize(
    ("error", "reaction", "words"),
    [
        (KafkaError(KafkaError._FATAL, "fenced", fatal=True), FatalError, "can't go on"),
        (KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART), ConfigurationError, "topics apply"),
        (KafkaError(KafkaError._UNKNOWN_TOPIC), ConfigurationError, "topics apply"),
        (KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED), ConfigurationError, "WRITE"),
    ],
)
class TestAnErrorThatEndsAllSending:
    def test_reported_for_a_delivery_it_is_raised_by_the_next_publish(
        self, error: KafkaError, reaction: type[ReviewstreamError], words: str
    ) -> None:
        bench = Bench()
        bench.client.result = lambda _message: error
        bench.publisher.publish(Review("r1", "words"))
        bench.publisher.drain(1)
        with pytest.raises(reaction) as caught:
            bench.publisher.publish(Review("r2", "words"))
        assert words in f"{caught.value} {caught.value.hint}"
        assert bench.publisher.deliveries().sent == 1

    def test_raised_by_the_client_it_gets_the_same_reaction(
        self, error: KafkaError, reaction: type[ReviewstreamError], words: str
    ) -> None:
        bench = Bench()
        bench.client.refusal = error
        with pytest.raises(reaction) as caught:
            bench.publisher.publish(Review("r1", "words"))
        assert words in f"{caught.value} {caught.value.hint}"
        assert bench.publisher.deliveries().sent == 0

    def test_told_while_waiting_for_room_it_ends_the_wait(
        self, error: KafkaError, reaction: type[ReviewstreamError], words: str
    ) -> None:
        bench = Bench(room=1)
        bench.client.result = lambda _message: error
        bench.publisher.publish(Review("r1", "words"))
        with pytest.raises(reaction) as caught:
            bench.publisher.publish(Review("r2", "words"))
        assert words in f"{caught.value} {caught.value.hint}"
        assert bench.clock.seconds < 1


def test_an_error_librdkafka_goes_on_after_ends_nothing() -> None:
    bench = Bench()
    bench.account.on_error(KafkaError(KafkaError._ALL_BROKERS_DOWN))
    bench.publisher.publish(Review("r1", "words"))
    assert bench.publisher.drain(1).acknowledged == 1


def test_a_review_over_the_clients_size_limit_is_a_record_error() -> None:
    bench = Bench()
    bench.client.refusal = KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)
    with pytest.raises(RecordError) as caught:
        bench.publisher.publish(Review("r1", "words"))
    assert caught.value.reason is Reason.TOO_LARGE


def test_any_other_refusal_of_the_client_is_fatal() -> None:
    bench = Bench()
    bench.client.refusal = KafkaError(KafkaError._STATE)
    with pytest.raises(FatalError):
        bench.publisher.publish(Review("r1", "words"))
