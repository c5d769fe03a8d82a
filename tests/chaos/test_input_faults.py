"""The input is not as one would wish: odd time stamps, records that are gone, a scorer that takes too long."""

import signal
import time

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from shared.errors import ConfigurationError
from tests.support.breakable import Finish
from tests.support.experiment import REQUEST_S, Experiment, Setting
from tests.support.invariants import Case
from tests.support.killable_consumer import SCORE_DELAY_S
from tests.support.metrics_page import negative_samples
from tests.support.reviews import publish, review_values
from tests.support.ways import DELIVERIES

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.parametrize("delivery", DELIVERIES)]

HOUR_MS = 3_600_000
YEAR_2100_MS = 4_102_444_800_000
LONGEST_MS = str(2**63 - 1)


def test_reviews_with_odd_time_stamps_are_labelled_and_no_metric_turns_negative(
    direct: Setting, finish: Finish, delivery: str
) -> None:
    with Experiment(Case("time stamps: 1970, 2100, an hour off", delivery, "consumer"), direct) as experiment:
        allow_any_time_stamp(experiment)
        now_ms = int(time.time() * 1000)
        stamps = [1, now_ms - HOUR_MS, now_ms + HOUR_MS, YEAR_2100_MS, now_ms]
        producer = Producer(experiment.kafka.producer_config())
        for number, value in enumerate(review_values(500)):
            producer.produce(experiment.topics.input_topic, value, str(number), timestamp=stamps[number % len(stamps)])
        assert producer.flush(REQUEST_S) == 0
        consumer = experiment.start_consumer()
        port = consumer.wait_for("started")["metrics_port"]
        experiment.await_caught_up()
        experiment.expect_moved(port, "reviews_clock_skew_total", "reviews_labelled_total")
        assert negative_samples(port) == []
        finish(experiment)


def test_records_that_retention_takes_before_they_are_read_are_counted_not_skipped(
    direct: Setting, delivery: str
) -> None:
    with Experiment(Case("retention passes unread data", delivery, "consumer"), direct) as experiment:
        consumer = experiment.start_consumer()
        consumer.wait_for("partitions_assigned")
        publish(experiment.kafka, experiment.topics.input_topic, review_values(100))
        assert experiment.await_caught_up() == 0
        consumer.signal(signal.SIGSTOP)
        # More than one answer to a fetch that was under way when it was stopped.
        publish(experiment.kafka, experiment.topics.input_topic, review_values(20_000))
        admin = AdminClient({"bootstrap.servers": experiment.kafka.bootstrap_servers})
        everything = [TopicPartition(experiment.topics.input_topic, number, -1) for number in range(3)]
        for deleted in admin.delete_records(everything).values():
            deleted.result(REQUEST_S)
        consumer.signal(signal.SIGCONT)
        assert consumer.wait() == ConfigurationError.exit_code, consumer.said
        assert "are gone before they were labelled" in "\n".join(consumer.said)


def test_a_scorer_slower_than_a_transaction_may_last_loses_and_repeats_nothing(
    direct: Setting, finish: Finish, delivery: str
) -> None:
    with Experiment(Case("scoring takes longer than a transaction may", delivery, "consumer"), direct) as experiment:
        slow = {SCORE_DELAY_S: "3", "REVIEWS_TRANSACTION_TIMEOUT": "1"}
        experiment.start_consumer(**slow)
        publish(experiment.kafka, experiment.topics.input_topic, review_values(1000))
        finish(experiment)


def allow_any_time_stamp(experiment: Experiment) -> None:
    """Let the broker take records from the future, and keep those from the past."""
    settings = {
        "message.timestamp.after.max.ms": LONGEST_MS,
        "message.timestamp.before.max.ms": LONGEST_MS,
        "retention.ms": "-1",
    }
    entries = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in settings.items()
    ]
    resource = ConfigResource(ResourceType.TOPIC, experiment.topics.input_topic, incremental_configs=entries)
    admin = AdminClient({"bootstrap.servers": experiment.kafka.bootstrap_servers})
    admin.incremental_alter_configs([resource])[resource].result(REQUEST_S)
