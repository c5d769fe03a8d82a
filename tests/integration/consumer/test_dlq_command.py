"""`review-consumer dlq` on dead letters as the consumer writes them."""

import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from consumer.__main__ import group
from consumer.kafka.range_reader import StoredMessage, open_reader
from consumer.kafka.topic_admin import TopicAdmin
from shared.command_line import run_command_line
from shared.errors import Reason
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings, TopicSpec
from tests.support.answers import letter_of
from tests.support.memory_records import MemoryRecord
from tests.support.topic_writer import store

pytestmark = pytest.mark.kafka

STAMP_MS = 1_700_000_000_000
PRIVATE = "a very private lamp"
REASONS = (Reason.NOT_JSON, Reason.SCHEMA, Reason.SCHEMA)


class Stage:
    """Three records that failed, their dead letters, and a command to look at them."""

    def __init__(self, kafka: KafkaSettings, topics: TopicSettings, capsys: pytest.CaptureFixture[str]) -> None:
        self.kafka = kafka
        self.topics = topics
        self._capsys = capsys
        values = [b"{ " + PRIVATE.encode(), b"\x00\xff\x1b[31m" + PRIVATE.encode(), None]
        self.failed = [
            MemoryRecord(value, 1, number, PRIVATE.encode(), [("x", b"1")], STAMP_MS + number, topics.input_topic)
            for number, value in enumerate(values)
        ]
        store(kafka, topics.input_topic, self.failed)
        letters = [letter_of(record, reason) for record, reason in zip(self.failed, REASONS, strict=True)]
        store(kafka, topics.dead_letters, letters)

    def run(self, *arguments: str) -> tuple[int, str]:
        """Return exit code and output of a `dlq` command."""
        where = ["--bootstrap-servers", self.kafka.bootstrap_servers, "--input-topic", self.topics.input_topic]
        code = run_command_line(group, ["dlq", *arguments, *where])
        said = self._capsys.readouterr()
        self.said = said.err
        return code, said.out

    def replay(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Return exit code and report of a replay."""
        code, output = self.run("replay", "--json", *arguments)
        return code, json.loads(output)

    def stored(self, topic: str, after: int = 3) -> Sequence[StoredMessage]:
        """Return what stands in a topic behind the first records."""
        with open_reader(self.kafka, topic) as reader:
            return [message for message in reader.read(reader.bounds()) if message.offset >= after]


@pytest.fixture
def stage(kafka: KafkaSettings, topics: TopicSettings, capsys: pytest.CaptureFixture[str]) -> Stage:
    return Stage(kafka, topics, capsys)


def test_a_list_says_where_and_why_and_never_what(stage: Stage) -> None:
    code, output = stage.run("list")
    assert code == 0
    assert "not_json" in output
    assert output.count(stage.topics.input_topic) == 3
    assert PRIVATE not in output
    code, output = stage.run("list", "--json")
    rows = [json.loads(line) for line in output.splitlines()]
    assert [(row["reason"], row["partition"], row["offset"]) for row in rows] == [
        ("not_json", 1, 0), ("schema", 1, 1), ("schema", 1, 2),
    ]  # fmt: skip
    assert rows[1]["size_bytes"] == 7 + len(PRIVATE)
    assert PRIVATE not in output


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (["--reason", "schema"], 2),
        (["--reason", "schema", "--reason", "not_json"], 3),
        (["--partition", "0"], 0),
        (["--partition", "1", "--offset", "1-2"], 2),
        (["--since", "2024-05-06T07:00:00Z", "--until", "2024-05-06T07:00:01Z"], 3),
        (["--since", "2024-05-07"], 0),
        (["--limit", "1"], 1),
    ],
)
def test_a_list_is_filtered(stage: Stage, arguments: list[str], count: int) -> None:
    code, output = stage.run("list", "--json", *arguments)
    assert (code, len(output.splitlines())) == (0, count)
    assert ("matches" in stage.said) is (count == 0)


def test_a_short_list_says_how_many_more_there_are(stage: Stage) -> None:
    assert "and 2 more" in stage.run("list", "--limit", "1")[1]


def test_one_dead_letter_is_shown_whole_and_what_a_terminal_would_obey_is_escaped(stage: Stage) -> None:
    code, output = stage.run("show", "0:0")
    assert code == 0
    assert "{ " + PRIVATE in output
    code, output = stage.run("show", "0:1")
    assert "00 ff 1b 5b" in output
    assert "\x1b" not in output
    assert "tombstone" in stage.run("show", "0:2")[1]
    found = json.loads(stage.run("show", "0:1", "--json")[1])
    assert base64.b64decode(found["value_base64"]) == stage.failed[1].content
    assert {"name": "x", "base64": "MQ=="} in found["headers"]


def test_raw_is_the_records_own_bytes(
    kafka: KafkaSettings, topics: TopicSettings, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    value = b"\x00\xff\r\n"
    store(kafka, topics.dead_letters, [letter_of(MemoryRecord(value, in_topic=topics.input_topic))])
    where = ["--bootstrap-servers", kafka.bootstrap_servers, "--input-topic", topics.input_topic]
    assert run_command_line(group, ["dlq", "show", "0:0", "--raw", *where]) == 0
    assert capfdbinary.readouterr().out == value


def test_a_place_without_a_dead_letter_is_refused(stage: Stage) -> None:
    for place, code in (("0:3", 65), ("5:0", 65), ("x", 2)):
        assert stage.run("show", place)[0] == code


def test_dead_letters_go_back_as_they_came_and_only_once(stage: Stage) -> None:
    code, report = stage.replay("--dry-run")
    assert (code, report["replayed"], report["dry_run"]) == (0, 3, True)
    assert stage.stored(stage.topics.input_topic) == []
    code, report = stage.replay("--limit", "1")
    assert (code, report["replayed"], report["failed"]) == (0, 1, 0)
    code, report = stage.replay()
    assert (code, report["replayed"], report["already_replayed"]) == (0, 2, 1)
    code, report = stage.replay()
    assert (code, report["replayed"], report["already_replayed"]) == (0, 0, 3)
    back = stage.stored(stage.topics.input_topic)
    assert [(message.partition, message.value, message.key, message.timestamp_ms) for message in back] == [
        (1, record.content, record.name, record.stamp_ms) for record in stage.failed
    ]
    assert [message.headers[0] for message in back] == [("x", b"1")] * 3
    assert dict(back[2].headers)["__dlq.replayed.offset"] == b"2"


def test_a_dead_letter_that_is_there_twice_goes_back_once(stage: Stage) -> None:
    store(stage.kafka, stage.topics.dead_letters, [letter_of(stage.failed[0], Reason.NOT_JSON)])
    _, report = stage.replay("--reason", "not_json")
    assert (report["replayed"], report["already_replayed"], report["filtered"]) == (1, 1, 2)


def test_after_retention_a_dead_letter_is_held_back_unless_asked_for(stage: Stage) -> None:
    store(stage.kafka, stage.topics.input_topic, [MemoryRecord(b"later", 1)])
    admin = AdminClient({"bootstrap.servers": stage.kafka.bootstrap_servers})
    for future in admin.delete_records([TopicPartition(stage.topics.input_topic, 1, 2)]).values():
        future.result(30)
    _, report = stage.replay()
    assert (report["replayed"], report["unverifiable"]) == (2, 1)
    code, output = stage.run("replay")
    assert code == 0
    assert "1 held back" in output
    _, report = stage.replay("--unverifiable")
    assert (report["replayed"], report["already_replayed"]) == (1, 2)


def test_another_topic_takes_them_once_too(stage: Stage) -> None:
    name = f"{stage.topics.input_topic}.fixed"
    TopicAdmin(stage.kafka).create([TopicSpec(name, 2, 1)])
    for replayed in (3, 0):
        code, report = stage.replay("--to", name)
        assert (code, report["topic"], report["replayed"]) == (0, name, replayed)
    assert len(stage.stored(name, 0)) == 3


def test_what_the_topic_refuses_has_failed_and_the_exit_code_says_so(stage: Stage) -> None:
    name = f"{stage.topics.input_topic}.small"
    TopicAdmin(stage.kafka).create([TopicSpec(name, 1, 1, {"max.message.bytes": "200"})])
    code, report = stage.replay("--to", name)
    assert (code, report["replayed"], report["failed"]) == (1, 0, 3)
    assert {failure["error"] for failure in report["failures"]} == {"MSG_SIZE_TOO_LARGE"}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["list", "--reason", "bad-luck"], 2, "too_large"),
        (["list", "--dead-letter-topic", "nobody-made-this"], 78, "there is no topic nobody-made-this"),
        (["replay", "--to", "nobody-made-this"], 78, "there is no topic nobody-made-this"),
        (["replay", "--offset", "9-x"], 2, "10-20"),
        (["replay", "--reason", "scoring_failed"], 0, "no dead letter matches"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_way_out(stage: Stage, arguments: list[str], code: int, words: str) -> None:
    assert stage.run(*arguments)[0] == code
    assert words in stage.said


def test_the_dead_letter_topic_itself_takes_none(stage: Stage) -> None:
    assert stage.run("replay", "--to", stage.topics.dead_letters)[0] == 2
