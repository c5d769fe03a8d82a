"""What can be read, and the reason that each kind of poison gets."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from consumer.kafka.dead_letters import dead_letter_message, read_dead_letter_headers
from consumer.scoring.decoding import decode
from shared.codec import decode_review
from shared.errors import Reason, RecordError
from tests.support.memory_records import MemoryRecord, review_value, reviews

LIMIT = 10_000
SUBMITTED = b"reviews.submitted.v1"
GOOD = b'{"review_id": "r1", "text": "a good lamp"}'


def reason_of(value: bytes | None, headers: list[tuple[str, bytes | None]] | None = None) -> Reason:
    with pytest.raises(RecordError) as caught:
        decode_review(value, headers, LIMIT)
    return caught.value.reason


@pytest.mark.parametrize(
    "value",
    [
        b"plain words",
        b"{",
        b"\x00",
        b'{"review_id": "r1", "text": "cut sho',
        b'{"review_id": "r1", "text": "a"} and more',
        b"{'review_id': 'r1', 'text': 'a'}",
        b'{"review_id": "r1", "text": "a", "rating": NaN}',
        b'{"review_id": "r1", "text": "a", "rating": Infinity}',
        b'{"review_id": "r1", "text": "a raw \x00 in it"}',
        b'{"review_id": "r1", "text": "half of a pair: \\ud800, then words"}',
        b'{"review_id": "\\udc00", "text": "the other half"}',
        b'{"review_id": "r1", "text": "a", "extra": ' + b"[" * 5000,
        "{}".encode("utf-16"),
    ],
)
def test_what_is_no_json_is_refused_as_that(value: bytes) -> None:
    assert reason_of(value) is Reason.NOT_JSON


@pytest.mark.parametrize(
    "value",
    [
        b"null",
        b"17",
        b'"text"',
        b"[]",
        b"[" * 5000,
        b"{}",
        b'{"review_id": "r1"}',
        b'{"text": "a"}',
        b'{"review_id": null, "text": "a"}',
        b'{"review_id": "", "text": "a"}',
        b'{"review_id": 7, "text": "a"}',
        b'{"review_id": "r1", "text": ["a"]}',
        b'{"review_id": "r1", "text": "a", "rating": 0}',
        b'{"review_id": "r1", "text": "a", "rating": 6}',
        b'{"review_id": "r1", "text": "a", "rating": "5"}',
        b'{"review_id": "r1", "text": "a", "rating": 1e400}',
        b'{"review_id": "r1", "text": "a", "created_at": "yesterday"}',
        b'{"review_id": "' + b"r" * 257 + b'", "text": "a"}',
    ],
)
def test_json_that_is_no_review_breaks_the_schema(value: bytes) -> None:
    assert reason_of(value) is Reason.SCHEMA


@pytest.mark.parametrize(
    "value",
    [
        b'{"review_id": "r1", "text": "caf\xe9"}',
        b'{"review_id": "r\xff", "text": "a"}',
        b'{"review_id": "r1", "text": "\xed\xa0\x80"}',
        b"\xef\xbb\xbf" + GOOD,
    ],
)
def test_text_in_another_encoding_is_refused_as_that(value: bytes) -> None:
    assert reason_of(value) is Reason.ENCODING


@pytest.mark.parametrize("value", [None, b""])
def test_a_tombstone_and_an_empty_value_are_refused_as_empty(value: bytes | None) -> None:
    assert reason_of(value) is Reason.EMPTY_VALUE


def test_a_value_at_the_limit_is_read_and_one_byte_more_is_too_large() -> None:
    room = LIMIT - len(review_value("r1", ""))
    assert decode_review(review_value("r1", "x" * room), None, LIMIT).text == "x" * room
    assert reason_of(review_value("r1", "x" * (room + 1))) is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "header",
    [
        ("ce_specversion", b"0.3"),
        ("ce_specversion", None),
        ("ce_type", b"orders.placed.v1"),
        ("ce_type", b""),
        ("content-type", b"application/avro"),
        ("content-type", b"\xff"),
    ],
)
def test_an_event_that_announces_something_else_is_unsupported(header: tuple[str, bytes | None]) -> None:
    assert reason_of(GOOD, [("ce_specversion", b"1.0"), header]) is Reason.UNSUPPORTED


@pytest.mark.parametrize(
    "headers",
    [
        None,
        [],
        [("ce_specversion", b"1.0"), ("ce_type", SUBMITTED), ("content-type", b"application/json")],
        [("content-type", b"application/json; charset=utf-8")],
        [("content-type", None), ("x-anything", b"\xff\x00"), ("traceparent", None)],
    ],
)
def test_an_event_of_ours_and_plain_json_are_read(headers: list[tuple[str, bytes | None]] | None) -> None:
    assert decode_review(GOOD, headers, LIMIT).review_id == "r1"


def test_unknown_fields_are_ignored_and_the_last_of_two_equal_names_counts() -> None:
    value = b'{"review_id": "old", "colour": {"a": [1, 1e999999]}, "text": "x", "review_id": "new"}'
    review = decode_review(value, None, LIMIT)
    assert (review.review_id, review.text) == ("new", "x")


def test_any_character_comes_through() -> None:
    text = "\U0001f44d\U0001f3fd caf\u00e9 \u2028 \u202eback\u202c \x00 end"
    assert decode_review(review_value("\U0001f511", text), None, LIMIT).text == text
    assert decode_review(b'{"review_id":"r","text":"\\ud83d\\ude00\\u0000"}', None, LIMIT).text == "\U0001f600\x00"


def test_bad_records_and_good_ones_keep_their_order_and_each_is_there_once() -> None:
    records = [*reviews(2), MemoryRecord(b"?", at_offset=2), *reviews(1, first=3), MemoryRecord(None, at_offset=4)]
    readable, dead_letters = decode(records, LIMIT)
    assert [record.offset() for record in readable.records] == [0, 1, 3]
    assert [review.review_id for review in readable.reviews] == ["0-0", "0-1", "0-3"]
    assert [(letter.record.offset(), letter.reason, letter.stage) for letter in dead_letters] == [
        (2, Reason.NOT_JSON, "decode"),
        (4, Reason.EMPTY_VALUE, "decode"),
    ]


def test_a_dead_letter_says_what_is_wrong_in_words() -> None:
    _, (letter,) = decode([MemoryRecord(b'{"review_id": "r1"}')], LIMIT)
    assert letter.message == "Object missing required field `text`"


class RecordWithBadHeaders(MemoryRecord):
    """As confluent_kafka behaves where the name of a header is not UTF-8."""

    def headers(self) -> Sequence[tuple[str, bytes | None]] | None:
        raise SystemError("returned a result with an exception set") from UnicodeDecodeError("utf-8", b"\xff", 0, 1, "")


def test_a_header_whose_name_is_not_utf_8_is_no_crash_but_a_dead_letter_without_the_old_headers() -> None:
    record = RecordWithBadHeaders(GOOD, name=b"key")
    _, (letter,) = decode([record], LIMIT)
    message = dead_letter_message(letter, "digest", datetime(2026, 1, 1, tzinfo=UTC))
    assert letter.reason is Reason.ENCODING
    assert (message.key, message.value) == (b"key", GOOD)
    assert read_dead_letter_headers(message.headers)["reason"] == "encoding"  # type: ignore[arg-type]


class RecordThatEndsTheProcess(RecordWithBadHeaders):
    """As confluent_kafka behaves when such headers are read a second time, only that this can be noticed."""

    def headers(self) -> Sequence[tuple[str, bytes | None]] | None:
        readings.append(self.at_offset)
        return super().headers()


readings: list[int] = []


def test_headers_that_can_not_be_read_are_read_once_on_the_way_to_the_dead_letter() -> None:
    readings.clear()
    _, letters = decode([RecordThatEndsTheProcess(GOOD, at_offset=number) for number in range(3)], LIMIT)
    for letter in letters:
        dead_letter_message(letter, "digest", datetime(2026, 1, 1, tzinfo=UTC))
    assert readings == [0, 1, 2]
