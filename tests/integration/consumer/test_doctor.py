"""`review-consumer doctor` on a system that is well, and with one thing broken after another."""

import json
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions

from consumer.__main__ import group
from consumer.commands.run_settings import RunSettings
from consumer.examining.finding import Status
from shared.command_line import run_command_line
from shared.dev_broker.ports import HOST, free_ports
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.examined import examined, telling
from tests.support.memory_records import MemoryRecord, review_value, reviews
from tests.support.processes import settings_in_environment
from tests.support.topic_writer import store

REQUEST_S = 30.0
# Further than a test takes, and nearer than what a broker refuses by default.
AHEAD_S = 1800
SECRET = "no-such-word"  # noqa: S105 - nobody's password

Doctor = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def doctor(
    kafka: KafkaSettings,
    topics: TopicSettings,
    small_model: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Doctor:
    """Runs the command with settings from the environment; returns its exit code and what it found."""
    environment = settings_in_environment(kafka, topics) | {"REVIEWS_MODEL": str(small_model)}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        code = run_command_line(group, ["doctor", "--json", "--within", "3m", *arguments])
        said = capsys.readouterr()
        assert SECRET not in said.out + said.err
        found: dict[str, Any] = json.loads(said.out)
        return code, found

    return run


@pytest.fixture
def admin(kafka: KafkaSettings) -> AdminClient:
    return AdminClient(kafka.client_config())


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that accepts and says nothing."""
    with socket.create_server((HOST, 0)) as listening:
        yield f"{HOST}:{listening.getsockname()[1]}"


@pytest.mark.kafka
def test_a_system_that_is_well_is_found_well_and_left_as_it_is(
    doctor: Doctor, admin: AdminClient, kafka: KafkaSettings, topics: TopicSettings
) -> None:
    store(kafka, topics.input_topic, reviews(1))
    before = (sorted(admin.list_topics(timeout=REQUEST_S).topics), group_names(admin))
    code, found = doctor("--group", topics.input_topic, "--delivery", "exactly-once", "-X", f"client.rack={SECRET}")
    # Other tests make topics and groups meanwhile: what counts is what bears our name.
    after = (sorted(admin.list_topics(timeout=REQUEST_S).topics), group_names(admin))
    assert [mine(names, topics) for names in before] == [mine(names, topics) for names in after]
    wrong = [check for check in found["checks"] if check["status"] not in {"passed", "warning"}]
    assert (code, wrong) == (0, [])
    assert [check["name"] for check in found["checks"]][:5] == ["config", "client", "DNS", "TCP", "TLS"]
    assert "REVIEWS_MODEL" in found["checks"][0]["notes"][0]["found"]


@pytest.mark.kafka
def test_people_see_each_check_numbered_and_a_verdict(
    doctor: Doctor, topics: TopicSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    doctor()
    assert run_command_line(group, ["doctor", "--within", "3m", "--group", topics.input_topic]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["1", "config"]
    assert "the stream can run" in lines[-1]


@pytest.mark.kafka
def test_what_is_broken_is_told_with_what_to_look_at_and_the_exit_code_is_1(
    doctor: Doctor, topics: TopicSettings, tmp_path: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEWS_GROPU", "a")
    flipped = shutil.copytree(small_model, tmp_path / "flipped")
    weights = bytearray((flipped / "weights.npy").read_bytes())
    weights[-1] ^= 1
    (flipped / "weights.npy").write_bytes(weights)
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        code, found = doctor(
            *("--model", str(flipped), "--metrics-port", str(port), "--output-topic", f"{topics.output_topic}.none")
        )
    checks = {check["name"]: check for check in found["checks"]}
    assert code == 1
    assert {name for name, check in checks.items() if check["status"] == "failed"} == {"topics", "port", "model"}
    assert "REVIEWS_GROUP," in checks["config"]["notes"][1]["fix"]
    assert "topics apply" in json.dumps(checks["topics"])
    assert "weights.npy" in json.dumps(checks["model"])
    assert "REVIEWS_METRICS_PORT" in json.dumps(checks["port"])
    assert checks["group"]["notes"][0]["found"] == "not made: it needs topics"


def test_settings_that_contradict_are_the_first_failure_and_nothing_else_is_looked_at(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = run_command_line(group, ["doctor", "--json", "--inflight-records-max", "10", "--batch-records-max", "20"])
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert code == 1
    assert checks[0]["status"] == "failed"
    assert "--inflight-records-max (10)" in checks[0]["notes"][0]["found"]
    assert {check["status"] for check in checks[1:]} == {"skipped"}


def test_a_property_that_the_client_does_not_know_is_told() -> None:
    kafka = KafkaSettings(bootstrap_servers=f"{HOST}:1", kafka_property=("no.such.property=1",))
    findings = examined(kafka, TopicSettings(), "DNS")
    assert [finding.status for finding in findings] == ["passed", "failed", "skipped"]
    assert "no.such.property" in findings[1].notes[0].found


def test_a_host_that_does_not_resolve_is_told_once_and_only_warned_of_beside_one_that_does(silent: str) -> None:
    topics = TopicSettings()
    nowhere = examined(KafkaSettings(bootstrap_servers="nowhere.invalid:9092"), topics, "TCP")
    assert [finding.status for finding in nowhere[2:]] == ["failed", "skipped"]
    assert "nowhere.invalid does not resolve" in nowhere[2].notes[0].found
    assert "REVIEWS_KAFKA_BOOTSTRAP_SERVERS" in nowhere[2].notes[0].fix
    both = examined(KafkaSettings(bootstrap_servers=f"nowhere.invalid,{silent}"), topics, "TCP")
    assert [finding.status for finding in both[2:]] == ["warning", "passed"]
    none = examined(KafkaSettings(bootstrap_servers=" , "), topics, "DNS")
    assert "no broker is named" in none[2].notes[0].found


def test_a_port_on_which_nobody_listens_is_told() -> None:
    (port,) = free_ports(1)
    findings = examined(KafkaSettings(bootstrap_servers=f"{HOST}:{port}"), TopicSettings(), "TLS")
    assert [finding.status for finding in findings[3:]] == ["failed", "skipped"]
    assert f"{HOST}:{port}: Connection refused" in findings[3].notes[0].found


@pytest.mark.parametrize("protocol", ["plaintext", "ssl"])
def test_a_server_that_accepts_and_says_nothing_is_told_in_time(silent: str, protocol: str) -> None:
    kafka = KafkaSettings(bootstrap_servers=silent, kafka_property=(f"security.protocol={protocol}",))
    findings = examined(kafka, TopicSettings(), "SASL")
    assert [finding.status for finding in findings[3:]] == ["passed", "failed", "skipped"]
    assert findings[4].notes[0].found == f"{silent} accepts and says nothing"


def test_all_checks_together_take_no_longer_than_allowed(silent: str) -> None:
    kafka = KafkaSettings(bootstrap_servers=silent)
    findings = examined(kafka, TopicSettings(), "TLS", "port", within_s=0.5)
    assert findings[4].status is Status.FAILED
    assert "no answer within" in findings[4].notes[0].found
    assert "--within" in findings[4].notes[0].fix
    assert sum(finding.seconds for finding in findings) < 30


@pytest.mark.kafka
def test_fewer_partitions_of_labels_and_a_group_that_retention_has_passed_are_told(
    kafka: KafkaSettings, topics: TopicSettings, admin: AdminClient
) -> None:
    name, place = f"{topics.input_topic}.group", TopicPartition(topics.input_topic, 0)
    store(kafka, topics.input_topic, reviews(5))
    committed = ConsumerGroupTopicPartitions(name, [TopicPartition(place.topic, 0, 2)])
    admin.alter_consumer_group_offsets([committed])[name].result(REQUEST_S)
    run = RunSettings(group=name)
    assert "group" not in telling(examined(kafka, topics, "group", run=run))
    admin.delete_records([TopicPartition(place.topic, 0, 4)])[place].result(REQUEST_S)
    admin.create_partitions([NewPartitions(topics.input_topic, topics.partitions + 1)])[topics.input_topic].result(
        REQUEST_S
    )
    told = telling(examined(kafka, topics, "group", run=run))
    assert "2 records of" in told["group"][0].found
    assert "kafka-consumer-groups" in told["group"][0].fix
    assert f"{topics.output_topic} has {topics.partitions} partitions" in told["topics"][0].found


@pytest.mark.kafka
def test_a_review_from_the_future_is_told(kafka: KafkaSettings, topics: TopicSettings) -> None:
    future = MemoryRecord(review_value("a lamp"), stamp_ms=round((time.time() + AHEAD_S) * 1000))
    store(kafka, topics.input_topic, [future])
    assert "from the future" in telling(examined(kafka, topics, "clock"))["clock"][0].found


@pytest.mark.kafka
def test_a_transaction_longer_than_the_broker_allows_is_told(kafka: KafkaSettings, topics: TopicSettings) -> None:
    run = RunSettings(delivery="exactly-once", transaction_timeout=100_000)
    told = telling(examined(kafka, topics, "broker", run=run))
    assert "REVIEWS_TRANSACTION_TIMEOUT" in told["broker"][0].fix


def group_names(admin: AdminClient) -> list[str]:
    return [each.group_id for each in admin.list_consumer_groups().result(REQUEST_S).valid]


def mine(names: list[str], topics: TopicSettings) -> list[str]:
    return [name for name in names if name.startswith(topics.input_topic.removesuffix(".reviews"))]
