"""`review-consumer lag` on topics and groups that were put where they are by hand."""

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from consumer.__main__ import group
from shared.command_line import run_command_line
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.memory_records import MemoryRecord, review_value
from tests.support.stamped_reviews import NO_TIME_STAMP_MS, publish_stamped
from tests.support.stream_under_test import Deadline
from tests.support.topic_writer import begin_transaction, put, store, wait_until_decided

pytestmark = pytest.mark.kafka

REQUEST_S = 30.0
AGE_S = 100


class Stage:
    """A topic of three partitions, a group that is moved by hand, and what the command says of them."""

    def __init__(self, kafka: KafkaSettings, topics: TopicSettings, capsys: pytest.CaptureFixture[str]) -> None:
        self.kafka = kafka
        self.topic = topics.input_topic
        self.group = f"lag-{uuid.uuid4().hex[:10]}"
        self._capsys = capsys

    def records(self, partition: int, count: int) -> list[MemoryRecord]:
        """Return records whose time stamps lie a known time ago."""
        stamp_ms = round((time.time() - AGE_S) * 1000)
        return [
            MemoryRecord(review_value(f"{number}"), partition, number, b"k", None, stamp_ms, self.topic)
            for number in range(count)
        ]

    def fill(self, partition: int, count: int) -> None:
        """Store such records."""
        store(self.kafka, self.topic, self.records(partition, count))

    def stand_at(self, offsets: dict[int, int]) -> None:
        """Let the group commit without being a member."""
        consumer = Consumer(self.kafka.client_config() | {"group.id": self.group})
        places = [TopicPartition(self.topic, number, offset) for number, offset in offsets.items()]
        consumer.commit(offsets=places, asynchronous=False)
        consumer.close()

    @contextmanager
    def member(self, protocol: str) -> Iterator[None]:
        """Give the group a member that holds all partitions."""
        config = {"group.id": self.group, "group.protocol": protocol, "client.id": "a-member"}
        consumer = Consumer(self.kafka.client_config() | config)
        consumer.subscribe([self.topic])
        deadline = Deadline()
        while len(consumer.assignment()) < 3:
            deadline.check("three partitions")
            consumer.poll(0.1)
        yield
        consumer.close()

    def lag(self, *arguments: str) -> tuple[int, Any]:
        """Return exit code and JSON output."""
        code, output, errors = self.run("--json", *arguments)
        assert output, (code, errors)
        return code, json.loads(output)

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Return exit code, standard output and standard error."""
        where = ["--bootstrap-servers", self.kafka.bootstrap_servers, "--input-topic", self.topic]
        code = run_command_line(group, ["lag", *where, "--group", self.group, *arguments])
        said = self._capsys.readouterr()
        return code, said.out, said.err


@pytest.fixture
def stage(kafka: KafkaSettings, topics: TopicSettings, capsys: pytest.CaptureFixture[str]) -> Stage:
    return Stage(kafka, topics, capsys)


def column(found: dict[str, Any], name: str) -> list[Any]:
    return [one[name] for one in found["partitions"]]


def test_a_group_that_does_not_run_has_its_backlog_counted_in_every_partition(stage: Stage) -> None:
    for partition, count in enumerate((10, 3, 5)):
        stage.fill(partition, count)
    stage.stand_at({0: 4, 2: 5})
    code, found = stage.lag()
    assert (code, found["state"], found["members"], found["records"]) == (0, "empty", 0, 9)
    assert column(found, "records") == [6, 3, 0]
    assert column(found, "committed") == [4, None, 5]
    assert column(found, "client") == [None, None, None]
    oldest_s = found["seconds"]
    assert AGE_S <= oldest_s < AGE_S + REQUEST_S
    assert column(found, "seconds")[2] == 0


def test_limits_decide_the_exit_code_and_the_table_says_why(stage: Stage) -> None:
    stage.fill(0, 10)
    stage.stand_at({0: 4})
    assert stage.lag("--max-records", "6")[0] == 0
    assert stage.lag("--max-records", "5")[0] == 1
    assert stage.lag("--max-seconds", "1000")[0] == 0
    code, output, _ = stage.run("--max-seconds", "1")
    assert code == 1
    assert "✘ not within 1 s" in output
    assert "6 records not done" in output


def test_a_record_without_a_time_stamp_has_no_age_and_so_no_limit_is_kept(stage: Stage, kafka: KafkaSettings) -> None:
    stored = publish_stamped(kafka.bootstrap_servers, stage.topic, [review_value("r")], [NO_TIME_STAMP_MS])
    assert stored == [NO_TIME_STAMP_MS]
    stage.stand_at(dict.fromkeys(range(3), 0))
    code, found = stage.lag("--max-seconds", "1000000")
    assert (code, found["records"], found["seconds"]) == (1, 1, None)


def test_markers_of_transactions_and_aborted_records_are_no_backlog(stage: Stage, kafka: KafkaSettings) -> None:
    producer = begin_transaction(kafka)
    put(producer, stage.topic, stage.records(0, 4))
    producer.commit_transaction()
    producer.begin_transaction()
    put(producer, stage.topic, stage.records(1, 4))
    producer.flush(REQUEST_S)
    producer.abort_transaction()
    wait_until_decided(kafka, stage.topic)
    stage.stand_at({0: 4, 1: 0})
    code, found = stage.lag("--max-records", "0", "--max-seconds", "0")
    assert (code, found["records"], found["seconds"]) == (0, 0, 0)
    assert column(found, "end") == [5, 5, 0]


def test_records_of_an_open_transaction_are_named_apart(stage: Stage, kafka: KafkaSettings) -> None:
    stage.fill(0, 2)
    stage.stand_at({0: 1})
    producer = begin_transaction(kafka)
    put(producer, stage.topic, stage.records(0, 4))
    producer.flush(REQUEST_S)
    _, found = stage.lag()
    producer.abort_transaction()
    assert (column(found, "records"), column(found, "undecided")) == ([1, 0, 0], [4, 0, 0])


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_who_holds_a_partition_is_told(stage: Stage, protocol: str) -> None:
    with stage.member(protocol):
        code, found = stage.lag()
        _, output, _ = stage.run()
    assert (code, found["state"], found["members"]) == (0, "stable", 1)
    assert column(found, "client") == ["a-member"] * 3
    assert "a-member on " in output
    assert "caught up: no record waits" in output


def test_what_retention_removed_and_a_place_behind_the_end_are_told(stage: Stage, kafka: KafkaSettings) -> None:
    stage.fill(0, 10)
    stage.stand_at({0: 4, 1: 50})
    admin = AdminClient(kafka.client_config())
    for removed in admin.delete_records([TopicPartition(stage.topic, 0, 7)]).values():
        removed.result(REQUEST_S)
    code, found = stage.lag("--max-records", "1000")
    assert (column(found, "gone"), column(found, "records")) == ([3, 0, 0], [3, None, 0])
    assert (code, found["records"]) == (1, None)
    _, output, _ = stage.run()
    assert "3 removed by retention" in output


def test_a_group_or_a_topic_that_is_not_there_is_refused_with_the_setting_that_names_it(stage: Stage) -> None:
    code, _, said = stage.run()
    assert code == 78
    assert "REVIEWS_GROUP" in said
    code, _, said = stage.run("--input-topic", "nowhere")
    assert code == 78
    assert "REVIEWS_INPUT_TOPIC" in said


def test_watching_ends_as_soon_as_the_limit_is_kept(stage: Stage) -> None:
    stage.fill(0, 3)
    stage.stand_at({0: 3})
    code, output, _ = stage.run("--watch", "--max-records", "0")
    assert code == 0
    assert "0 records, 0.0 s behind" in output
