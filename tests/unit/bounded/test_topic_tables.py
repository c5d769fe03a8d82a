"""Records of a partition as chunks of columns."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from consumer.bounded.reading.topic_tables import PartitionRange, PartitionTables
from consumer.scoring.record import Record
from shared.codec import encode_review
from shared.reviews import Review
from tests.support.memory_records import MemoryRecord, review_value, reviews

VALUE_BYTES_MAX = 1000


class MemoryReader:
    """A RecordReader of what is in memory, two records at a time."""

    def __init__(self, records: Sequence[MemoryRecord]) -> None:
        self._records = records

    def read(self, first_offset: int) -> Iterator[Sequence[Record]]:
        left: list[Record] = [record for record in self._records if record.offset() >= first_offset]
        for place in range(0, len(left), 2):
            yield left[place : place + 2]


def tables_of(records: Sequence[MemoryRecord], start: int = 0, end: int = 10) -> PartitionTables:
    return PartitionTables(3, PartitionRange("reviews", 7, start, end), MemoryReader(records), VALUE_BYTES_MAX)


def test_a_review_becomes_a_row_with_its_place() -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    value = encode_review(Review("r1", "fine", product_id="tea", rating=4, created_at=moment))
    (chunk,) = tables_of([MemoryRecord(value, 7, 5)]).read(0)
    assert chunk.reviews.to_pylist() == [
        {
            "review_id": "r1", "text": "fine", "product_id": "tea", "rating": 4.0, "created_at": moment,
            "source": "reviews", "partition": 7, "offset": 5,
        }
    ]  # fmt: skip
    assert (chunk.input, chunk.next_row, chunk.rejects, chunk.kept.num_columns) == (3, 6, [], 0)


def test_what_the_stream_would_dead_letter_is_rejected_with_its_place_and_an_empty_text_is_not() -> None:
    records = [
        MemoryRecord(b"{", 7, 0),
        MemoryRecord(review_value("empty", ""), 7, 1),
        MemoryRecord(review_value("long", "x" * VALUE_BYTES_MAX), 7, 2),
        MemoryRecord(None, 7, 3),
    ]
    chunks = list(tables_of(records).read(0))
    rows = [row["review_id"] for chunk in chunks for row in chunk.reviews.to_pylist()]
    rejects = [
        (reject.partition, reject.row, reject.reason.split(":")[0]) for chunk in chunks for reject in chunk.rejects
    ]
    assert rows == ["empty"]
    assert rejects == [(7, 0, "not_json"), (7, 2, "too_large"), (7, 3, "empty_value")]


def test_reading_goes_on_behind_what_was_read_and_says_how_far_it_is() -> None:
    tables = tables_of(reviews(6, 7), end=8)
    chunks = tables.read(0)
    assert [next(chunks).next_row, tables.share_read()] == [2, 0.25]
    assert [chunk.reviews["offset"].to_pylist() for chunk in tables.read(3)] == [[3, 4], [5]]
    # The last two offsets hold no records.
    assert tables.share_read() == 1.0


def test_a_range_begins_at_its_start_and_an_empty_one_is_not_read() -> None:
    assert next(tables_of(reviews(6, 7), start=4).read(0)).reviews["offset"].to_pylist() == [4, 5]
    empty = tables_of(reviews(6, 7), start=4, end=4)
    assert (list(empty.read(0)), empty.share_read()) == ([], 1.0)


def test_ranges_are_told_apart_by_topic_partition_and_offsets() -> None:
    assert tables_of([], 2, 9).identity() == "reviews/7, offsets 2 to 9"
