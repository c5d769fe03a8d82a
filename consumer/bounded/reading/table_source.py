"""The Source of bounded data: chunks of tables as the loop's batches, and the Decoder that belongs to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from consumer.bounded.arrow import import_pyarrow
from consumer.bounded.chunks import Reject, TableChunk
from consumer.bounded.label_table import ORIGIN
from consumer.bounded.reading.review_batch import chosen
from consumer.scoring.batching import BatchLimits
from consumer.scoring.outcome import DeadLetter
from consumer.scoring.record import NOTHING, Batch, ClosedBy, Record
from consumer.scoring.texts import Utf8Texts
from shared.errors import FatalError, Reason

STAGE = "decode"
UNKNOWN_TIME_MS = -1


@dataclass(frozen=True, slots=True)
class RowRecord:
    """A row as a record: named by its file or topic, and by its number there."""

    source: str
    # None for a row of a file.
    part: int | None
    number: int

    def topic(self) -> str:
        """Return the file or topic it was read from."""
        return self.source

    def partition(self) -> int:
        """Return the topic's partition, 0 for a file."""
        return self.part or 0

    def offset(self) -> int:
        """Return its number in the file, or its offset."""
        return self.number

    def key(self) -> bytes | None:
        """Return nothing: what a row holds stays in its columns."""
        return None

    def value(self) -> bytes | None:
        """Return nothing: see `key`."""
        return None

    def headers(self) -> None:
        """Return nothing: a row has none."""
        return

    def timestamp(self) -> tuple[int, int]:
        """Return that its time is not known."""
        return 0, UNKNOWN_TIME_MS


class TableRows(Sequence[Record]):
    """The rows of one chunk: reviews first, then rejects; no row is an object until somebody asks for it."""

    def __init__(self, chunk: TableChunk) -> None:
        self.chunk = chunk

    def __len__(self) -> int:
        """Return how many rows there are."""
        return int(self.chunk.reviews.num_rows) + len(self.chunk.rejects)

    @overload
    def __getitem__(self, row: int) -> Record: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Record]: ...

    def __getitem__(self, row: int | slice) -> "Record | Sequence[Record]":
        """Return one row, or a range of them."""
        if isinstance(row, slice):
            return [self[number] for number in range(*row.indices(len(self)))]
        number = range(len(self))[row]
        reviews = self.chunk.reviews.num_rows
        if number < reviews:
            return row_record(self.chunk.reviews, number)
        return rejected_record(self.chunk.rejects[number - reviews])


class TableBatch(Batch):
    """A chunk as the loop moves it."""

    @cached_property
    def timestamps_ms(self) -> NDArray[np.int64]:
        """Nothing: no row's time of arrival is known, (n,)."""
        return np.full(len(self), UNKNOWN_TIME_MS, np.int64)


@dataclass(frozen=True, slots=True)
class ReadableTable:
    """Reviews as columns: see TableChunk; `kept` (pyarrow.RecordBatch) are further columns of the same rows."""

    reviews: Any
    kept: Any

    def texts(self) -> Utf8Texts:
        """Return the reviews' texts, as they lie in memory."""
        return utf8_texts(self.reviews["text"])

    def record(self, row: int) -> Record:
        """Return the row as a record."""
        return row_record(self.reviews, row)

    def without(self, rows: set[int]) -> "ReadableTable":
        """Return the columns without some rows."""
        keep = np.ones(self.reviews.num_rows, bool)
        keep[list(rows)] = False
        mask = import_pyarrow().array(keep)
        return ReadableTable(chosen(self.reviews, mask), chosen(self.kept, mask))


class TableSource:
    """Gives one chunk a batch, as it is read; a chunk is as large as its reader makes it."""

    def __init__(self, chunks: Iterator[TableChunk]) -> None:
        self._chunks = chunks
        self._exhausted = False

    def poll(self, _limits: BatchLimits, _wait_s: float) -> Batch:
        """Return the next chunk; more is waiting until the last has been read."""
        chunk = next(self._chunks, None)
        if chunk is None:
            self._exhausted = True
            return NOTHING
        return TableBatch(TableRows(chunk), chunk.size_bytes, ClosedBy.COUNT)

    def rewind(self) -> None:
        """Refuse: what bounded data become is taken up again by the next run, at its last checkpoint."""
        raise FatalError("the job was interrupted", hint="run it again with --resume")

    def exhausted(self) -> bool:
        """Return whether the last chunk has been given."""
        return self._exhausted


def decode_table(records: Sequence[Record], value_bytes_max: int) -> tuple[ReadableTable, list[DeadLetter]]:
    """Return a chunk's reviews and its rejects; texts of more than `value_bytes_max` bytes are refused as well."""
    if not isinstance(records, TableRows):
        raise TypeError("tables are read as TableSource gives them")
    chunk = records.chunk
    letters = [DeadLetter(rejected_record(reject), Reason.SCHEMA, reject.reason, STAGE) for reject in chunk.rejects]
    readable = ReadableTable(chunk.reviews, chunk.kept)
    sizes = _sizes(chunk.reviews["text"])
    if not len(sizes) or sizes.max() <= value_bytes_max:
        return readable, letters
    too_large = np.flatnonzero(sizes > value_bytes_max).tolist()
    letters += [
        DeadLetter(readable.record(row), Reason.TOO_LARGE, _too_large(int(sizes[row]), value_bytes_max), STAGE)
        for row in too_large
    ]
    return readable.without(set(too_large)), letters


def _too_large(size_bytes: int, value_bytes_max: int) -> str:
    return f"the text has {size_bytes} bytes, the limit is {value_bytes_max}"


def utf8_texts(column: Any) -> Utf8Texts:
    """Return the texts of a string column (pyarrow.StringArray or LargeStringArray, without nulls)."""
    offsets = _offsets(column)
    content = column.buffers()[2]
    first, last = int(offsets[0]), int(offsets[-1])
    text = content.slice(first, last - first).to_pybytes() if content is not None else b""
    return Utf8Texts(text, (offsets[1:] - first).astype(np.int64, copy=False))


def _sizes(column: Any) -> NDArray[np.int64]:
    return np.diff(_offsets(column))


def _offsets(column: Any) -> NDArray[np.int64]:
    pa = import_pyarrow()
    kind = np.int64 if pa.types.is_large_string(column.type) else np.int32
    if not len(column):
        return np.zeros(1, np.int64)
    everything: NDArray[Any] = np.frombuffer(column.buffers()[1], kind)
    return everything[column.offset : column.offset + len(column) + 1].astype(np.int64)


def row_record(reviews: Any, row: int) -> RowRecord:
    """Return one review's row as a record."""
    source, partition, offset = (reviews[name][row].as_py() for name in ORIGIN)
    return RowRecord(source, partition, offset)


def rejected_record(reject: Reject) -> RowRecord:
    """Return a rejected row as a record."""
    return RowRecord(reject.source, reject.partition, reject.row)
