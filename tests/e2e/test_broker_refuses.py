"""What the broker does not grant or no longer has ends `run` with what to do, never with silence."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from consumer.kafka.topic_admin import TopicAdmin
from shared.dev_broker.jars import local_kafka_obstacle
from shared.dev_broker.local_kafka import LocalKafka
from shared.errors import ConfigurationError
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.processes import Program, settings_in_environment
from tests.support.reviews import publish, review_values

pytestmark = pytest.mark.kafka

OBSTACLE = local_kafka_obstacle()
REQUEST_S = 30.0
# A broker that is strict about transactions and knows the older group protocol only.
STRICT_AND_OLD = {
    "group.coordinator.rebalance.protocols": "classic",
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "true",
}


@pytest.fixture(scope="module")
def strict() -> Iterator[KafkaSettings]:
    """A broker of its own, with topics."""
    if OBSTACLE is not None and not os.environ.get("CI"):
        pytest.skip(f"local Kafka can't run: {OBSTACLE}")
    with LocalKafka(extra_settings=STRICT_AND_OLD) as broker:
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
        TopicAdmin(kafka).create(TopicSettings(partitions=1).specs())
        yield kafka


def environment(kafka: KafkaSettings, topics: TopicSettings, model: Path, **settings: str) -> dict[str, str]:
    """Return what a consumer is told; its group is named after the topic."""
    named = {f"REVIEWS_{name.upper()}": value for name, value in settings.items()}
    group = {"REVIEWS_MODEL": str(model), "REVIEWS_GROUP": topics.input_topic}
    return settings_in_environment(kafka, topics) | group | named


def test_a_broker_too_old_for_the_group_protocol_is_told_with_the_way_out(
    strict: KafkaSettings, small_model: Path
) -> None:
    told = environment(strict, TopicSettings(partitions=1), small_model, group_protocol="consumer")
    with Program("consumer", ["run"], told) as consumer:
        assert consumer.wait() == ConfigurationError.exit_code
        assert "--group-protocol classic works on older ones" in "\n".join(consumer.said)


def test_a_transactional_id_without_rights_is_told_with_the_right_to_grant(
    strict: KafkaSettings, small_model: Path
) -> None:
    topics = TopicSettings(partitions=1)
    denied = AclBinding(
        ResourceType.TRANSACTIONAL_ID, f"{topics.input_topic}-a", ResourcePatternType.LITERAL, "User:*", "*",
        AclOperation.ALL, AclPermissionType.DENY,
    )  # fmt: skip
    admin = AdminClient({"bootstrap.servers": strict.bootstrap_servers})
    admin.create_acls([denied])[denied].result(REQUEST_S)
    settings = {"group_protocol": "classic", "delivery": "exactly-once", "instance": "a"}
    with Program("consumer", ["run"], environment(strict, topics, small_model, **settings)) as consumer:
        assert consumer.wait() == ConfigurationError.exit_code
        said = "\n".join(consumer.said)
    assert "TRANSACTIONAL_ID_AUTHORIZATION_FAILED" in said
    assert "grant Write and Describe on the transactional id" in said


@pytest.mark.parametrize("delivery", ["at-least-once", "exactly-once"])
@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_an_input_topic_deleted_while_it_is_read_ends_the_consumer(
    kafka: KafkaSettings, topics: TopicSettings, small_model: Path, protocol: str, delivery: str
) -> None:
    publish(kafka, topics.input_topic, review_values(100))
    told = environment(kafka, topics, small_model, group_protocol=protocol, delivery=delivery)
    # The older protocol's members look for changes of a topic by themselves, every ten seconds or more.
    quick = ["-X", "topic.metadata.refresh.interval.ms=1000", "-X", "topic.metadata.propagation.max.ms=2000"]
    with Program("consumer", ["run", *quick], told) as consumer:
        consumer.wait_for("partitions_assigned")
        admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
        admin.delete_topics([topics.input_topic])[topics.input_topic].result(REQUEST_S)
        assert consumer.wait() == ConfigurationError.exit_code, consumer.said
        # Told by whoever notices first: the consumer, or a transaction that commits offsets in it.
        reason = "\n".join(consumer.said).partition("error: ")[2]
    assert topics.input_topic in reason
    assert "`review-consumer topics apply` makes" in reason


def test_an_output_topic_with_fewer_partitions_is_warned_about_once_and_written_to(
    kafka: KafkaSettings, topics: TopicSettings, small_model: Path
) -> None:
    narrow = TopicSettings(
        topics.input_topic, f"{topics.output_topic}-narrow", topics.dead_letters, partitions=topics.partitions
    )
    _, output, _ = TopicSettings(output_topic=narrow.output_topic, partitions=1).specs()
    TopicAdmin(kafka).create([output])
    publish(kafka, narrow.input_topic, review_values(100))
    with Program("consumer", ["run", "--until-caught-up"], environment(kafka, narrow, small_model)) as consumer:
        warning = consumer.wait_for("output_has_fewer_partitions")
        stopped = consumer.wait_for("stopped")
        assert consumer.wait() == 0
    assert (warning["input_partitions"], warning["output_partitions"]) == (3, 1)
    assert stopped["labelled"] == 100
