"""A Parquet file as chunks: its columns are used as they are, and only rows that look wrong are read one by one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from consumer.bounded.arrow import import_pyarrow
from consumer.bounded.chunks import CHUNK_BYTES, CHUNK_ROWS, Reject, TableChunk
from consumer.bounded.reading.locations import Location
from consumer.bounded.reading.review_batch import chosen, review_batch
from consumer.bounded.reading.review_columns import ReviewColumns, Unusual, columns_of_reviews, columns_of_table
from shared.errors import InputError
from shared.parquet_rows import cells_of, import_parquet, row_of, unreadable
from shared.review_rows import BadRow, ColumnMapping, ReviewRow


class ParquetTables:
    """The rows of one Parquet file, numbered from 1, as an Input; `keep` says which column is stored as what."""

    def __init__(
        self, number: int, location: Location, columns: ColumnMapping, keep: Mapping[str, str], stem: str
    ) -> None:
        self._number = number
        self._location = location
        self._path = location.name
        self._columns = columns
        self._keep = keep
        self._stem = stem
        self._rows_read = 0
        self._rows_total = 0

    def share_read(self) -> float | None:
        """Return which share of the rows was read, None before the file is open."""
        return self._rows_read / self._rows_total if self._rows_total else None

    def identity(self) -> str:
        """Return what tells it from another input."""
        return self._location.identity()

    def kept_schema(self) -> Any:
        """Return the columns to be stored with the labels; InputError where the file lacks one or can't be read."""
        arrow, _ = import_parquet()
        with self._opened() as file:
            self._columns.require(file.schema_arrow.names, self._path)
            return arrow.schema([self._kept_field(arrow, file.schema_arrow, column) for column in self._keep])

    def row_group_ends(self) -> list[int]:
        """Return how many rows there are up to the end of each row group: reading from there on wastes nothing."""
        with self._opened() as file:
            groups = range(file.metadata.num_row_groups)
            return list(accumulate(file.metadata.row_group(group).num_rows for group in groups))

    def read(self, first_row: int) -> Iterator[TableChunk]:
        """Yield the chunks from a row on, counted from 0; InputError where the file is not Parquet or is damaged."""
        arrow, _ = import_parquet()
        self._rows_read = 0
        with self._opened() as file:
            names = file.schema_arrow.names
            self._columns.require(names, self._path)
            for column in self._keep:
                self._kept_field(arrow, file.schema_arrow, column)
            self._rows_total = file.metadata.num_rows
            wanted = [name for name in names if name in self._columns.wanted() or name in self._keep]
            groups = self._groups_from(file.metadata, first_row)
            rows = chunk_rows(file.metadata)
            for batch in file.iter_batches(batch_size=rows, row_groups=groups, columns=wanted):
                skipped = min(max(first_row - self._rows_read, 0), batch.num_rows)
                self._rows_read += batch.num_rows
                if skipped < batch.num_rows:
                    yield self._chunk(batch.slice(skipped))

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        """Give the open pyarrow.parquet.ParquetFile; InputError where it can't be read, or not on."""
        arrow, parquet = import_parquet()
        try:
            with self._location.open_anywhere() as opened, parquet.ParquetFile(opened) as file:
                yield file
        except (arrow.ArrowException, OSError) as error:
            raise unreadable(self._path, self._rows_read, error) from error

    def _groups_from(self, metadata: Any, first_row: int) -> list[int]:
        """Return the row groups to read for the rows from `first_row` on, those before counted as read."""
        for group in range(metadata.num_row_groups):
            rows = metadata.row_group(group).num_rows
            if self._rows_read + rows > first_row:
                return list(range(group, metadata.num_row_groups))
            self._rows_read += rows
        return []

    def _chunk(self, batch: Any) -> TableChunk:
        numbers = np.arange(self._rows_read - batch.num_rows + 1, self._rows_read + 1, dtype=np.int64)
        columns, rejects = self._read_columns(batch, numbers)
        kept = self._kept(batch)
        reviews = review_batch(columns, self._path, numbers)
        if rejects:
            mask = import_pyarrow().array(columns.usable)
            reviews, kept = chosen(reviews, mask), chosen(kept, mask)
        size_bytes = reviews["text"].nbytes
        return TableChunk(reviews, kept, rejects, self._number, self._rows_read, size_bytes)

    def _read_columns(self, batch: Any, numbers: NDArray[np.int64]) -> tuple[ReviewColumns, list[Reject]]:
        try:
            # Texts that are not UTF-8 are found here.
            batch.validate(full=True)
            columns = columns_of_table(batch, self._columns, self._stem, numbers)
            rejects = self._rejects(batch, numbers, np.flatnonzero(~columns.usable))
        except (Unusual, import_pyarrow().ArrowInvalid):
            return self._read_rows(batch, numbers)
        return columns, rejects

    def _rejects(self, batch: Any, numbers: NDArray[np.int64], rows: NDArray[np.int64]) -> list[Reject]:
        rejects = []
        for row in rows.tolist():
            read = self._read_row(cells_of(batch.slice(row, 1))[0], int(numbers[row]))
            if isinstance(read, ReviewRow):
                raise Unusual("a row that is as it must be")
            rejects.append(Reject(read.place.file, None, read.place.number, read.message))
        return rejects

    def _read_rows(self, batch: Any, numbers: NDArray[np.int64]) -> tuple[ReviewColumns, list[Reject]]:
        read = [self._read_row(cells, number) for cells, number in zip(cells_of(batch), numbers.tolist(), strict=True)]
        rejects = [
            Reject(row.place.file, None, row.place.number, row.message) for row in read if isinstance(row, BadRow)
        ]
        return columns_of_reviews([row.review if isinstance(row, ReviewRow) else None for row in read]), rejects

    def _read_row(self, cells: dict[str, Any] | None, number: int) -> ReviewRow | BadRow:
        row = row_of(cells, self._path, number)
        return row if isinstance(row, BadRow) else self._columns.review(row, f"{self._stem}-{number}")

    def _kept_field(self, arrow: Any, schema: Any, column: str) -> Any:
        if column not in schema.names:
            raise InputError(
                f"{self._path} has no column {column!r}; it has {', '.join(schema.names)}",
                hint="--keep names columns of the input",
            )
        return arrow.field(self._keep[column], schema.field(column).type)

    def _kept(self, batch: Any) -> Any:
        columns = [batch.column(column) for column in self._keep]
        return import_pyarrow().record_batch(columns, names=list(self._keep.values()))


def chunk_rows(metadata: Any) -> int:
    """Return how many rows are read at once, so that a chunk of long texts stays small."""
    size_bytes = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
    row_bytes = size_bytes / max(1, metadata.num_rows)
    return max(1, min(CHUNK_ROWS, int(CHUNK_BYTES / max(1.0, row_bytes))))
