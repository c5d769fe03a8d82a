"""How parts of a Parquet output become one file."""

from pathlib import Path

import pytest
from pyarrow import parquet

from consumer.bounded.storing.parquet_layouts import SingleFile
from tests.support.label_rows import label_rows


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    folder = tmp_path / "labels"
    folder.mkdir()
    return folder


def test_a_run_that_began_the_file_encodes_each_part_once(parts: Path) -> None:
    layout = SingleFile()
    for number in range(3):
        layout.write(label_rows(10 * number, 10 * number + 10), parts, number)
    for part in parts.iterdir():
        part.unlink()
    whole = parquet.read_table(layout.gather(parts, 3, label_rows(0, 0).schema))
    assert whole["offset"].to_pylist() == label_rows(0, 30)["offset"].to_pylist()


def test_a_run_that_took_over_makes_the_same_file_of_the_parts(parts: Path) -> None:
    killed, resumed = SingleFile(), SingleFile()
    killed.write(label_rows(0, 10), parts, 0)
    killed.close()
    resumed.write(label_rows(10, 20), parts, 1)
    whole = parquet.read_table(resumed.gather(parts, 2, label_rows(0, 0).schema))
    assert whole["offset"].to_pylist() == label_rows(0, 20)["offset"].to_pylist()


def test_without_a_label_the_file_tells_the_columns(parts: Path) -> None:
    schema = label_rows(0, 0).schema
    assert parquet.read_table(SingleFile().gather(parts, 0, schema)).schema.names == schema.names
