"""A topic that was deleted is found out by who reads nothing of it, and a broker's hiccup is not taken for that."""

from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import ClusterMetadata, TopicMetadata

from consumer.kafka.topic_watch import ASK_EVERY_S, TopicWatch
from shared.errors import ConfigurationError
from tests.support.fake_clock import FakeClock

TOPIC = "reviews"


class FakeMetadata:
    """What TopicWatch uses of a consumer: answers in turn, the last one again and again."""

    def __init__(self, *answers: KafkaError | None) -> None:
        self._answers = list(answers)
        self.asked = 0

    def list_topics(self, topic: str, timeout: float) -> ClusterMetadata:
        del timeout
        self.asked += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if answer is not None and answer.code() == KafkaError._TRANSPORT:
            raise KafkaException(answer)
        metadata = ClusterMetadata()
        metadata.topics = {topic: TopicMetadata()}
        metadata.topics[topic].error = answer
        return metadata


MISSING = KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)
NO_BROKER = KafkaError(KafkaError._TRANSPORT)


def look(answers: FakeMetadata, held: int, times: int) -> None:
    """Look a hundred times within each interval."""
    clock = FakeClock()
    watch = TopicWatch(TOPIC, clock)
    consumer: Any = answers
    for _ in range(100 * times):
        clock.advance(ASK_EVERY_S / 100 * 1.001)
        watch.look(consumer, held)


def test_a_topic_that_is_missing_twice_in_a_row_is_gone() -> None:
    with pytest.raises(ConfigurationError, match=f"topic {TOPIC} is not there"):
        look(FakeMetadata(None, MISSING), held=0, times=3)


def test_who_holds_partitions_asks_nothing() -> None:
    answers = FakeMetadata(MISSING)
    look(answers, held=1, times=3)
    assert answers.asked == 0


def test_an_idle_member_asks_once_an_interval() -> None:
    answers = FakeMetadata(None)
    look(answers, held=0, times=3)
    assert answers.asked == 3


def test_a_broker_that_does_not_know_the_topic_yet_or_is_away_ends_nothing() -> None:
    look(FakeMetadata(MISSING, None, MISSING, NO_BROKER, MISSING, None), held=0, times=6)
