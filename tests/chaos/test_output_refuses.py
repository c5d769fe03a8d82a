"""The broker takes no labels, or no dead letters: the consumer stops, and nothing is lost once the topic is mended."""

import pytest
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourcePatternType,
    ResourceType,
)

from consumer.kafka.topic_admin import TopicAdmin
from shared.errors import ConfigurationError
from tests.support.breakable import Breakable, Finish
from tests.support.experiment import REQUEST_S, Experiment, Setting
from tests.support.invariants import Case
from tests.support.reviews import publish, review_values
from tests.support.ways import DELIVERIES

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.parametrize("delivery", DELIVERIES)]

REVIEWS = 2000
# Enough for the marker that ends a transaction, not for a label.
TOO_SMALL_BYTES = 150


def test_labels_that_are_too_large_for_their_topic_stop_the_consumer(
    direct: Setting, finish: Finish, delivery: str
) -> None:
    with Experiment(Case("labels too large for their topic", delivery, "consumer"), direct) as experiment:
        set_largest_message(experiment, TOO_SMALL_BYTES)
        publish(experiment.kafka, experiment.topics.input_topic, review_values(REVIEWS))
        refused(experiment, r"MSG_SIZE_TOO_LARGE[\s\S]*how to fix: raise the topic's max.message.bytes")
        set_largest_message(experiment, 1_000_000)
        experiment.start_consumer()
        finish(experiment)


def test_labels_without_a_topic_stop_the_consumer(direct: Setting, finish: Finish, delivery: str) -> None:
    with Experiment(Case("output topic deleted", delivery, "consumer"), direct) as experiment:
        consumer = experiment.start_consumer()
        consumer.wait_for("partitions_assigned")
        delete_topic(experiment, experiment.topics.output_topic)
        publish(experiment.kafka, experiment.topics.input_topic, review_values(REVIEWS))
        experiment.expect_exit(consumer, ConfigurationError.exit_code)
        experiment.expect_said(consumer, f"{experiment.topics.output_topic} was not delivered", "topics apply")
        assert experiment.lag_records() == REVIEWS, "no offset passed an unstored label"
        TopicAdmin(experiment.kafka).create(experiment.topics.specs())
        experiment.start_consumer()
        finish(experiment)


def test_a_dead_letter_without_a_topic_stops_the_consumer(direct: Setting, finish: Finish, delivery: str) -> None:
    with Experiment(Case("dead-letter topic deleted", delivery, "consumer"), direct) as experiment:
        consumer = experiment.start_consumer()
        consumer.wait_for("partitions_assigned")
        delete_topic(experiment, experiment.topics.dead_letters)
        publish(experiment.kafka, experiment.topics.input_topic, [*review_values(REVIEWS), b"{", *review_values(100)])
        experiment.expect_exit(consumer, ConfigurationError.exit_code)
        experiment.expect_said(consumer, f"{experiment.topics.dead_letters} was not delivered", "topics apply")
        TopicAdmin(experiment.kafka).create(experiment.topics.specs())
        experiment.start_consumer()
        verdict = finish(experiment)
        assert verdict.dead_letters == 1


def test_labels_that_may_not_be_written_stop_the_consumer(
    breakable: Breakable, direct: Setting, finish: Finish, delivery: str
) -> None:
    with Experiment(Case("no right to write labels", delivery, "consumer"), direct) as experiment:
        admin = AdminClient({"bootstrap.servers": breakable.broker.bootstrap_servers})
        rules = everything_but_writing(experiment.topics.output_topic)
        for rule in admin.create_acls(rules).values():
            rule.result(REQUEST_S)
        publish(experiment.kafka, experiment.topics.input_topic, review_values(REVIEWS))
        refused(experiment, r"TOPIC_AUTHORIZATION_FAILED[\s\S]*how to fix: grant Write on the topic")
        every = AclBindingFilter(
            ResourceType.TOPIC,
            experiment.topics.output_topic,
            ResourcePatternType.LITERAL,
            "User:*",
            "*",
            AclOperation.ANY,
            AclPermissionType.ANY,
        )
        admin.delete_acls([every])[every].result(REQUEST_S)
        experiment.start_consumer()
        finish(experiment)


def refused(experiment: Experiment, said: str) -> None:
    """Start a consumer that leaves with the exit code of a wrong set-up, and commits nothing."""
    consumer = experiment.start_consumer()
    experiment.expect_exit(consumer, ConfigurationError.exit_code)
    experiment.expect_said(consumer, said)
    assert experiment.lag_records() == REVIEWS, "no offset passed an unstored label"


def set_largest_message(experiment: Experiment, size_bytes: int) -> None:
    """Bound the messages of the output topic."""
    bound = ConfigEntry("max.message.bytes", str(size_bytes), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, experiment.topics.output_topic, incremental_configs=[bound])
    admin = AdminClient({"bootstrap.servers": experiment.kafka.bootstrap_servers})
    admin.incremental_alter_configs([resource])[resource].result(REQUEST_S)


def delete_topic(experiment: Experiment, topic: str) -> None:
    """Delete one of the experiment's topics."""
    admin = AdminClient({"bootstrap.servers": experiment.kafka.bootstrap_servers})
    admin.delete_topics([topic], operation_timeout=REQUEST_S)[topic].result(REQUEST_S)


def everything_but_writing(topic: str) -> list[AclBinding]:
    """Return the rules that let everybody do everything with a topic, and nobody write to it."""
    rights = [(AclOperation.ALL, AclPermissionType.ALLOW), (AclOperation.WRITE, AclPermissionType.DENY)]
    return [
        AclBinding(ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, "User:*", "*", operation, permission)
        for operation, permission in rights
    ]
