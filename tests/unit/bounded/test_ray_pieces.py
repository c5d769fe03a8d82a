"""A job in pieces: together they are the whole of it, and each is exactly its rows."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from consumer.bounded.cluster.ray_job import require_readable_anywhere
from consumer.bounded.cluster.ray_pieces import Piece, pieces_of, within
from consumer.bounded.ports import Input
from consumer.bounded.progress import Progress
from consumer.bounded.reading.inputs import ReadAs, open_inputs
from consumer.bounded.reading.row_tables import RowTables
from consumer.bounded.reading.topic_tables import PartitionRange, PartitionTables
from shared.errors import ConfigurationError
from tests.support.standard_input import no_standard_input

ROWS, GROUP_ROWS = 95, 10


@pytest.fixture
def inputs(tmp_path: Path) -> list[Input]:
    """A Parquet file with two rows that hold no review, and a JSONL file."""
    texts: list[Any] = [f"text {row}" for row in range(ROWS)]
    texts[29] = texts[30] = None
    parquet.write_table(pa.table({"text": texts}), tmp_path / "a.parquet", row_group_size=GROUP_ROWS)
    (tmp_path / "b.jsonl").write_text('{"text": "one"}\n{"text": "two"}\n')
    return open_inputs([str(tmp_path / "a.parquet"), str(tmp_path / "b.jsonl")], ReadAs(), no_standard_input)


def test_parquet_is_cut_at_row_groups_and_other_files_stay_whole(inputs: list[Input]) -> None:
    assert list(pieces_of(inputs, Progress(), 25)) == [
        Piece(0, 0, 30), Piece(0, 30, 60), Piece(0, 60, 90), Piece(0, 90, 95), Piece(1, 0, None),
    ]  # fmt: skip


def test_what_was_done_before_is_in_no_piece(inputs: list[Input]) -> None:
    assert list(pieces_of(inputs, Progress(0, 47), 25)) == [Piece(0, 47, 80), Piece(0, 80, 95), Piece(1, 0, None)]
    assert list(pieces_of(inputs, Progress(1, 1), 25)) == [Piece(1, 1, None)]
    assert not [piece for piece in pieces_of(inputs, Progress(0, ROWS), 25) if piece.input == 0 and piece.end_row]


def test_pieces_read_every_row_once_whatever_chunks_they_come_in(inputs: list[Input]) -> None:
    numbers: list[int] = []
    rejected: list[int] = []
    for piece in pieces_of(inputs[:1], Progress(), 25):
        chunks = list(within(inputs[0].read(piece.first_row), piece.end_row))
        numbers += [number for chunk in chunks for number in chunk.reviews["offset"].to_pylist()]
        rejected += [reject.row for chunk in chunks for reject in chunk.rejects]
        assert chunks[-1].next_row == piece.end_row
    assert numbers == [row for row in range(1, ROWS + 1) if row not in {30, 31}]
    assert rejected == [30, 31]


def test_an_input_without_row_groups_is_read_to_its_end(inputs: list[Input]) -> None:
    assert isinstance(inputs[1], RowTables)
    (chunk,) = within(inputs[1].read(1), None)
    assert chunk.reviews["text"].to_pylist() == ["two"]


def test_a_topic_is_not_sent_to_other_machines() -> None:
    nothing: Any = None
    topic = PartitionTables(0, PartitionRange("reviews", 0, 0, 1), nothing, 1)
    with pytest.raises(ConfigurationError, match="can't read a topic"):
        require_readable_anywhere([topic])
