"""Rows that are read one by one, as chunks: they are turned into columns."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

import msgspec
import numpy as np

from consumer.bounded.arrow import import_pyarrow
from consumer.bounded.chunks import CHUNK_BYTES, CHUNK_ROWS, Reject, TableChunk
from consumer.bounded.reading.review_batch import review_batch
from consumer.bounded.reading.review_columns import columns_of_reviews
from shared.review_rows import BadRow, ReviewRow, Row
from shared.reviews import Review


class ReadRows(Protocol):
    """Rows and the reviews they hold: a ReviewFile, or what can stand for one."""

    def rows(self) -> Iterator[Row | BadRow]:
        """Yield every row from the first on."""
        ...

    def review(self, row: Row) -> ReviewRow | BadRow:
        """Return the review that a row holds, or why it holds none."""
        ...

    def share_read(self) -> float | None:
        """Return which share was read, None where the size is not known."""
        ...


class RowTables:
    """An Input whose rows are read one by one; `keep` says which column is stored as what, as text."""

    def __init__(self, number: int, identity: str, rows: ReadRows, keep: Mapping[str, str]) -> None:
        self._number = number
        self._identity = identity
        self._rows = rows
        self._keep = keep

    def identity(self) -> str:
        """Return what tells it from another input."""
        return self._identity

    def kept_schema(self) -> Any:
        """Return the columns to be stored with the labels."""
        pa = import_pyarrow()
        # These cells have no type of their own that would hold from the first row to the last.
        return pa.schema([pa.field(name, pa.string()) for name in self._keep.values()])

    def read(self, first_row: int) -> Iterator[TableChunk]:
        """Yield the chunks from a row on, counted from 0; InputError where the input can't be read."""
        rows = islice(self._rows.rows(), first_row, None)
        done = first_row
        while gathered := _gather(rows):
            done += len(gathered)
            yield self._chunk(gathered, done)

    def share_read(self) -> float | None:
        """Return which share was read, None where the size is not known."""
        return self._rows.share_read()

    def _chunk(self, rows: list[Row | BadRow], done: int) -> TableChunk:
        reviews: list[Review] = []
        numbers: list[int] = []
        kept: list[Row] = []
        rejects: list[Reject] = []
        for row in rows:
            read = row if isinstance(row, BadRow) else self._rows.review(row)
            if isinstance(read, BadRow):
                rejects.append(Reject(read.place.file, None, read.place.number, read.message))
            elif isinstance(row, Row):
                reviews.append(read.review)
                numbers.append(read.place.number)
                kept.append(row)
        columns = columns_of_reviews(reviews)
        return TableChunk(
            reviews=review_batch(columns, rows[0].place.file, np.array(numbers, np.int64)),
            kept=self._kept(kept),
            rejects=rejects,
            input=self._number,
            next_row=done,
            size_bytes=columns.text.nbytes,
        )

    def _kept(self, rows: Sequence[Row]) -> Any:
        pa = import_pyarrow()
        return pa.record_batch(
            [pa.array([_as_text(row.cells.get(column)) for row in rows], pa.string()) for column in self._keep],
            names=list(self._keep.values()),
        )


def _gather(rows: Iterator[Row | BadRow]) -> list[Row | BadRow]:
    gathered: list[Row | BadRow] = []
    size_bytes = 0
    for row in rows:
        gathered.append(row)
        if isinstance(row, Row):
            size_bytes += sum(len(cell) for cell in row.cells.values() if isinstance(cell, str))
        if len(gathered) == CHUNK_ROWS or size_bytes >= CHUNK_BYTES:
            break
    return gathered


def _as_text(cell: Any) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    return msgspec.json.encode(cell).decode()
