"""The input is not as one would wish: odd time stamps, records that are gone, a scorer that takes too long."""

import signal
import time

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from shared.errors import ConfigurationError
from tests.support.breakable import Finish
from tests.support.experiment import REQUEST_S, Experiment, Setting
from tests.support.invariants import Case
from tests.support.killable_consumer import SCORE_DELAY_S
from tests.support.metrics_page import await_value, negative_samples, read_metrics
from tests.support.reviews import publish, review_values
from tests.support.stamped_reviews import NO_TIME_STAMP_MS, publish_stamped
from tests.support.ways import DELIVERIES

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.parametrize("delivery", DELIVERIES)]

HOUR_MS = 3_600_000
YEAR_2100_MS = 4_102_444_800_000
REVIEWS = 600
# All partitions together, and as long as the stamps allow: since 1970.
LAG_S_MAX = 3 * 60 * 365 * 86_400.0
LONGEST_MS = str(2**63 - 1)


def test_reviews_with_odd_time_stamps_are_labelled_and_no_metric_turns_negative(
    direct: Setting, finish: Finish, delivery: str
) -> None:
    with Experiment(Case("time stamps: none, 0, 2100, an hour off", delivery, "consumer"), direct) as experiment:
        allow_any_time_stamp(experiment, experiment.topics.input_topic)
        publish_with_odd_stamps(experiment)
        # So slow that some are waiting while the lag is asked for.
        consumer = experiment.start_consumer(**{SCORE_DELAY_S: "0.2"})
        port = consumer.wait_for("started")["metrics_port"]
        experiment.labelled.wait_for(1)
        assert negative_samples(port) == []
        assert read_metrics(port).get("reviews_lag_seconds", 0.0) < LAG_S_MAX
        assert experiment.await_caught_up() == 0
        # What has no time stamp has no age: it is labelled, and not observed.
        stamped = REVIEWS - REVIEWS // len(odd_stamps_ms())
        found = await_value(port, "reviews_end_to_end_latency_seconds_count", stamped)
        assert (found["reviews_labelled_total"], found["reviews_lag_seconds"]) == (REVIEWS, 0)
        experiment.expect_moved(port, "reviews_clock_skew_total")
        assert negative_samples(port) == []
        finish(experiment)


def test_a_dead_letter_stamped_later_than_its_topic_takes_stops_the_consumer(
    direct: Setting, finish: Finish, delivery: str
) -> None:
    with Experiment(Case("dead letter stamped 2100, refused", delivery, "consumer"), direct) as experiment:
        allow_any_time_stamp(experiment, experiment.topics.input_topic)
        values = [*review_values(200), b"{"]
        publish_stamped(experiment.kafka.bootstrap_servers, experiment.topics.input_topic, values, [YEAR_2100_MS])
        consumer = experiment.start_consumer()
        experiment.expect_exit(consumer, ConfigurationError.exit_code)
        experiment.expect_said(consumer, r"INVALID_TIMESTAMP[\s\S]*how to fix: .*message.timestamp.after.max.ms")
        allow_any_time_stamp(experiment, experiment.topics.dead_letters)
        experiment.start_consumer()
        verdict = finish(experiment)
        assert verdict.dead_letters == 1


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


def odd_stamps_ms() -> list[int]:
    """Return what a record's time stamp may be: none, 1970, an hour off either way, 2100, and right."""
    now_ms = int(time.time() * 1000)
    return [NO_TIME_STAMP_MS, 0, now_ms - HOUR_MS, now_ms + HOUR_MS, YEAR_2100_MS, now_ms]


def publish_with_odd_stamps(experiment: Experiment) -> None:
    """Publish reviews stamped oddly, in turn, and look whether the broker has stored them so."""
    stamps_ms = odd_stamps_ms()
    stored = publish_stamped(
        experiment.kafka.bootstrap_servers, experiment.topics.input_topic, review_values(REVIEWS), stamps_ms
    )
    assert set(stored) == set(stamps_ms)


def allow_any_time_stamp(experiment: Experiment, topic: str) -> None:
    """Let the broker take records from the future, and keep those from the past."""
    settings = {
        "message.timestamp.after.max.ms": LONGEST_MS,
        "message.timestamp.before.max.ms": LONGEST_MS,
        "retention.ms": "-1",
    }
    entries = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in settings.items()
    ]
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
    admin = AdminClient({"bootstrap.servers": experiment.kafka.bootstrap_servers})
    admin.incremental_alter_configs([resource])[resource].result(REQUEST_S)
