"""The columns of stored labels: one row a review, never its text unless somebody asks for that column."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from consumer.bounded.arrow import import_pyarrow
from consumer.scoring.outcome import LabelNumbers, Scores

# Where a row was read: a file and a number counted from 1, or a topic, a partition and an offset.
ORIGIN = ("source", "partition", "offset")
# What a review may bring along beside its id and text.
REVIEW = ("product_id", "rating", "created_at")
MODEL = ("model_name", "model_version", "model_digest")
SCORE_OF = "score_{}"


def label_columns(classes: Sequence[str], kept: Sequence[str]) -> list[str]:
    """Return the names of a label table's columns, in order; `kept` are further columns of the input."""
    scores = [SCORE_OF.format(name) for name in classes]
    return ["review_id", "label", "score", *scores, *REVIEW, *kept, *MODEL, "scored_at", *ORIGIN]


def label_table(reviews: Any, kept: Any, scores: Scores, scored_at: datetime) -> Any:
    """Return the labels (pyarrow.Table, n rows) of n reviews (pyarrow.RecordBatch) and their n scores.

    `label`, `model_…` and `source` are dictionaries of strings, `score…` float64, `scored_at` microseconds, UTC.
    `reviews` and `kept` are those of a TableChunk.
    """
    pa = import_pyarrow()
    count = reviews.num_rows
    columns: dict[str, Any] = {
        "review_id": reviews["review_id"],
        "label": _labels(pa, scores),
        "score": pa.array(scores.confidences),
    }
    for place, name in enumerate(scores.classes):
        columns[SCORE_OF.format(name)] = pa.array(np.ascontiguousarray(scores.probabilities[:, place]))
    columns |= {name: reviews[name] for name in REVIEW}
    columns |= {name: kept[name] for name in kept.schema.names}
    model = scores.model
    for name, value in zip(MODEL, (model.name, model.version, model.digest), strict=True):
        columns[name] = _same(pa, value, count)
    columns["scored_at"] = pa.repeat(pa.scalar(scored_at, pa.timestamp("us", tz="UTC")), count)
    columns |= {name: reviews[name] for name in ORIGIN}
    return pa.table(columns)


def _labels(pa: Any, scores: Scores) -> Any:
    numbered = scores.numbered or _numbered(scores.labels)
    names = pa.array(numbered.names, pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(numbered.numbers.astype(np.int32)), names)


def _numbered(labels: Sequence[str]) -> LabelNumbers:
    # Looked up by name: a batch's labels are few, and the same few objects.
    names = sorted(set(labels))
    numbers = {name: number for number, name in enumerate(names)}
    return LabelNumbers(tuple(names), np.fromiter(map(numbers.__getitem__, labels), np.int64, len(labels)))


def _same(pa: Any, value: str, count: int) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([value]))
