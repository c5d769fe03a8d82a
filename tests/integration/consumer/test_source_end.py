"""The end of a topic where the last offsets hold no records."""

import uuid

import pytest
from confluent_kafka import Producer

from consumer.kafka.group import ReadTo
from consumer.scoring.batching import BatchLimits
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.memory_records import review_value
from tests.support.stream_under_test import REQUEST_S, Deadline, KafkaStream
from tests.support.topic_writer import wait_until_decided

pytestmark = pytest.mark.kafka


def test_the_end_is_reached_behind_transaction_markers_and_aborted_records(
    kafka: KafkaSettings, topics: TopicSettings
) -> None:
    producer = Producer(kafka.client_config() | {"transactional.id": f"end-{uuid.uuid4().hex[:8]}"})
    producer.init_transactions(REQUEST_S)
    for finish in (producer.commit_transaction, producer.abort_transaction):
        producer.begin_transaction()
        for number in range(3):
            producer.produce(topics.input_topic, review_value(f"r{number}"), partition=0)
        producer.flush(REQUEST_S)
        finish(REQUEST_S)
    wait_until_decided(kafka, topics.input_topic)
    stream = KafkaStream(kafka, topics)
    source = stream.join(ReadTo.END).source
    try:
        deadline = Deadline()
        found: list[int | None] = []
        while not source.exhausted():
            found += [record.offset() for record in source.poll(BatchLimits(), 0.05)]
            deadline.check("the source is exhausted")
        assert found == [0, 1, 2]
    finally:
        stream.leave_all()
