"""The columns of a file's reviews, with where each was read."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from consumer.bounded.arrow import import_pyarrow
from consumer.bounded.reading.review_columns import ReviewColumns, columns_of_reviews


def review_batch(columns: ReviewColumns, source: str, numbers: NDArray[np.int64]) -> Any:
    """Return the reviews of a file as TableChunk has them: every row of `columns`, read at these numbers (n,)."""
    pa = import_pyarrow()
    count = len(numbers)
    names = pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([source]))
    return pa.record_batch(
        {
            "review_id": columns.review_id,
            "text": columns.text,
            "product_id": columns.product_id,
            "rating": columns.rating,
            "created_at": columns.created_at,
            "source": names,
            "partition": pa.nulls(count, pa.int32()),
            "offset": pa.array(numbers),
        }
    )


def no_reviews() -> Any:
    """Return the columns of a chunk's reviews, without a row."""
    return review_batch(columns_of_reviews([]), "", np.empty(0, np.int64))


def chosen(batch: Any, mask: Any) -> Any:
    """Return the rows of a pyarrow.RecordBatch that a boolean mask chooses; one without columns has none to choose."""
    return batch.filter(mask) if batch.num_columns else batch


def empty_batch(schema: Any) -> Any:
    """Return a pyarrow.RecordBatch without a row."""
    pa = import_pyarrow()
    return pa.record_batch([pa.array([], field.type) for field in schema], schema=schema)
