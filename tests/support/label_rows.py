"""Tables of labels as a bounded job stores them: of any rows, told apart by their number."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

LABELS = ("negative", "neutral", "positive")
MODEL = {"model_name": "small", "model_version": "1", "model_digest": "f" * 64}
FIRST_SCORED = datetime(2026, 1, 1, tzinfo=UTC)
# What might be taken for SQL, for a driver's mark, or for the end of a name.
ODD_COLUMN = 'shop "one"? 100 %s; --'


def label_rows(start: int, stop: int) -> Any:
    """Return the labels (pyarrow.Table) of reviews `start` to `stop`; scored a minute apart, some things unknown."""
    numbers = range(start, stop)
    text = pa.dictionary(pa.int32(), pa.string())
    columns = {
        "review_id": pa.array([f"r{number}" for number in numbers], pa.string()),
        "label": pa.array([LABELS[number % 3] for number in numbers], pa.string()).dictionary_encode(),
        "score": pa.array([1 / (number + 2) for number in numbers], pa.float64()),
        "product_id": pa.array([f"p{number % 5}" if number % 4 else None for number in numbers], pa.string()),
        "rating": pa.array([float(number % 5 + 1) if number % 7 else None for number in numbers], pa.float64()),
        "created_at": pa.array([_moment(number) if number % 2 else None for number in numbers], _time(pa)),
        ODD_COLUMN: pa.array(
            [f'"Ça", it\'s\n{number},\\N\t%s' if number % 3 else "" if number % 2 else None for number in numbers],
            pa.string(),
        ),
        **{name: pa.array([value] * len(numbers), pa.string()).cast(text) for name, value in MODEL.items()},
        "scored_at": pa.array([FIRST_SCORED + timedelta(minutes=number) for number in numbers], _time(pa)),
        "source": pa.array(["reviews.csv"] * len(numbers), pa.string()).cast(text),
        "partition": pa.array([0] * len(numbers), pa.int32()),
        "offset": pa.array(numbers, pa.int64()),
    }
    return pa.table(columns)


def _moment(number: int) -> datetime:
    return datetime(2025, 3, 1, tzinfo=UTC) + timedelta(days=number, microseconds=number)


def _time(arrow: Any) -> Any:
    return arrow.timestamp("us", tz="UTC")
