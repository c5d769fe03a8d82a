"""A job in pieces that machines take in any order; what becomes of them is put in order again."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from consumer.bounded.arrow import import_pyarrow
from consumer.bounded.chunks import Reject, TableChunk
from consumer.bounded.ports import Input
from consumer.bounded.progress import Progress
from consumer.bounded.reading.parquet_tables import ParquetTables
from consumer.bounded.steps import Step
from consumer.bounded.storing.table_sink import LabelledChunk

# Long enough that what a task costs does not show, short enough that the last machine is not waited for.
PIECE_ROWS = 131_072


class Piece(msgspec.Struct, frozen=True):
    """Rows of one input, from the first (counted from 0) up to, not including, the end; without an end: all of them."""

    input: int
    first_row: int
    end_row: int | None


class PieceResult(msgspec.Struct, frozen=True):
    """A LabelledChunk between machines, `labels` as an Arrow stream; `seconds` are those since the one before."""

    labels: bytes
    rejects: list[Reject]
    input: int
    next_row: int
    seconds: dict[Step, float]
    counts: dict[str, int]
    node: str


def pieces_of(inputs: Sequence[Input], start: Progress, piece_rows: int) -> Iterator[Piece]:
    """Yield in order what is left of a job: Parquet by its row groups, any other input whole: it can't be divided."""
    for number in range(start.input, len(inputs)):
        first_row = start.row if number == start.input else 0
        ends = _ends(inputs[number], first_row, piece_rows)
        for begin, end in pairwise([first_row, *ends]):
            yield Piece(number, begin, end)
        if not ends:
            yield Piece(number, first_row, None)


def _ends(one: Input, first_row: int, piece_rows: int) -> list[int]:
    if not isinstance(one, ParquetTables):
        return []
    ends: list[int] = []
    last = first_row
    groups = one.row_group_ends()
    for end in groups:
        if end - last >= piece_rows or (end == groups[-1] and end > last):
            ends.append(end)
            last = end
    return ends


def within(chunks: Iterator[TableChunk], end_row: int | None) -> Iterator[TableChunk]:
    """Yield chunks of a file up to a row; one that goes beyond it is cut."""
    for chunk in chunks:
        if end_row is None or chunk.next_row <= end_row:
            yield chunk
        else:
            yield _cut(chunk, end_row)
        if end_row is not None and chunk.next_row >= end_row:
            return


def _cut(chunk: TableChunk, end_row: int) -> TableChunk:
    # Rows are numbered from 1, in order.
    numbers = chunk.reviews["offset"].to_numpy()
    count = int((numbers <= end_row).sum())
    reviews = chunk.reviews.slice(0, count)
    return TableChunk(
        reviews=reviews,
        kept=chunk.kept.slice(0, count),
        rejects=[reject for reject in chunk.rejects if reject.row <= end_row],
        input=chunk.input,
        next_row=end_row,
        size_bytes=reviews["text"].nbytes,
    )


def pack(chunk: LabelledChunk, seconds: dict[Step, float], counts: dict[str, int], node: str) -> bytes:
    """Return what became of a chunk as bytes."""
    pa = import_pyarrow()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, chunk.labels.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as stream:
        stream.write_table(chunk.labels)
    result = PieceResult(
        sink.getvalue().to_pybytes(), chunk.rejects, chunk.input, chunk.next_row, seconds, counts, node
    )
    return msgspec.msgpack.encode(result)


def unpack(content: bytes) -> tuple[LabelledChunk, PieceResult]:
    """Return what `pack` made bytes of."""
    result = msgspec.msgpack.decode(content, type=PieceResult)
    labels: Any = import_pyarrow().ipc.open_stream(result.labels).read_all()
    return LabelledChunk(labels, result.rejects, result.input, result.next_row), result
