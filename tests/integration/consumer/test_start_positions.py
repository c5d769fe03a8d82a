"""Where a group starts on a real broker: after the latest record, and in partitions that are added later."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from confluent_kafka.admin import AdminClient, NewPartitions

from consumer.scoring.batching import BatchLimits
from shared.errors import ConfigurationError
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.memory_records import review_value
from tests.support.stream_under_test import REQUEST_S, Coordinates, Deadline, KafkaStream, Member

pytestmark = pytest.mark.kafka


@pytest.fixture(params=["consumer", "classic"])
def stream(request: pytest.FixtureRequest, kafka: KafkaSettings, topics: TopicSettings) -> Iterator[KafkaStream]:
    # In the classic protocol it is the members who look for new partitions.
    soon = replace(kafka, kafka_property=("topic.metadata.refresh.interval.ms=500",))
    made = KafkaStream(soon, topics, request.param, start="latest")
    yield made
    made.leave_all()


def read(member: Member, count: int) -> list[Coordinates]:
    deadline = Deadline()
    found: list[Coordinates] = []
    while len(found) < count:
        found += [(record.partition(), record.offset()) for record in member.source.poll(BatchLimits(), 0.05)]
        deadline.check(f"{count} records arrive, {len(found)} did")
    return found


def await_assignment(member: Member, stream: KafkaStream) -> None:
    deadline = Deadline()
    while len(stream.members[id(member)].assigned()) < stream.topics.partitions:
        member.source.poll(BatchLimits(), 0.05)
        deadline.check("the partitions are assigned")


def test_a_new_group_that_starts_late_skips_what_is_there_and_nothing_after(stream: KafkaStream) -> None:
    stream.append(0, review_value("old"))
    first = stream.join()
    await_assignment(first, stream)
    stream.leave(first)
    stream.append(0, review_value("new"))
    stream.append(1, review_value("new"))
    assert sorted(read(stream.join(), 2)) == [(0, 1), (1, 0)]


def test_partitions_added_while_it_runs_are_read_from_their_first_record(stream: KafkaStream) -> None:
    member = stream.join()
    await_assignment(member, stream)
    admin = AdminClient(stream.kafka.client_config())
    admin.create_partitions([NewPartitions(stream.topics.input_topic, 4)])[stream.topics.input_topic].result(REQUEST_S)
    stream.append(3, review_value("early"))
    assert read(member, 1) == [(3, 0)]


def test_a_group_that_stands_behind_the_end_of_the_topic_is_refused(
    kafka: KafkaSettings, topics: TopicSettings
) -> None:
    stream = KafkaStream(kafka, topics)
    stream.append(0, review_value("r"))
    stream.stand_at(0, 99)
    member = stream.join()
    with pytest.raises(ConfigurationError, match="stands at 99"):
        read(member, 1)
    stream.leave_all()
