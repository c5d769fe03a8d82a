"""Rows of label tables as messages: what the stream would write for the same reviews."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from consumer.bounded.label_table import label_table
from consumer.bounded.reading.review_batch import empty_batch, review_batch
from consumer.bounded.reading.review_columns import columns_of_reviews
from consumer.kafka.label_rows import label_messages
from consumer.kafka.labels import LabelWriter
from shared.codec import decode_label, label_id
from shared.reviews import Review, Source
from tests.support.fake_scorer import MODEL, keyword_scores

SCORED_AT = datetime(2026, 3, 1, 12, 30, 15, 123456, UTC)
TEXTS = ("good", "bad", "so")


def table_of(source: str, count: int, scored_at: datetime = SCORED_AT) -> Any:
    """Return the labels of a file's rows, with a kept column whose name looks like a score's."""
    found = [Review(f"{source}-{row}", TEXTS[row % 3]) for row in range(count)]
    batch = review_batch(columns_of_reviews(found), source, np.arange(1, count + 1))
    kept = pa.record_batch({"score_of_mine": pa.array([1.0] * count)}) if count else empty_batch(pa.schema([]))
    return label_table(batch, kept, keyword_scores([review.text for review in found]), scored_at)


def messages_of(table: Any) -> list[tuple[Any, bytes, dict[str, Any]]]:
    writer = LabelWriter()
    return [
        (key, value, dict(headers))
        for batch in table.to_batches()
        for key, value, headers in label_messages(writer, batch)
    ]


def test_a_row_of_a_file_is_written_as_the_review_at_that_place_of_partition_0() -> None:
    ((key, value, headers), *others) = messages_of(table_of("shop.csv", 4))
    label = decode_label(value)
    assert (key, label.review_id, label.label, label.score) == ("shop.csv-0", "shop.csv-0", "positive", 0.75)
    assert label.scores == {"negative": 0.125, "neutral": 0.125, "positive": 0.75}
    assert (label.model, label.scored_at, label.source) == (MODEL, SCORED_AT, Source("shop.csv", 0, 1))
    assert headers["ce_id"].decode() == label_id("shop.csv", 0, 1, MODEL.digest)
    assert [decode_label(value).label for _, value, _ in others] == ["negative", "neutral", "positive"]


def test_rows_of_several_files_and_moments_in_one_table_keep_their_order_and_their_own() -> None:
    later = SCORED_AT + timedelta(seconds=1)
    tables = [table_of("a", 2), table_of("b", 3), table_of("b", 1, later), table_of("a", 1)]
    table = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
    labels = [decode_label(value) for _, value, _ in messages_of(table)]
    assert [label.source.topic for label in labels] == ["a", "a", "b", "b", "b", "b", "a"]
    assert [label.scored_at == later for label in labels] == [False] * 5 + [True, False]
    ids = [headers["ce_id"].decode() for *_, headers in messages_of(table)]
    assert ids == [label_id(label.source.topic, 0, label.source.offset, MODEL.digest) for label in labels]


def test_no_rows_are_no_messages() -> None:
    assert messages_of(table_of("a", 0)) == []
