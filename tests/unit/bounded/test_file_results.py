"""Labels in files are found by what is known of them, and only those."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from consumer.bounded.finding.results_port import ResultFilter, TimeColumn
from consumer.bounded.outputs import OutputOptions, open_results, open_store
from consumer.bounded.ports import Mode
from consumer.bounded.progress import Job, Progress
from shared.errors import ConfigurationError, InputError
from tests.support.hard_texts import HARD_TEXTS
from tests.support.label_rows import FIRST_SCORED, ODD_COLUMN, label_rows

COUNT = 300
FORMATS = ["labels", "labels.parquet", "labels.csv", "labels.jsonl"]


def store(path: Path, table: Any, options: OutputOptions | None = None) -> Path:
    """Store labels in an output of their own."""
    stores = open_store(str(path), Mode.FRESH, options or OutputOptions())
    progress = Progress(row=table.num_rows, labelled=table.num_rows)
    try:
        stores.begin(Job({}), table.schema)
        stores.append(table, progress)
        stores.finish(progress)
    finally:
        stores.close()
    return path


@pytest.fixture(params=FORMATS)
def labels(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return store(tmp_path / request.param, label_rows(0, COUNT))


def found(path: Path, wanted: ResultFilter | None = None, *columns: str) -> list[dict[str, Any]]:
    tables = open_results(str(path)).scan(wanted or ResultFilter(), columns)
    return [row for table in tables for row in table.to_pylist()]


def ids(path: Path, wanted: ResultFilter) -> list[str]:
    return [row["review_id"] for row in found(path, wanted, "review_id")]


def numbered(numbers: Sequence[int]) -> list[str]:
    return [f"r{number}" for number in numbers]


def test_conditions_hold_together_and_values_of_one_are_alternatives(labels: Path) -> None:
    wanted = ResultFilter(labels=("positive", "neutral"), product_ids=("p1",))
    assert ids(labels, wanted) == numbered([n for n in range(COUNT) if n % 3 and n % 5 == 1 and n % 4])


def test_labels_are_found_by_id_in_the_order_they_were_stored(labels: Path) -> None:
    assert ids(labels, ResultFilter(review_ids=("r250", "r7", "none"))) == ["r7", "r250"]
    assert ids(labels, ResultFilter(review_ids=("r250", "r7"), limit=1)) == ["r7"]


def test_a_span_of_time_has_its_start_and_lacks_its_end(labels: Path) -> None:
    span = ResultFilter(since=FIRST_SCORED + timedelta(minutes=5), until=FIRST_SCORED + timedelta(minutes=8))
    assert ids(labels, span) == numbered(range(5, 8))
    moment = label_rows(9, 10)["created_at"][0].as_py()
    made = ResultFilter(time_column=TimeColumn.CREATED_AT, since=moment, until=moment + timedelta(days=3))
    assert ids(labels, made) == ["r9", "r11"]


def test_a_name_and_a_value_of_odd_characters_are_only_that(labels: Path) -> None:
    assert found(labels, ResultFilter(limit=1), ODD_COLUMN, "label") == [{ODD_COLUMN: None, "label": "negative"}]
    assert ids(labels, ResultFilter(review_ids=("' OR 1=1; --",))) == []


def test_where_nothing_matches_the_columns_are_still_told(labels: Path) -> None:
    tables = list(open_results(str(labels)).scan(ResultFilter(review_ids=("none",)), ("label", "score")))
    assert [table.num_rows for table in tables] == [0]
    assert tables[0].schema.names == ["label", "score"]


def test_a_column_that_is_not_there_is_said(labels: Path) -> None:
    with pytest.raises(InputError, match="no column 'nothing'") as caught:
        found(labels, None, "nothing")
    assert "review_id" in caught.value.hint


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_without_the_column_of_a_condition_is_said(tmp_path: Path, name: str) -> None:
    path = store(tmp_path / name, label_rows(0, 3).drop_columns(["created_at"]))
    with pytest.raises(InputError, match="no column 'created_at'"):
        found(path, ResultFilter(since=FIRST_SCORED, time_column=TimeColumn.CREATED_AT))


@pytest.mark.parametrize("name", FORMATS)
def test_ids_that_look_like_numbers_or_dates_stay_texts(tmp_path: Path, name: str) -> None:
    odd = ["007", "2025-01-01", "1e5", "NaN", "null", "", "true", "8b9c5f4e-0000-4000-8000-000000000000"]
    table = label_rows(0, len(odd)).set_column(0, "review_id", pa.array(odd)).append_column("shop", pa.array(odd))
    path = store(tmp_path / name, table)
    assert [(row["review_id"], row["shop"]) for row in found(path)] == [(one, one) for one in odd]


@pytest.mark.parametrize("name", FORMATS)
def test_hard_texts_that_were_kept_come_back_as_they_were(tmp_path: Path, name: str) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in HARD_TEXTS]
    table = label_rows(0, len(texts)).append_column("text", pa.array(texts))
    assert [row["text"] for row in found(store(tmp_path / name, table))] == texts


@pytest.mark.parametrize("name", FORMATS)
def test_a_text_of_ten_megabytes_that_was_kept_comes_back(tmp_path: Path, name: str) -> None:
    table = label_rows(0, 2).append_column("text", pa.array(["so-so " * 1_700_000, "fine"]))
    rows = found(store(tmp_path / name, table), None, "text")
    assert [len(row["text"]) for row in rows] == [10_200_000, 4]


@pytest.mark.parametrize("folder", ["[1]", "a*b", "what?", "it's", "x=y"])
def test_a_folder_of_any_name_is_read(tmp_path: Path, folder: str) -> None:
    for name in FORMATS:
        path = store(tmp_path / folder / name, label_rows(0, 3))
        assert found(path) == label_rows(0, 3).to_pylist()


def test_partitioned_labels_come_back_with_the_column_of_their_folders(tmp_path: Path) -> None:
    products = pa.array(["007", "a/b=c", None, "ü %2F", "007"], pa.string())
    table = label_rows(0, 5)
    table = table.set_column(table.schema.get_field_index("product_id"), "product_id", products)
    path = store(tmp_path / "labels", table, OutputOptions(partition_by="product_id"))
    assert "product_id=007" in {child.name for child in path.iterdir()}
    rows = found(path, None, *table.schema.names)
    assert sorted(rows, key=lambda row: row["offset"]) == table.to_pylist()
    assert ids(path, ResultFilter(product_ids=("a/b=c",))) == ["r1"]
    assert ids(path, ResultFilter(product_ids=("007",))) == ["r0", "r4"]


def test_an_empty_partitioned_output_tells_its_columns(tmp_path: Path) -> None:
    path = store(tmp_path / "labels", label_rows(0, 0), OutputOptions(partition_by="label"))
    assert found(path) == []


@pytest.mark.parametrize(("column", "said"), [("nothing", "no column 'nothing'"), ("score", "which is double")])
def test_a_column_that_is_no_text_does_not_partition(tmp_path: Path, column: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        store(tmp_path / "labels", label_rows(0, 3), OutputOptions(partition_by=column))
    assert list(tmp_path.iterdir()) == []


def test_a_column_of_many_values_does_not_partition(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="1,001 values"):
        store(tmp_path / "labels", label_rows(0, 1001), OutputOptions(partition_by="review_id"))


def test_a_target_that_is_not_there_or_not_ours_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.parquet").write_text("no Parquet")
    for name, said in [("labels", "is not there"), ("empty", "can't be read"), ("broken.parquet", "can't be read")]:
        with pytest.raises(InputError, match=said):
            found(tmp_path / name)


def test_what_a_broken_line_says_is_not_repeated(tmp_path: Path) -> None:
    path = store(tmp_path / "labels.jsonl", label_rows(0, 3))
    path.write_text(path.read_text() + '{"review_id": "r3", "label": secret words')
    with pytest.raises(InputError, match="can't be read") as caught:
        found(path)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("target", ["labels.txt", "s3://bucket/labels"])
def test_an_output_that_is_not_known_is_refused(target: str) -> None:
    with pytest.raises(ConfigurationError):
        open_store(target, Mode.FRESH)


def test_one_file_is_not_partitioned() -> None:
    with pytest.raises(ConfigurationError, match="can't be partitioned"):
        open_store("labels.csv", Mode.FRESH, OutputOptions(partition_by="label"))
