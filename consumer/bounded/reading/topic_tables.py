"""Records of a topic as chunks: read by the stream's own decoder, so that both label the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from consumer.bounded.arrow import import_pyarrow
from consumer.bounded.chunks import Reject, TableChunk
from consumer.bounded.reading.review_batch import empty_batch, review_batch
from consumer.bounded.reading.review_columns import columns_of_reviews
from consumer.scoring.decoding import decode
from consumer.scoring.outcome import DeadLetter
from consumer.scoring.record import Record


@dataclass(frozen=True, slots=True)
class PartitionRange:
    """The records of one partition that a job labels: from `start` up to, not including, `end`."""

    topic: str
    partition: int
    start: int
    end: int


class RecordReader(Protocol):
    """Reads a partition's range, as often as it is asked to."""

    def read(self, first_offset: int) -> Iterator[Sequence[Record]]:
        """Yield its records from an offset on, in order, in pieces of bounded size, none of them empty."""
        ...


class PartitionTables:
    """A partition's range as an Input whose rows are offsets; values over `value_bytes_max` bytes are rejected."""

    def __init__(self, number: int, place: PartitionRange, reader: RecordReader, value_bytes_max: int) -> None:
        self.place = place
        self._number = number
        self._reader = reader
        self._value_bytes_max = value_bytes_max
        self._next_offset = place.start

    def identity(self) -> str:
        """Return what tells it from another input."""
        place = self.place
        return f"{place.topic}/{place.partition}, offsets {place.start} to {place.end}"

    def kept_schema(self) -> Any:
        """Return no columns: what a record holds beside the review's fields has no type."""
        return import_pyarrow().schema([])

    def read(self, first_row: int) -> Iterator[TableChunk]:
        """Yield the chunks from an offset on; RetriableError where the broker gives no more, or has removed records."""
        self._next_offset = first_offset = max(first_row, self.place.start)
        if first_offset >= self.place.end:
            return
        for records in self._reader.read(first_offset):
            self._next_offset = records[-1].offset() + 1
            yield self._chunk(records)
        # Where the last offsets hold no records: transaction markers.
        self._next_offset = self.place.end

    def share_read(self) -> float | None:
        """Return which share of the offsets was read."""
        offsets = self.place.end - self.place.start
        return (self._next_offset - self.place.start) / offsets if offsets > 0 else 1.0

    def _chunk(self, records: Sequence[Record]) -> TableChunk:
        readable, letters = decode(records, self._value_bytes_max)
        columns = columns_of_reviews(readable.reviews)
        offsets = np.array([record.offset() for record in readable.records], np.int64)
        reviews = review_batch(columns, self.place.topic, offsets)
        partitions = import_pyarrow().array(np.full(len(offsets), self.place.partition, np.int32))
        return TableChunk(
            reviews=reviews.set_column(reviews.schema.get_field_index("partition"), "partition", partitions),
            kept=empty_batch(self.kept_schema()),
            rejects=[_reject(letter) for letter in letters],
            input=self._number,
            next_row=self._next_offset,
            size_bytes=columns.text.nbytes,
        )


def _reject(letter: DeadLetter) -> Reject:
    record = letter.record
    return Reject(record.topic(), record.partition(), record.offset(), f"{letter.reason.value}: {letter.message}")
