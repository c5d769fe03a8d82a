"""The rows of one review file as chunks: columns where the file has columns, rows turned into columns elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from consumer.bounded.arrow import import_pyarrow
from consumer.bounded.chunks import CHUNK_BYTES, CHUNK_ROWS, Reject, TableChunk
from consumer.bounded.parquet_tables import ParquetTables
from consumer.bounded.review_batch import review_batch
from consumer.bounded.review_columns import columns_of_reviews
from shared.review_files import FileFormat, ReviewFile
from shared.review_rows import BadRow, ColumnMapping, Row
from shared.reviews import Review


class FileTables:
    """One review file; `number` is its place among a job's inputs, `keep` says which column is stored as what."""

    def __init__(
        self, number: int, file: ReviewFile, path: Path | None, columns: ColumnMapping, keep: Mapping[str, str]
    ) -> None:
        self._number = number
        self._file = file
        self._keep = keep
        self._parquet = None
        if path is not None and file.format is FileFormat.PARQUET:
            self._parquet = ParquetTables(number, path, columns, keep, file.stem)

    def read(self, first_row: int) -> Iterator[TableChunk]:
        """Yield the chunks from a row on, counted from 0; InputError where the file can't be read."""
        if self._parquet is not None:
            yield from self._parquet.read(first_row)
            return
        rows = islice(self._file.rows(), first_row, None)
        done = first_row
        while gathered := _gather(rows):
            done += len(gathered)
            yield self._chunk(gathered, done)

    def share_read(self) -> float | None:
        """Return which share of the file was read, None where its size is not known."""
        return self._parquet.share_read() if self._parquet is not None else self._file.share_read()

    def _chunk(self, rows: list[Row | BadRow], done: int) -> TableChunk:
        reviews: list[Review] = []
        numbers: list[int] = []
        kept: list[Row] = []
        rejects: list[Reject] = []
        for row in rows:
            read = row if isinstance(row, BadRow) else self._file.review(row)
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
        # These files' cells have no type of their own that would hold from the first row to the last.
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
