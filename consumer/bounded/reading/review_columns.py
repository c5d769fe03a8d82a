"""Columns of reviews from the columns of a table, as `ColumnMapping.review` would read them row by row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from consumer.bounded.arrow import import_pyarrow
from shared.review_rows import ColumnMapping
from shared.reviews import REVIEW_ID_CHARS_MAX, Review

RATING_MIN, RATING_MAX = 1, 5


class Unusual(Exception):  # noqa: N818 - no error: the table is read row by row instead
    """A column has a type that only the conversion of each cell can judge."""


@dataclass(frozen=True, slots=True)
class ReviewColumns:
    """Columns (n,) of what n rows hold, and which rows hold a review; other rows' cells mean nothing."""

    review_id: Any
    text: Any
    product_id: Any
    rating: Any
    created_at: Any
    usable: NDArray[np.bool_]


def columns_of_table(batch: Any, mapping: ColumnMapping, stem: str, numbers: NDArray[np.int64]) -> ReviewColumns:
    """Return the reviews of a pyarrow.RecordBatch whose rows have these numbers; Unusual where that can't be told."""
    reader = _Reader(batch, mapping)
    text = reader.strings("text")
    pc = reader.compute
    usable = pc.greater(pc.fill_null(pc.binary_length(text), 0), 0)
    review_id, named = reader.identifiers(stem, numbers)
    rating, rated = reader.ratings()
    for name in ("language", "source"):
        reader.strings(name)
    return ReviewColumns(
        review_id=review_id,
        text=text,
        product_id=reader.product_ids(),
        rating=rating,
        created_at=reader.created_at(),
        usable=np.asarray(pc.and_(pc.and_(usable, named), rated)),
    )


def columns_of_reviews(reviews: Sequence[Review | None]) -> ReviewColumns:
    """Return what reviews hold; None where a row holds none."""
    pa = import_pyarrow()
    rows = [review or Review("", "") for review in reviews]
    return ReviewColumns(
        review_id=pa.array([row.review_id for row in rows], pa.string()),
        text=pa.array([row.text for row in rows], pa.large_string()),
        product_id=pa.array([row.product_id for row in rows], pa.string()),
        rating=pa.array([row.rating for row in rows], pa.float64()),
        created_at=pa.array([row.created_at for row in rows], pa.timestamp("us", tz="UTC")),
        usable=np.array([review is not None for review in reviews], bool),
    )


class _Reader:
    """One batch, column by column."""

    def __init__(self, batch: Any, mapping: ColumnMapping) -> None:
        self._pa = import_pyarrow()
        # pyarrow.compute is a module of its own.
        from pyarrow import compute  # noqa: PLC0415 - as slow to import as pyarrow

        self.compute: Any = compute
        self._batch = batch
        self._mapping = mapping

    def strings(self, name: str) -> Any:
        """Return a field's column of strings; Unusual where it has another type."""
        column = self._column(name)
        types = self._pa.types
        if column is None or types.is_null(column.type):
            return self._pa.nulls(self._batch.num_rows, self._pa.string())
        if types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if not (types.is_string(column.type) or types.is_large_string(column.type)):
            raise Unusual(name)
        return column

    def identifiers(self, stem: str, numbers: NDArray[np.int64]) -> tuple[Any, Any]:
        """Return the reviews' ids, made from a number where a row has none, and which are as they must be."""
        pa, pc = self._pa, self.compute
        own = self._names("review_id")
        there = pc.is_valid(own)
        if self._mapping.review_id != "review_id":
            return own, pc.and_(there, pc.fill_null(self._short(own), fill_value=False))
        if own.null_count:
            made = pc.binary_join_element_wise(f"{stem}-", pc.cast(pa.array(numbers), pa.string()), "")
            own = pc.coalesce(own, made)
        return own, self._short(own)

    def product_ids(self) -> Any:
        """Return the products' names."""
        return self._names("product_id")

    def ratings(self) -> tuple[Any, Any]:
        """Return the stars as float64, and which are as they must be."""
        pa, pc = self._pa, self.compute
        column = self._column("rating")
        if column is None or pa.types.is_null(column.type):
            return pa.nulls(self._batch.num_rows, pa.float64()), pa.array(np.ones(self._batch.num_rows, bool))
        if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
            raise Unusual("rating")
        stars = column.cast(pa.float64())
        within = pc.and_(pc.greater_equal(stars, RATING_MIN), pc.less_equal(stars, RATING_MAX))
        return stars, pc.fill_null(within, fill_value=True)

    def created_at(self) -> Any:
        """Return when the reviews were written, in microseconds; UTC where no zone is named."""
        pa = self._pa
        column, kind = self._column("created_at"), pa.timestamp("us", tz="UTC")
        if column is None or pa.types.is_null(column.type):
            return pa.nulls(self._batch.num_rows, kind)
        if not pa.types.is_timestamp(column.type):
            raise Unusual("created_at")
        try:
            return column.cast(kind, safe=column.type.unit != "ns")
        except pa.ArrowInvalid as error:
            raise Unusual("created_at") from error

    def _names(self, name: str) -> Any:
        column = self._column(name)
        if column is not None and self._pa.types.is_integer(column.type):
            return column.cast(self._pa.string())
        column = self.strings(name)
        # CSV knows no null: an empty cell is no value, here as in the other formats.
        pc = self.compute
        sizes = pc.binary_length(column)
        if pc.min(sizes).as_py() == 0:
            column = pc.if_else(pc.equal(sizes, 0), self._pa.scalar(None, column.type), column)
        return column.cast(self._pa.string())

    def _short(self, ids: Any) -> Any:
        pc = self.compute
        # No more letters than bytes: most columns need not be read for that.
        sizes = pc.binary_length(ids)
        longest = pc.max(sizes).as_py()
        counted = sizes if longest is None or longest <= REVIEW_ID_CHARS_MAX else pc.utf8_length(ids)
        return pc.less_equal(counted, REVIEW_ID_CHARS_MAX)

    def _column(self, name: str) -> Any:
        wanted = getattr(self._mapping, name)
        return self._batch.column(wanted) if wanted in self._batch.schema.names else None
