"""What a process says about reviews at its most talkative: nothing of what they hold."""

import json
import signal
from pathlib import Path

import pytest
from confluent_kafka import Producer

from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.metrics_page import await_value, read_metrics
from tests.support.processes import Program, settings_in_environment

pytestmark = pytest.mark.kafka

# One in each place that a person, or a secret of theirs, could be in.
TEXT, KEY, REVIEW, PRODUCT, HEADER = "mark-text-77", "mark-key-77", "mark-id-77", "mark-product-77", "mark-header-77"
MARK = "mark-"
GOOD = json.dumps({"review_id": REVIEW, "text": f"A lovely {TEXT}", "product_id": PRODUCT}).encode()
POISON: list[tuple[bytes | None, str]] = [
    (f"{TEXT} is no JSON".encode(), "not_json"),
    (GOOD[:-5], "not_json"),
    (json.dumps({"review_id": REVIEW, "text": [TEXT]}).encode(), "schema"),
    (json.dumps({"review_id": REVIEW, "text": TEXT, "rating": TEXT}).encode(), "schema"),
    (json.dumps({"review_id": REVIEW, "text": TEXT, "created_at": TEXT}).encode(), "schema"),
    (json.dumps({TEXT: TEXT}).encode(), "schema"),
    (GOOD.replace(b"lovely", b"caf\xe9"), "encoding"),
    (None, "empty_value"),
    (json.dumps({"review_id": REVIEW, "text": TEXT * 1000}).encode(), "too_large"),
]
GOOD_COUNT = 50


def publish_marked(kafka: KafkaSettings, topic: str) -> None:
    producer = Producer(kafka.producer_config())
    for value in [GOOD] * GOOD_COUNT + [value for value, _ in POISON] + [GOOD] * GOOD_COUNT:
        producer.produce(topic, value, KEY, headers=[("x-customer", HEADER), ("traceparent", HEADER)])
    assert producer.flush(60) == 0


def test_logs_at_debug_name_places_and_reasons_and_nothing_that_a_review_holds(
    kafka: KafkaSettings, topics: TopicSettings, small_model: Path
) -> None:
    publish_marked(kafka, topics.input_topic)
    environment = settings_in_environment(kafka, topics) | {
        "REVIEWS_MODEL": str(small_model),
        "REVIEWS_GROUP": topics.input_topic,
        "REVIEWS_LOG_LEVEL": "DEBUG",
        "REVIEWS_LOG_FORMAT": "json",
        "REVIEWS_REVIEW_BYTES_MAX": "2000",
        "REVIEWS_LAST_SCRAPE_WITHIN": "600",
        # Its lines must not come, asked for or not.
        "REVIEWS_KAFKA_PROPERTY": "debug=all",
    }
    with Program("consumer", ["run"], environment) as consumer:
        port = consumer.wait_for("started")["metrics_port"]
        await_value(port, "reviews_consumed_total", 2 * GOOD_COUNT + len(POISON))
        consumer.signal(signal.SIGTERM)
        consumer.wait_for("waiting_for_the_last_scrape")
        metrics = read_metrics(port)
        assert consumer.wait() == 0, consumer.said
        assert MARK not in consumer.output()
    assert not [line for line in consumer.said if MARK in line]
    events = [json.loads(line) for line in consumer.said]
    batches = [event for event in events if event["event"] == "batch_done"]
    assert sum(event["records"] for event in batches) == 2 * GOOD_COUNT + len(POISON)
    assert sum(event["dead_letters"] for event in batches) == len(POISON)
    letters = [event for event in events if event["event"] == "dead_lettered"]
    assert {event["reason"] for event in letters} == {reason for _, reason in POISON}
    assert all({"topic", "partition", "offset", "stage", "hint"} <= event.keys() for event in letters)
    # A client that debugs tells of each request.
    client_lines = {event["line"].split()[0] for event in events if event["event"] == "client_log"}
    assert not client_lines & {"SEND", "RECV"}
    assert metrics["reviews_log_messages_total"] == len(events)
