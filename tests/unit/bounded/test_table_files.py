"""A table's file is there whole or not at all, and says in text what it said in columns."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from consumer.bounded.storing.parquet_encoding import ROW_GROUP_ROWS, write_parquet
from consumer.bounded.storing.table_files import write_table_file
from shared.errors import ConfigurationError, FatalError, InputError
from tests.support.label_rows import label_rows
from tests.support.small_disk import small_disk

FORMATS = ["some.parquet", "some.csv", "some.jsonl"]
MOMENT = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


def write(path: Path, table: Any) -> Path:
    write_table_file(path, table.schema, [table])
    return path


@pytest.mark.parametrize("name", FORMATS)
def test_a_table_that_breaks_off_leaves_nothing(tmp_path: Path, name: str) -> None:
    def broken() -> Iterator[Any]:
        yield label_rows(0, 10)
        raise InputError("the database is gone")

    with pytest.raises(InputError, match="the database is gone"):
        write_table_file(tmp_path / name, label_rows(0, 0).schema, broken())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", FORMATS)
def test_a_full_disk_leaves_nothing(tmp_path: Path, name: str) -> None:
    with small_disk(tmp_path / "disk", 2) as disk:
        disk.fill(8192)
        with pytest.raises(FatalError, match="could not be written") as caught:
            write(disk.folder / name, label_rows(0, 50_000))
        assert "--resume" not in caught.value.hint
        assert [path.name for path in disk.folder.iterdir()] == ["ballast"]


def test_two_do_not_write_one_file(tmp_path: Path) -> None:
    def meanwhile() -> Iterator[Any]:
        with pytest.raises(ConfigurationError, match="another job writes"):
            write(tmp_path / "some.csv", label_rows(0, 1))
        yield label_rows(0, 2)

    write_table_file(tmp_path / "some.csv", label_rows(0, 0).schema, meanwhile())
    assert len((tmp_path / "some.csv").read_text().splitlines()) > 2


def odd_table() -> Any:
    return pa.table(
        {
            "flag": pa.array([True, None]),
            "number": pa.array([float("nan"), 1.0]),
            "large": pa.array([2**60, None]),
            "price": pa.array([Decimal("1.10"), None]),
            "day": pa.array([date(2026, 1, 2), None]),
            "moment": pa.array([MOMENT, None], pa.timestamp("ns", "Europe/Berlin")),
            "local": pa.array([MOMENT.replace(tzinfo=None), None], pa.timestamp("us")),
            "list": pa.array([[1, 2], None]),
            "nested": pa.array([{"a": 1.5, "b": 'say "so"'}, None]),
            "bytes": pa.array([b"\xff\x00", None]),
            "category": pa.array(["=1+1", None]).dictionary_encode(),
            "nothing": pa.nulls(2),
            'a "name", quoted': pa.array(["", None]),
        }
    )


def test_lines_of_json_hold_what_the_columns_held(tmp_path: Path) -> None:
    first, second = map(json.loads, write(tmp_path / "some.jsonl", odd_table()).read_text().splitlines())
    assert first == {
        "flag": True,
        "number": None,
        "large": 2**60,
        "price": 1.1,
        "day": "2026-01-02",
        "moment": "2026-01-02T03:04:05.000006Z",
        "local": "2026-01-02T03:04:05.000006",
        "list": [1, 2],
        "nested": {"a": 1.5, "b": 'say "so"'},
        "bytes": "/wA=",
        "category": "=1+1",
        "nothing": None,
        'a "name", quoted': "",
    }
    assert second == dict.fromkeys(first) | {"number": 1.0}


def test_csv_holds_what_the_columns_held(tmp_path: Path) -> None:
    content = write(tmp_path / "some.csv", odd_table()).read_text()
    first, second = csv.DictReader(content.splitlines())
    assert first == {
        "flag": "true",
        "number": "",
        "large": str(2**60),
        "price": "1.10",
        "day": "2026-01-02",
        "moment": "2026-01-02T03:04:05.000006Z",
        "local": "2026-01-02T03:04:05.000006",
        "list": "[1,2]",
        "nested": '{"a":1.5,"b":"say \\"so\\""}',
        "bytes": "/wA=",
        "category": "=1+1",
        "nothing": "",
        'a "name", quoted': "",
    }
    assert second == dict.fromkeys(first, "") | {"number": "1"}
    # An empty text is in quotes, a null is not.
    assert content.splitlines()[1].endswith(',"=1+1",,""')


def test_small_tables_share_a_row_group_and_large_ones_are_cut(tmp_path: Path) -> None:
    tables = [pa.table({"offset": range(100_000)})] * 7
    write_parquet(tmp_path / "some.parquet", tables[0].schema, tables)
    metadata = parquet.ParquetFile(tmp_path / "some.parquet").metadata
    groups = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    assert sum(groups) == 700_000
    assert all(ROW_GROUP_ROWS <= rows < 2 * ROW_GROUP_ROWS for rows in groups[:-1])
    assert len(groups) == 3


def test_a_large_table_is_cut_into_equal_row_groups(tmp_path: Path) -> None:
    table = pa.table({"offset": range(2 * ROW_GROUP_ROWS + 11)})
    write_parquet(tmp_path / "some.parquet", table.schema, [table])
    metadata = parquet.ParquetFile(tmp_path / "some.parquet").metadata
    groups = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    assert groups == [ROW_GROUP_ROWS + 6, ROW_GROUP_ROWS + 5]


def test_parquet_is_compressed_by_zstd(tmp_path: Path) -> None:
    write_parquet(tmp_path / "some.parquet", label_rows(0, 0).schema, [label_rows(0, 1000)])
    group = parquet.ParquetFile(tmp_path / "some.parquet").metadata.row_group(0)
    assert {group.column(number).compression for number in range(group.num_columns)} == {"ZSTD"}
