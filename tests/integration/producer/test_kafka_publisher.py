"""KafkaPublisher on a real broker keeps the contract."""

import time

import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME

from producer.kafka.publisher import KafkaPublisher
from shared.codec import decode_review
from shared.errors import ConfigurationError
from shared.kafka_client import KafkaSettings
from shared.reviews import Review
from shared.topics import TopicSettings
from tests.contracts.publisher_contract import PublisherContract
from tests.support.topic_reader import read_topic

pytestmark = pytest.mark.kafka


class TestKafkaPublisher(PublisherContract):
    @pytest.fixture
    def publisher(self, kafka: KafkaSettings, topics: TopicSettings) -> KafkaPublisher:
        self._servers = kafka.bootstrap_servers
        self._topic = topics.input_topic
        return KafkaPublisher.connect(kafka, topics.input_topic)

    def read_back(self) -> list[Review]:
        messages = read_topic(self._servers, self._topic)
        return [decode_review(message.value(), None, 10_000_000) for message in messages]

    def test_the_key_is_the_id_and_the_time_is_now(self, publisher: KafkaPublisher) -> None:
        before_ms = time.time() * 1000
        publisher.publish(Review("r1", "sturdy", source="shop"))
        publisher.drain(30)
        (message,) = read_topic(self._servers, self._topic)
        kind, timestamp_ms = message.timestamp()
        assert message.key() == b"r1"
        assert dict(message.headers() or [])["ce_id"] == b"r1"
        assert kind == TIMESTAMP_CREATE_TIME
        assert before_ms - 1 <= timestamp_ms <= time.time() * 1000


def test_a_topic_that_does_not_exist_is_refused_at_the_start_and_not_created(kafka: KafkaSettings) -> None:
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="no-such-topic") as caught:
            KafkaPublisher.connect(kafka, "no-such-topic")
        assert "topics apply" in caught.value.hint
