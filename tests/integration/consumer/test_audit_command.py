"""`review-consumer audit` on topics that were filled by hand, right and wrong."""

import json
import time
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from consumer.__main__ import group
from shared.command_line import run_command_line
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.answers import by_model, labels_of, letter_of
from tests.support.memory_records import MemoryRecord, review_value
from tests.support.processes import Program, settings_in_environment
from tests.support.stream_under_test import Deadline
from tests.support.topic_writer import begin_transaction, put, store

pytestmark = pytest.mark.kafka

STAMP_MS = 1_700_000_000_000
COUNT = 10


class Stage:
    """Ten reviews in one partition, a command to look at them, and what it said."""

    def __init__(self, kafka: KafkaSettings, topics: TopicSettings, capsys: pytest.CaptureFixture[str]) -> None:
        self.kafka = kafka
        self.topics = topics
        self._capsys = capsys
        self.inputs = [
            MemoryRecord(review_value(f"r{number}"), 0, number, b"k", None, STAMP_MS + number, topics.input_topic)
            for number in range(COUNT)
        ]
        store(kafka, topics.input_topic, self.inputs)

    def label(self, *records: MemoryRecord) -> None:
        """Store the labels of some inputs."""
        store(self.kafka, self.topics.output_topic, labels_of(records))

    def audit(self, *arguments: str) -> tuple[int, Any]:
        """Return exit code and JSON output."""
        code = self.run("audit", "--json", *arguments)
        output, errors = self._capsys.readouterr()
        assert output, (code, errors)
        return code, json.loads(output)

    def refused(self, *arguments: str) -> tuple[int, str]:
        """Return exit code and what stood on stderr."""
        code = self.run("audit", *arguments)
        return code, self._capsys.readouterr().err

    def run(self, *arguments: str) -> int:
        """Run a command on these topics."""
        where = ["--bootstrap-servers", self.kafka.bootstrap_servers, "--input-topic", self.topics.input_topic]
        return run_command_line(group, [*arguments, *where, "--output-topic", self.topics.output_topic])


@pytest.fixture
def stage(kafka: KafkaSettings, topics: TopicSettings, capsys: pytest.CaptureFixture[str]) -> Stage:
    return Stage(kafka, topics, capsys)


def test_it_holds_where_every_input_has_one_answer(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.label(*stage.inputs[1:])
    store(stage.kafka, stage.topics.dead_letters, [letter_of(stage.inputs[0])])
    code, found = stage.audit()
    assert (code, found["holds"], found["inputs"], found["labelled"], found["dead_lettered"]) == (0, True, 10, 9, 1)
    assert found["ranges"] == {"0": [0, 10], "1": [0, 0], "2": [0, 0]}
    assert stage.run("audit") == 0
    output = capsys.readouterr()
    assert "✔ holds: 10 inputs = 9 labelled + 1 dead-lettered" in output.out
    assert "labels: 9 read in" in output.err


def test_it_does_not_hold_where_answers_are_missing_and_names_the_first_of_them(stage: Stage) -> None:
    code, found = stage.audit("--show", "2")
    assert (code, found["holds"], found["missing"]) == (1, False, 10)
    topic = stage.topics.input_topic
    assert found["examples"]["missing"] == [
        {"topic": topic, "partition": 0, "offset": 0},
        {"topic": topic, "partition": 0, "offset": 1},
    ]


def test_repeats_fail_and_those_under_the_same_id_may_be_allowed(stage: Stage) -> None:
    stage.label(*stage.inputs, stage.inputs[3])
    assert stage.audit()[0] == 1
    code, found = stage.audit("--allow-repeats")
    assert (code, found["repeated_same_id"], found["tolerated"]) == (0, 1, ["repeated_same_id"])
    label = by_model(labels_of(stage.inputs[:1])[0], "d2")
    store(stage.kafka, stage.topics.output_topic, [label])
    code, found = stage.audit("--allow-repeats")
    assert (code, found["repeated_other_id"]) == (1, 1)


def test_labels_of_an_aborted_transaction_are_no_answers(stage: Stage) -> None:
    producer = begin_transaction(stage.kafka)
    put(producer, stage.topics.output_topic, labels_of(stage.inputs))
    producer.flush()
    producer.abort_transaction()
    assert stage.audit()[1]["missing"] == COUNT
    stage.label(*stage.inputs)
    assert stage.audit()[0] == 0


def test_labels_whose_transaction_is_not_yet_decided_are_waited_for(stage: Stage) -> None:
    producer = begin_transaction(stage.kafka)
    put(producer, stage.topics.output_topic, labels_of(stage.inputs))
    producer.flush()
    with Program("consumer", ["audit"], settings_in_environment(stage.kafka, stage.topics)) as audit:
        deadline = Deadline()
        while not any("inputs: 10 read" in line for line in audit.said):
            assert audit.running(), audit.said
            deadline.check("the inputs were read")
            time.sleep(0.02)
        producer.commit_transaction()
        assert audit.wait() == 0, audit.output()


def test_with_a_group_only_what_it_has_committed_is_looked_at(stage: Stage) -> None:
    stage.label(*stage.inputs[:4])
    name = f"group-of-{stage.topics.input_topic}"
    assert stage.refused("--group", name)[0] == 78
    consumer = Consumer({"bootstrap.servers": stage.kafka.bootstrap_servers, "group.id": name})
    consumer.commit(offsets=[TopicPartition(stage.topics.input_topic, 0, 4)], asynchronous=False)
    consumer.close()
    assert stage.audit()[0] == 1
    code, found = stage.audit("--group", name)
    assert (code, found["inputs"], found["ranges"]["0"]) == (0, 4, [0, 4])
    assert stage.refused("--group", name, "--to", "0:3")[0] == 2


def test_a_part_is_cut_out_by_offset_and_by_time(stage: Stage) -> None:
    stage.label(*stage.inputs[3:7])
    assert stage.audit("--from", "0:3", "--to", "0:7")[0] == 0
    assert stage.audit("--from", "0:2", "--to", "0:7")[1]["missing"] == 1
    moments = ["--since", "2023-11-14T22:13:20.003Z", "--until", "2023-11-14T22:13:20.007Z"]
    code, found = stage.audit(*moments)
    assert (code, found["ranges"]["0"]) == (0, [3, 7])
    assert stage.audit("--until", "2000-01-01")[1]["inputs"] == 0


def test_what_retention_removed_is_no_input_and_can_not_be_asked_for(stage: Stage) -> None:
    stage.label(*stage.inputs[6:])
    admin = AdminClient({"bootstrap.servers": stage.kafka.bootstrap_servers})
    for future in admin.delete_records([TopicPartition(stage.topics.input_topic, 0, 6)]).values():
        future.result(30)
    code, found = stage.audit()
    assert (code, found["inputs"]) == (0, 4)
    code, said = stage.refused("--from", "0:5")
    assert code == 65
    assert "retention removed it; start at 0:6 or later" in said


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--from", "7:1"], 65, "has no partition 7"),
        (["--to", "0:11"], 65, "end at 0:10 or earlier"),
        (["--from", "0:1", "--from", "0:2"], 2, "named twice"),
        (["--from", "zero"], 2, "PARTITION:OFFSET"),
        (["--since", "yesterday"], 2, "ISO 8601"),
        (["--dead-letter-topic", "nobody-made-this"], 78, "there is no topic nobody-made-this"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_way_out(stage: Stage, arguments: list[str], code: int, words: str) -> None:
    found, said = stage.refused(*arguments)
    assert found == code
    assert words in said
