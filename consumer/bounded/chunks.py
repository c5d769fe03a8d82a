"""What is read of bounded data at once: columns of reviews, and the rows that hold none."""

from dataclasses import dataclass
from typing import Any

import msgspec

# So many rows share what a batch costs, and their text still fits a processor's cache a few times over.
CHUNK_ROWS = 16_384
# A chunk of long texts ends early: memory stays bounded whatever a file holds.
CHUNK_BYTES = 8 * 1024 * 1024


class Reject(msgspec.Struct, frozen=True):
    """A row that can't be labelled, and why; the reason never quotes the row.

    `source` is a file or a topic; `row` is a line, or a row counted from 1 where a file has no lines, or an offset.
    """

    source: str
    partition: int | None
    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class TableChunk:
    """Reviews (pyarrow.RecordBatch), the rejects among them, and where the next row of the same input stands.

    Its columns: `review_id`, `text` (both strings, without nulls), `product_id` (string), `rating` (float64),
    `created_at` (microseconds, UTC), `source` (string dictionary), `partition` (int32), `offset` (int64). `kept` (also
    a RecordBatch) has the same rows, and the columns of the input that are to be stored with the labels.
    `size_bytes` is that of the texts.
    """

    reviews: Any
    kept: Any
    rejects: list[Reject]
    input: int
    next_row: int
    size_bytes: int
