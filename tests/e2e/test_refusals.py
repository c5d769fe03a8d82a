"""What can't work is refused: one clear message, the setting's name, an exit code by group."""

import shutil
import socket
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from shared.dev_broker.choice import DevBroker
from shared.dev_broker.ports import free_ports
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.processes import Program, settings_in_environment
from tests.support.reviews import publish, review_values


def refused(arguments: list[str], environment: dict[str, str]) -> tuple[int, str]:
    with Program("consumer", arguments, environment) as program:
        return program.wait(), "\n".join(program.said)


def test_no_broker_is_said_once_and_given_up_after_the_deadline(small_model: Path) -> None:
    (port,) = free_ports(1)
    code, said = refused(
        ["run", "--broker-wait-s-max", "2", "--bootstrap-servers", f"127.0.0.1:{port}"],
        {"REVIEWS_MODEL": str(small_model)},
    )
    assert code == 69
    assert said.count("waiting_for_broker") == 1
    assert "REVIEWS_KAFKA_BOOTSTRAP_SERVERS" in said
    assert "Traceback" not in said


def test_a_stop_while_it_still_waits_for_a_broker_ends_it_with_0(small_model: Path) -> None:
    (port,) = free_ports(1)
    arguments = ["run", "--bootstrap-servers", f"127.0.0.1:{port}"]
    with Program("consumer", arguments, {"REVIEWS_MODEL": str(small_model)}) as consumer:
        consumer.wait_for("waiting_for_broker")
        assert consumer.stop() == 0, consumer.said


@pytest.mark.parametrize("command", [["audit"], ["lag"], ["dlq", "list"], ["dlq", "show", "0:0"], ["dlq", "replay"]])
def test_looking_from_outside_gives_up_on_a_broker_that_is_away(command: list[str]) -> None:
    (port,) = free_ports(1)
    code, said = refused([*command, "--broker-wait-s-max", "1", "--bootstrap-servers", f"127.0.0.1:{port}"], {})
    assert code == 69
    assert "REVIEWS_KAFKA_BOOTSTRAP_SERVERS" in said
    assert "Traceback" not in said


def test_no_model_is_said_with_the_way_to_make_one(tmp_path: Path) -> None:
    code, said = refused(["run", "--model", str(tmp_path / "none")], {})
    assert code == 78
    assert "manifest.json" in said
    assert "review-consumer train" in said


def test_a_tampered_model_is_refused_with_both_digests(small_model: Path, tmp_path: Path) -> None:
    model = shutil.copytree(small_model, tmp_path / "model")
    weights = model / "weights.npy"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    code, said = refused(["run", "--model", str(model)], {})
    assert code == 78
    assert "weights.npy" in said
    assert said.count("sha256") == 2


@pytest.mark.kafka
def test_missing_topics_are_named(kafka: KafkaSettings, small_model: Path) -> None:
    topics = TopicSettings(input_topic="nobody-made-this")
    environment = settings_in_environment(kafka, topics) | {"REVIEWS_MODEL": str(small_model)}
    code, said = refused(["run"], environment)
    assert code == 78
    assert "nobody-made-this.dlq" in said
    assert "topics apply" in said


@pytest.mark.kafka
def test_a_taken_metrics_port_names_the_setting(kafka: KafkaSettings, topics: TopicSettings, small_model: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment = settings_in_environment(kafka, topics) | {
            "REVIEWS_MODEL": str(small_model),
            "REVIEWS_METRICS_PORT": str(taken.getsockname()[1]),
        }
        code, said = refused(["run"], environment)
    assert code == 78
    assert "REVIEWS_METRICS_PORT" in said


@pytest.mark.kafka
def test_an_offset_that_retention_removed_is_an_error_that_counts_the_loss(
    kafka: KafkaSettings, kafka_broker: DevBroker, topics: TopicSettings, small_model: Path
) -> None:
    environment = settings_in_environment(kafka, topics) | {
        "REVIEWS_MODEL": str(small_model),
        "REVIEWS_GROUP": topics.input_topic,
    }
    publish(kafka, topics.input_topic, review_values(300))
    with Program("consumer", ["run", "--until-caught-up"], environment) as consumer:
        assert consumer.wait() == 0, consumer.said
    publish(kafka, topics.input_topic, review_values(300))
    admin = AdminClient({"bootstrap.servers": kafka_broker.bootstrap_servers})
    for future in admin.delete_records([TopicPartition(topics.input_topic, p, -1) for p in range(3)]).values():
        future.result(30)
    code, said = refused(["run"], environment)
    assert code == 78
    assert "gone before they were labelled" in said


def test_a_bound_smaller_than_a_batch_is_refused_before_anything_starts(small_model: Path) -> None:
    code, said = refused(["run", "--inflight-records-max", "10", "--model", str(small_model)], {})
    assert code == 78
    assert "--batch-records-max" in said


def test_an_unknown_property_of_the_client_is_refused(small_model: Path) -> None:
    code, said = refused(["run", "-X", "no.such.property=1", "--model", str(small_model)], {})
    assert code == 78
    assert "no.such.property" in said
