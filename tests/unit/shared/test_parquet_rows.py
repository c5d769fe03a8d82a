"""Parquet: rows batch by batch, each with its number, and types that other programs write."""

import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from shared.errors import ConfigurationError, InputError
from shared.parquet_rows import BATCH_ROWS
from shared.review_files import ReviewFile
from shared.review_rows import BadRow, ColumnMapping, ReviewRow
from shared.reviews import Review


def read(path: Path) -> list[ReviewRow | BadRow]:
    return list(ReviewFile(str(path), ColumnMapping()).read())


def reviews_of(rows: list[ReviewRow | BadRow]) -> list[Review]:
    return [row.review for row in rows if isinstance(row, ReviewRow)]


def bad_places(rows: list[ReviewRow | BadRow]) -> list[int]:
    return [row.place.number for row in rows if isinstance(row, BadRow)]


def write_parquet(path: Path, columns: dict[str, Any]) -> Path:
    parquet.write_table(pa.table(columns), path)
    return path


def test_what_is_written_as_parquet_is_read_back_over_more_than_one_batch(tmp_path: Path) -> None:
    count = BATCH_ROWS + 7
    created_at = [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=number) for number in range(count)]
    path = write_parquet(
        tmp_path / "a.parquet",
        {
            "review_id": [f"r{number}" for number in range(count)],
            "text": [f"good value {number}" for number in range(count)],
            "rating": [1 + number % 5 for number in range(count)],
            "created_at": created_at,
            "unrelated": [[number] for number in range(count)],
        },
    )
    found = reviews_of(read(path))
    assert [review.text for review in found] == [f"good value {number}" for number in range(count)]
    assert [review.created_at for review in found] == created_at
    assert {review.rating for review in found} == {1.0, 2.0, 3.0, 4.0, 5.0}


def test_a_parquet_row_is_named_by_its_number(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", {"text": ["fine", None, "ok"], "rating": [1.0, 2.0, 6.0]})
    rows = read(path)
    assert bad_places(rows) == [2, 3]
    assert str(rows[1]).startswith(f"{path}: row 2: ")


def test_a_parquet_text_that_is_not_utf8_spoils_only_its_row(tmp_path: Path) -> None:
    broken = pa.array([b"fine", b"\xff\xfe", b"ok"]).view(pa.string())
    rows = read(write_parquet(tmp_path / "a.parquet", {"text": broken}))
    assert bad_places(rows) == [2]
    assert [review.text for review in reviews_of(rows)] == ["fine", "ok"]


def test_damaged_parquet_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"text\nfine\n")
    with pytest.raises(InputError, match="not readable as Parquet after row 0"):
        read(path)


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column 'text'; it has body"):
        read(write_parquet(tmp_path / "a.parquet", {"body": ["fine"]}))


def test_without_pyarrow_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_parquet(tmp_path / "a.parquet", {"text": ["fine"]})
    # What Python itself puts there for a module that must not be found.
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigurationError, match="pyarrow") as caught:
        read(path)
    assert "reviewstream[parquet]" in caught.value.hint


def test_the_share_read_grows_to_one(tmp_path: Path) -> None:
    file = ReviewFile(str(write_parquet(tmp_path / "a.parquet", {"text": ["fine"] * 10})), ColumnMapping())
    shares = [file.share_read() for _ in file.read()]
    assert shares == [number / 10 for number in range(1, 11)]


def test_times_dates_decimals_and_categories_are_read(tmp_path: Path) -> None:
    moment = datetime(2025, 3, 1, 10, 30, 0, 123456)  # noqa: DTZ001 - a file without zones is the case
    path = write_parquet(
        tmp_path / "a.parquet",
        {
            "text": pa.array(["fine", "ok"]).dictionary_encode(),
            "created_at": pa.array([1740825000123456789, None], pa.timestamp("ns")),
            "rating": pa.array([Decimal("4.5"), None]),
            "review_id": pa.array([1, 2], pa.int64()),
        },
    )
    assert reviews_of(read(path)) == [
        Review("1", "fine", rating=4.5, created_at=moment.replace(tzinfo=UTC)),
        Review("2", "ok"),
    ]


def test_a_date_is_its_first_moment(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", {"text": ["fine"], "created_at": [date(2025, 3, 1)]})
    assert reviews_of(read(path))[0].created_at == datetime(2025, 3, 1, tzinfo=UTC)
