"""The stream as its users meet it: whole processes on a real broker, checked with another client library."""

import json
import urllib.request
from pathlib import Path

import pytest

from shared.dev_broker.choice import DevBroker
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.independent_reader import LabelCount, read_everything
from tests.support.processes import Program, settings_in_environment
from tests.support.reviews import publish, review_values

pytestmark = pytest.mark.kafka


@pytest.fixture
def environment(kafka: KafkaSettings, topics: TopicSettings, small_model: Path) -> dict[str, str]:
    return settings_in_environment(kafka, topics) | {
        "REVIEWS_MODEL": str(small_model),
        "REVIEWS_GROUP": topics.input_topic,
        # A killed member is missed after this long; the newer protocol leaves that to the broker.
        "REVIEWS_GROUP_PROTOCOL": "classic",
    }


def test_replayed_reviews_are_labelled_and_nothing_is_lost(
    kafka_broker: DevBroker, topics: TopicSettings, environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "reviews.jsonl"
    file.write_bytes(b"\n".join(review_values(2000)) + b"\n")
    with Program("producer", ["replay", str(file), "--json"], environment) as producer:
        assert producer.wait() == 0
        assert json.loads(producer.output())["acknowledged"] == 2000
    with Program("consumer", ["run", "--until-caught-up"], environment) as consumer:
        assert consumer.wait() == 0, consumer.said
    found = read_everything(kafka_broker.bootstrap_servers, topics)
    assert len(found.inputs) == 2000
    assert (found.missing, found.repeated, len(found.dead_letters)) == (set(), 0, 0)
    assert {"positive", "negative"} <= set(found.labels.values()) <= {"positive", "neutral", "negative"}


def test_labels_keep_the_order_of_their_reviews(
    kafka: KafkaSettings, kafka_broker: DevBroker, topics: TopicSettings, environment: dict[str, str]
) -> None:
    publish(kafka, topics.input_topic, review_values(3000))
    with Program("consumer", ["run", "--until-caught-up", "--batch-records-max", "100"], environment) as consumer:
        assert consumer.wait() == 0, consumer.said
    order = read_everything(kafka_broker.bootstrap_servers, topics).order
    assert sum(map(len, order.values())) == 3000
    assert all(offsets == sorted(offsets) for offsets in order.values())


def test_unreadable_records_become_dead_letters_and_their_neighbours_are_labelled(
    kafka: KafkaSettings, kafka_broker: DevBroker, topics: TopicSettings, environment: dict[str, str]
) -> None:
    poison = [b"{", b"[]", b'{"text": "no id"}', b"", b'{"review_id": "r", "text": "\xff"}', b"{" * 5000]
    publish(kafka, topics.input_topic, [*review_values(500), *poison, *review_values(500, first=500)])
    with Program("consumer", ["run", "--until-caught-up"], environment) as consumer:
        assert consumer.wait() == 0, consumer.said
    found = read_everything(kafka_broker.bootstrap_servers, topics)
    assert (len(found.label_ids), len(found.dead_letters), found.missing) == (1000, len(poison), set())
    assert sorted(found.reasons.values()) == ["empty_value", "encoding", "not_json", "not_json", "schema", "schema"]


def test_a_killed_consumer_loses_nothing_and_repeats_carry_the_same_ids(
    kafka: KafkaSettings, kafka_broker: DevBroker, topics: TopicSettings, environment: dict[str, str]
) -> None:
    publish(kafka, topics.input_topic, review_values(20_000))
    # A round trip to the broker for every few: there is time to look how far it has come.
    environment |= {"REVIEWS_BATCH_RECORDS_MAX": "20", "REVIEWS_INFLIGHT_RECORDS_MAX": "20"}
    labelled = LabelCount(kafka_broker.bootstrap_servers, topics)
    with Program("consumer", ["run"], environment) as consumer:
        labelled.wait_for(1000)
        consumer.kill()
    assert labelled.now() < 20_000, "it was killed in the middle"
    publish(kafka, topics.input_topic, review_values(1000, first=20_000))
    with Program("consumer", ["run", "--until-caught-up"], environment) as consumer:
        assert consumer.wait() == 0, consumer.said
    found = read_everything(kafka_broker.bootstrap_servers, topics)
    assert len(found.inputs) == 21_000
    assert (found.missing, found.conflicting) == (set(), set())


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_stopped_consumer_leaves_with_0_and_the_next_one_repeats_nothing(
    kafka: KafkaSettings,
    kafka_broker: DevBroker,
    topics: TopicSettings,
    environment: dict[str, str],
    protocol: str,
) -> None:
    environment["REVIEWS_GROUP_PROTOCOL"] = protocol
    publish(kafka, topics.input_topic, review_values(20_000))
    with Program("consumer", ["run"], environment) as consumer:
        consumer.wait_for("partitions_assigned")
        assert consumer.stop() == 0, consumer.said
    with Program("consumer", ["run", "--until-caught-up"], environment) as consumer:
        assert consumer.wait() == 0, consumer.said
    found = read_everything(kafka_broker.bootstrap_servers, topics)
    assert (found.missing, found.repeated) == (set(), 0)


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_partitions_move_to_a_second_member_without_loss_or_repeats(
    kafka: KafkaSettings,
    kafka_broker: DevBroker,
    topics: TopicSettings,
    environment: dict[str, str],
    protocol: str,
) -> None:
    environment["REVIEWS_GROUP_PROTOCOL"] = protocol
    with Program("consumer", ["run"], environment) as first:
        first.wait_for("partitions_assigned")
        publish(kafka, topics.input_topic, review_values(5000))
        with Program("consumer", ["run"], environment) as second:
            first.wait_for("partitions_revoked")
            while second.wait_for("partitions_assigned")["held"] == 0:
                pass
            publish(kafka, topics.input_topic, review_values(5000, first=5000))
            assert second.stop() == 0, second.said
        assert first.stop() == 0, first.said
    with Program("consumer", ["run", "--until-caught-up"], environment) as last:
        assert last.wait() == 0, last.said
    found = read_everything(kafka_broker.bootstrap_servers, topics)
    assert len(found.inputs) == 10_000
    assert (found.missing, found.repeated) == (set(), 0)


def test_a_stop_asked_for_while_it_starts_is_no_crash(environment: dict[str, str]) -> None:
    with Program("consumer", ["run"], environment) as consumer:
        consumer.wait_for("started")
        assert consumer.stop() == 0, consumer.said


def test_metrics_and_probes_answer_while_it_runs(
    kafka: KafkaSettings, topics: TopicSettings, environment: dict[str, str]
) -> None:
    publish(kafka, topics.input_topic, review_values(100))
    with Program("consumer", ["run"], environment) as consumer:
        port = consumer.wait_for("started")["metrics_port"]
        consumer.wait_for("partitions_assigned")
        for path in ("/livez", "/readyz"):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                assert answer.read() == b"ok\n"
        assert consumer.stop() == 0
