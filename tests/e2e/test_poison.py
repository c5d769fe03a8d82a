"""One poison record of each kind among a thousand good reviews: every one is answered, and the audit proves it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from shared.dev_broker.choice import DevBroker
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.independent_reader import messages
from tests.support.processes import Program, settings_in_environment
from tests.support.raw_headers import publish_with_unreadable_header
from tests.support.reviews import review_values

pytestmark = pytest.mark.kafka

GOOD = b'{"review_id": "r", "text": "A lovely lamp"}'
LIMIT = 20_000
OVERSIZE = b'{"review_id": "long", "text": "' + b"A lovely lamp. " * 2000 + b'"}'

Headers = list[tuple[str, str | bytes | None]]

# By name: value, headers, and the reason the dead letter must give.
POISON: dict[str, tuple[bytes | None, Headers, str]] = {
    "not JSON": (b"plain words", [], "not_json"),
    "cut short": (b'{"review_id": "r", "text": "A lov', [], "not_json"),
    "NaN": (b'{"review_id": "r", "text": "a", "rating": NaN}', [], "not_json"),
    "deep nesting": (b'{"review_id": "r", "text": "a", "extra": ' + b"[" * 10_000, [], "not_json"),
    "raw NUL": (b'{"review_id": "r", "text": "a \x00 b"}', [], "not_json"),
    "half of a surrogate pair": (b'{"review_id": "r", "text": "\\ud800"}', [], "not_json"),
    "wrong type": (b'{"review_id": "r", "text": ["A", "lamp"]}', [], "schema"),
    "missing field": (b'{"review_id": "r"}', [], "schema"),
    "rating out of range": (b'{"review_id": "r", "text": "a", "rating": 7}', [], "schema"),
    "byte order mark": (b"\xef\xbb\xbf" + GOOD, [], "encoding"),
    "not UTF-8": (b'{"review_id": "r", "text": "caf\xe9"}', [], "encoding"),
    "empty": (b"", [], "empty_value"),
    "tombstone": (None, [], "empty_value"),
    "oversize": (OVERSIZE, [], "too_large"),
    "foreign event": (GOOD, [("ce_specversion", "1.0"), ("ce_type", "orders.placed.v1")], "unsupported"),
    "another format": (GOOD, [("content-type", "application/avro")], "unsupported"),
}
UNREADABLE_HEADER = "unreadable header"
# These look odd, and are read: of two equal names the last counts, any character is text.
ODD_BUT_GOOD = [
    b'{"review_id": "first", "text": "A dreadful lamp", "text": "A lovely lamp", "review_id": "last"}',
    '{"review_id": "emoji", "text": "\U0001f44d\U0001f3fd lovely \u202e lamp \u2028"}'.encode(),
    b'{"review_id": "escapes", "text": "\\ud83d\\ude00 a NUL: \\u0000"}',
    b'{"review_id": "unknown fields", "text": "", "colour": {"a": [1, 1e999]}}',
    b'  {"review_id": "spaces", "text": "  "}  ',
]
REASONS = {name: reason for name, (_, _, reason) in POISON.items()} | {UNREADABLE_HEADER: "encoding"}
GOOD_COUNT = 1000


def publish_all(kafka: KafkaSettings, topic: str) -> None:
    """Publish the good ones with the bad ones in their midst, under their names."""
    producer = Producer(kafka.producer_config())
    good = [*ODD_BUT_GOOD, *review_values(GOOD_COUNT - len(ODD_BUT_GOOD))]
    for number, value in enumerate(good[: GOOD_COUNT // 2]):
        producer.produce(topic, value, f"good-{number}")
    for name, (content, headers, _) in POISON.items():
        producer.produce(topic, content, name, headers=headers)
    for number, value in enumerate(good[GOOD_COUNT // 2 :]):
        producer.produce(topic, value, f"good-{number}")
    assert producer.flush(60) == 0


def answer(arguments: list[str], environment: Mapping[str, str]) -> tuple[int, Any]:
    """Return exit code and JSON output of a command."""
    with Program("consumer", [*arguments, "--json"], environment) as program:
        code = program.wait()
        output = program.output()
    assert output, program.said
    return code, json.loads(output)


def label_all(environment: Mapping[str, str]) -> None:
    with Program("consumer", ["run", "--until-caught-up"], environment) as consumer:
        assert consumer.wait() == 0, consumer.said


def test_each_poison_gets_its_reason_its_neighbours_are_labelled_and_after_a_fix_it_is_replayed_once(
    kafka: KafkaSettings, kafka_broker: DevBroker, topics: TopicSettings, small_model: Path
) -> None:
    environment = settings_in_environment(kafka, topics) | {
        "REVIEWS_MODEL": str(small_model),
        "REVIEWS_GROUP": topics.input_topic,
        "REVIEWS_REVIEW_BYTES_MAX": str(LIMIT),
    }
    publish_all(kafka, topics.input_topic)
    publish_with_unreadable_header(kafka_broker.bootstrap_servers, topics.input_topic, UNREADABLE_HEADER.encode(), GOOD)
    label_all(environment)

    # The other client library reads what we write; the record with the unreadable header it can't read itself.
    labels = [json.loads(label.value) for label in messages(kafka_broker.bootstrap_servers, topics.output_topic)]
    assert len(labels) == GOOD_COUNT
    assert {"last", "emoji", "escapes", "unknown fields", "spaces"} < {label["review_id"] for label in labels}
    letters = list(messages(kafka_broker.bootstrap_servers, topics.dead_letters))
    reasons = {letter.key.decode(): dict(letter.headers)["__dlq.errors.reason"].decode() for letter in letters}
    assert reasons == REASONS
    assert len(letters) == len(REASONS)

    code, audit = answer(["audit", "--rescore", "--group", topics.input_topic], environment)
    assert (code, audit["holds"], audit["rescored"]) == (0, True, GOOD_COUNT)
    assert (audit["inputs"], audit["dead_lettered"]) == (GOOD_COUNT + len(REASONS), len(REASONS))

    environment["REVIEWS_REVIEW_BYTES_MAX"] = "1048576"
    for replayed, already in ((1, 0), (0, 1)):
        code, report = answer(["dlq", "replay", "--reason", "too_large"], environment)
        assert (code, report["replayed"], report["already_replayed"]) == (0, replayed, already)
    label_all(environment)

    code, audit = answer(["audit", "--rescore"], environment)
    assert (code, audit["holds"], audit["rescored"]) == (0, True, GOOD_COUNT + 1)
    assert audit["dead_lettered"] == len(REASONS)
