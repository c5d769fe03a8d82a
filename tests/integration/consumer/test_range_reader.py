"""What a topic holds between offsets: transactions, gaps and ends as a real broker has them."""

from datetime import UTC, datetime
from itertools import chain

import pytest

from consumer.kafka.range_reader import open_reader
from shared.errors import ConfigurationError
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.memory_records import MemoryRecord, reviews
from tests.support.topic_writer import begin_transaction, put, store, wait_until_decided

pytestmark = pytest.mark.kafka

STAMP_MS = 1_700_000_000_000


def places(kafka: KafkaSettings, topic: str, ranges: dict[int, tuple[int, int]] | None = None) -> list[tuple[int, int]]:
    with open_reader(kafka, topic) as reader:
        stored = reader.read(ranges or reader.bounds())
        return sorted((message.partition, message.offset) for message in stored)


def test_exactly_the_range_is_read_from_each_partition(kafka: KafkaSettings, topics: TopicSettings) -> None:
    store(kafka, topics.input_topic, chain(reviews(5), reviews(3, 1)))
    assert len(places(kafka, topics.input_topic)) == 8
    ranges = {0: (1, 3), 1: (3, 3), 2: (0, 0)}
    assert places(kafka, topics.input_topic, ranges) == [(0, 1), (0, 2)]


def test_aborted_records_are_not_read_and_markers_at_the_end_do_not_keep_it_waiting(
    kafka: KafkaSettings, topics: TopicSettings
) -> None:
    for commit in (True, False):
        producer = begin_transaction(kafka)
        put(producer, topics.input_topic, reviews(2))
        if commit:
            producer.commit_transaction()
        else:
            producer.flush()
            producer.abort_transaction()
        wait_until_decided(kafka, topics.input_topic)
    with open_reader(kafka, topics.input_topic) as reader:
        assert reader.bounds()[0] == (0, 6)
    assert places(kafka, topics.input_topic) == [(0, 0), (0, 1)]


@pytest.mark.parametrize("commit", [True, False])
def test_who_reads_to_the_written_end_waits_for_what_becomes_of_an_open_transaction(
    kafka: KafkaSettings,
    topics: TopicSettings,
    commit: bool,  # noqa: FBT001
) -> None:
    store(kafka, topics.input_topic, reviews(1))
    producer = begin_transaction(kafka)
    put(producer, topics.input_topic, reviews(2))
    producer.flush()
    with open_reader(kafka, topics.input_topic) as reader:
        assert reader.bounds()[0] == (0, 1)
        assert reader.written_bounds()[0] == (0, 3)
        stored = reader.read(reader.written_bounds())
        assert next(stored).offset == 0
        if commit:
            producer.commit_transaction()
        else:
            producer.abort_transaction()
        assert [message.offset for message in stored] == ([1, 2] if commit else [])


def test_a_reader_takes_one_range_after_another(kafka: KafkaSettings, topics: TopicSettings) -> None:
    store(kafka, topics.input_topic, reviews(5000))
    with open_reader(kafka, topics.input_topic) as reader:
        for start, end in ((0, 10), (4990, 5000), (5, 8)):
            assert [message.offset for message in reader.read({0: (start, end)})] == [*range(start, end)]


def test_a_moment_is_the_first_record_that_is_not_older(kafka: KafkaSettings, topics: TopicSettings) -> None:
    store(kafka, topics.input_topic, [MemoryRecord(b"", stamp_ms=STAMP_MS + 1000 * number) for number in range(3)])
    with open_reader(kafka, topics.input_topic) as reader:
        for second, offset in ((-5, 0), (1, 1), (2, 2), (3, 3)):
            moment = datetime.fromtimestamp(STAMP_MS / 1000 + second, UTC)
            assert reader.offsets_at(moment) == {0: offset, 1: 0, 2: 0}


def test_a_topic_that_is_not_there_is_named_with_the_settings_that_name_it(kafka: KafkaSettings) -> None:
    with open_reader(kafka, "nobody-made-this") as reader, pytest.raises(ConfigurationError, match="nobody-made-this"):
        reader.bounds()
