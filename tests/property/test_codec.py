"""Bytes to objects and back: any bytes, any headers, any review."""

import uuid
from datetime import UTC

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from consumer.scoring.decoding import decode
from shared.codec import (
    LABEL_NAMESPACE,
    decode_label,
    decode_review,
    encode_label,
    encode_review,
    label_id,
    review_headers,
)
from shared.errors import Reason
from shared.reviews import REVIEW_ID_CHARS_MAX, Label, Model, Review, Source
from tests.support.memory_records import MemoryRecord, review_value

LIMIT = 1_000_000

texts = st.text(st.characters(exclude_categories=["Cs"]))
moments = st.datetimes(timezones=st.just(UTC))
shares = st.floats(0, 1)
headers = st.none() | st.lists(
    st.tuples(
        st.sampled_from(["ce_specversion", "ce_type", "ce_id", "content-type", "traceparent"]) | st.text(),
        st.none() | st.sampled_from([b"1.0", b"reviews.submitted.v1", b"application/json"]) | st.binary(),
    )
)
reviews = st.builds(
    Review,
    review_id=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=REVIEW_ID_CHARS_MAX),
    text=texts,
    product_id=st.none() | texts,
    rating=st.none() | st.floats(1, 5),
    language=st.none() | texts,
    created_at=st.none() | moments,
    source=st.none() | texts,
)
labels = st.builds(
    Label,
    review_id=texts,
    label=texts,
    score=shares,
    scores=st.dictionaries(texts, shares),
    model=st.builds(Model, name=texts, version=texts, digest=texts),
    scored_at=moments,
    source=st.builds(Source, topic=texts, partition=st.integers(0, 10_000), offset=st.integers(0, 2**62)),
)
# JSON that is often close to a review, and events with one place changed.
close_to_json = st.dictionaries(
    st.sampled_from(["review_id", "text", "rating", "created_at", "source"]),
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
).map(msgspec.json.encode)


@st.composite
def damaged_events(draw: st.DrawFn) -> bytes:
    value = bytearray(review_value("r1", "twenty letters and " + draw(texts)))
    place = draw(st.integers(0, len(value) - 1))
    # Bytes that are no UTF-8 as often as any others.
    value[place : place + 1] = draw(st.binary(max_size=3) | st.lists(st.integers(128, 255), max_size=3).map(bytes))
    return bytes(value)


@given(st.none() | st.binary() | close_to_json, headers)
def test_any_bytes_under_any_headers_are_a_review_or_a_dead_letter_with_a_reason(
    value: bytes | None, pairs: list[tuple[str, bytes | None]] | None
) -> None:
    record = MemoryRecord(value, pairs=pairs)
    readable, dead_letters = decode([record], LIMIT)
    assert [*readable.records, *(letter.record for letter in dead_letters)] == [record]
    for letter in dead_letters:
        assert letter.reason in Reason
        assert letter.message
    for review in readable.reviews:
        # Whatever was taken for a review can be written again.
        assert decode_review(encode_review(review), None, LIMIT) == review


@given(damaged_events())
def test_a_damaged_event_is_a_review_or_a_dead_letter(value: bytes) -> None:
    readable, dead_letters = decode([MemoryRecord(value)], LIMIT)
    assert len(readable.records) + len(dead_letters) == 1


@given(st.lists(st.none() | st.binary(max_size=50) | close_to_json, max_size=30))
def test_each_record_of_a_batch_is_there_once_and_in_order(values: list[bytes | None]) -> None:
    records = [MemoryRecord(value, at_offset=offset) for offset, value in enumerate(values)]
    readable, dead_letters = decode(records, LIMIT)
    good = [record.offset() for record in readable.records]
    bad = [letter.record.offset() for letter in dead_letters]
    assert good == sorted(good)
    assert bad == sorted(bad)
    assert sorted(good + bad) == list(range(len(values)))


@given(reviews)
def test_a_review_comes_back_as_it_was_under_its_own_headers(review: Review) -> None:
    pairs = [(name, text.encode() if isinstance(text, str) else text) for name, text in review_headers(review)]
    assert decode_review(encode_review(review), pairs, LIMIT) == review


@given(labels)
def test_a_label_comes_back_as_it_was(label: Label) -> None:
    assert decode_label(encode_label(label)) == label


@given(texts, st.integers(0, 10_000), st.integers(0, 2**62), texts)
def test_a_labels_id_is_the_uuid5_of_its_place_and_model(topic: str, partition: int, offset: int, digest: str) -> None:
    namespace = uuid.uuid5(LABEL_NAMESPACE, f"{topic}/{digest}")
    expected = uuid.uuid5(namespace, f"{partition}/{offset}")
    assert label_id(topic, partition, offset, digest) == str(expected)


def test_a_label_id_given_once_is_given_for_ever() -> None:
    # Stored labels carry it: a change would make every reader see repeats.
    assert label_id("reviews.submitted.v1", 3, 41, "d1") == "5160aa37-006c-5638-8ec9-2bb89c419f85"
