"""What is heard of a topic's retention, and what is exported of it."""

import math
import threading
from collections.abc import Mapping

import pytest
from prometheus_client import CollectorRegistry

from consumer.kafka.topic_facts import TopicFacts, retention_s
from consumer.telemetry.topic_state import TopicStateCollector
from shared.kafka_client import KafkaSettings
from tests.support.memory_records import TOPIC


@pytest.mark.parametrize(
    ("config", "seconds"),
    [
        ({"cleanup.policy": "delete", "retention.ms": "604800000"}, 604_800),
        ({"cleanup.policy": "compact,delete", "retention.ms": "1500"}, 1.5),
        ({"cleanup.policy": "delete", "retention.ms": "-1"}, math.inf),
        ({"cleanup.policy": "compact", "retention.ms": "604800000"}, math.inf),
        ({}, math.inf),
    ],
)
def test_a_topic_removes_records_at_this_age(config: Mapping[str, str], seconds: float) -> None:
    assert retention_s(config) == seconds


def test_what_was_never_heard_is_absent_and_what_was_heard_stays_where_nobody_answers() -> None:
    registry = CollectorRegistry()
    state = TopicStateCollector()
    registry.register(state)
    assert registry.get_sample_value("reviews_topic_partitions", {"topic": TOPIC}) is None
    state.partitions_are(TOPIC, 6)
    state.retention_is(TOPIC, math.inf)
    # The question fails at once, and its thread ends with the context.
    nobody = KafkaSettings("127.0.0.1:1", kafka_property=("no.such.property=1",))
    with TopicFacts(nobody, TOPIC, state).asked_again_and_again():
        pass
    assert "topic facts" not in {thread.name for thread in threading.enumerate()}
    assert registry.get_sample_value("reviews_topic_partitions", {"topic": TOPIC}) == 6
    assert registry.get_sample_value("reviews_topic_retention_seconds", {"topic": TOPIC}) == math.inf
