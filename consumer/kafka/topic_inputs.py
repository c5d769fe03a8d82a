"""A topic's ranges as inputs of a job, one partition after another: a place is a partition and an offset."""

from collections.abc import Iterator, Sequence

from consumer.bounded.chunks import CHUNK_BYTES, CHUNK_ROWS
from consumer.bounded.reading.topic_tables import PartitionRange, PartitionTables
from consumer.kafka.range_reader import RangeReader, Ranges
from consumer.scoring.record import Record


class PartitionReader:
    """The RecordReader of one partition; those of a topic share a connection, so one reads at a time."""

    def __init__(self, reader: RangeReader, place: PartitionRange) -> None:
        self._reader = reader
        self._place = place

    def read(self, first_offset: int) -> Iterator[Sequence[Record]]:
        """Yield about CHUNK_ROWS records at a time, fewer where they are long; see the port."""
        gathered: list[Record] = []
        size_bytes = 0
        for records in self._reader.read_chunks({self._place.partition: (first_offset, self._place.end)}):
            gathered += records
            size_bytes += sum(len(record.value() or b"") for record in records)
            if len(gathered) >= CHUNK_ROWS or size_bytes >= CHUNK_BYTES:
                yield gathered
                gathered, size_bytes = [], 0
        if gathered:
            yield gathered


def topic_inputs(reader: RangeReader, ranges: Ranges, value_bytes_max: int) -> list[PartitionTables]:
    """Return the inputs that ranges of a topic are, in order of their partitions; `reader` stays theirs."""
    places = [PartitionRange(reader.topic, number, *ranges[number]) for number in sorted(ranges)]
    return [
        PartitionTables(number, place, PartitionReader(reader, place), value_bytes_max)
        for number, place in enumerate(places)
    ]
