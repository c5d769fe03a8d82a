"""Labels and dead letters as the messages that leave."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from consumer.kafka.dead_letters import (
    MESSAGE_CHARS_MAX,
    OutgoingMessage,
    dead_letter_message,
    read_dead_letter_headers,
)
from consumer.kafka.labels import LabelWriter
from consumer.scoring.outcome import DeadLetter
from shared.codec import decode_label, label_id
from shared.errors import Reason
from tests.support.fake_clock import START_S
from tests.support.fake_scorer import MODEL, outcome_of
from tests.support.memory_records import TOPIC, MemoryRecord, review_value

FAILED_AT = datetime(2024, 5, 6, 9, 0, tzinfo=timezone(timedelta(hours=2)))


def labels_of(*records: MemoryRecord) -> list[OutgoingMessage]:
    return [OutgoingMessage(*message) for message in LabelWriter().messages(outcome_of(records))]


def letter_of(record: MemoryRecord, message: str = "no good") -> OutgoingMessage:
    return dead_letter_message(DeadLetter(record, Reason.SCHEMA, message, "decode"), "d1", FAILED_AT)


def test_a_label_says_which_review_what_and_by_which_model() -> None:
    (message,) = labels_of(MemoryRecord(review_value("r1", "a bad lamp"), 2, 41, b"k"))
    label = decode_label(message.value or b"")
    assert (label.review_id, label.label, label.score) == ("r1", "negative", 0.75)
    assert label.scores == {"negative": 0.75, "neutral": 0.125, "positive": 0.125}
    assert label.model == MODEL
    assert (label.source.topic, label.source.partition, label.source.offset) == (TOPIC, 2, 41)
    assert label.scored_at == datetime.fromtimestamp(START_S, UTC)


def test_a_label_has_its_records_key_and_the_reviews_id_where_there_is_none() -> None:
    value = review_value("ключ")
    messages = labels_of(MemoryRecord(value, name=b"\xff key"), MemoryRecord(value), MemoryRecord(value, name=b""))
    assert [message.key for message in messages] == [b"\xff key", "ключ", b""]


def test_a_label_never_holds_the_text() -> None:
    (message,) = labels_of(MemoryRecord(review_value("r1", "a good and secret lamp")))
    assert b"secret" not in (message.value or b"")
    assert set(msgspec.json.decode(message.value or b"")) == {
        "review_id", "label", "score", "scores", "model", "scored_at", "source",
    }  # fmt: skip


def test_a_label_is_a_cloud_event_whose_id_depends_on_place_and_model_only() -> None:
    record = MemoryRecord(review_value("r1"), 2, 41)
    headers = dict(labels_of(record)[0].headers)
    assert headers == {
        "ce_specversion": "1.0",
        "ce_id": label_id(TOPIC, 2, 41, MODEL.digest).encode(),
        "ce_type": "reviews.sentiment.v1",
        "ce_source": "reviewstream/consumer",
        "content-type": "application/json",
    }


def test_the_trace_context_is_passed_on_and_nothing_else_of_the_records_headers() -> None:
    pairs = [("x-shop", b"7"), ("traceparent", b"00-aa-bb-01"), ("traceparent", b"00-cc-dd-01")]
    (message,) = labels_of(MemoryRecord(review_value("r1"), pairs=pairs))
    assert [pair for pair in message.headers if pair[0] == "traceparent"] == [("traceparent", b"00-aa-bb-01")]
    assert "x-shop" not in dict(message.headers)


def test_labels_come_in_the_order_of_the_batch_and_leave_out_what_could_not_be_read() -> None:
    records = [MemoryRecord(review_value("a")), MemoryRecord(b"?"), MemoryRecord(review_value("b"))]
    assert [decode_label(message.value or b"").review_id for message in labels_of(*records)] == ["a", "b"]


@pytest.mark.parametrize("key", [None, b"", b"\xff\x00"])
@pytest.mark.parametrize("value", [None, b"", b"\x00\xff not json"])
def test_a_dead_letter_keeps_key_value_headers_and_time_stamp_untouched(key: bytes | None, value: bytes | None) -> None:
    pairs = [("x", b"1"), ("x", None), ("", b"\xff"), ("traceparent", b"00-aa-bb-01"), ("tracestate", b"a=1")]
    letter = letter_of(MemoryRecord(value, 1, 5, key, pairs, 1_234_567_890_123))
    assert (letter.key, letter.value, letter.timestamp_ms) == (key, value, 1_234_567_890_123)
    assert letter.headers[:5] == pairs
    assert pairs == [("x", b"1"), ("x", None), ("", b"\xff"), ("traceparent", b"00-aa-bb-01"), ("tracestate", b"a=1")]


def test_a_dead_letter_says_what_was_wrong_where_and_when() -> None:
    wrong = read_dead_letter_headers(_as_read(letter_of(MemoryRecord(b"{}", 1, 5))))
    assert wrong == {
        "reason": "schema",
        "message": "no good",
        "topic": TOPIC,
        "partition": "1",
        "offset": "5",
        "stage": "decode",
        "app": "reviewstream-consumer",
        "model": "d1",
        "failed_at": "2024-05-06T07:00:00+00:00",
        "attempts": "1",
    }


def test_a_dead_letters_message_is_cut_and_always_encodable() -> None:
    letter = letter_of(MemoryRecord(b"{}"), "\ud800" + "é" * 10_000)
    message = dict(_as_read(letter))["__dlq.errors.message"]
    assert message == b"?" + "é".encode() * (MESSAGE_CHARS_MAX - 1)


def test_an_unknown_time_stamp_is_left_to_the_client() -> None:
    assert letter_of(MemoryRecord(b"{}", stamp_ms=-1)).timestamp_ms == 0


def test_headers_of_others_are_not_read_as_dead_letter_headers() -> None:
    assert read_dead_letter_headers([("reason", b"x"), ("__dlq.errors.stage", None)]) == {"stage": ""}
    assert read_dead_letter_headers(None) == {}


def _as_read(message: OutgoingMessage) -> list[tuple[str, bytes | None]]:
    return [(name, text.encode() if isinstance(text, str) else text) for name, text in message.headers]
