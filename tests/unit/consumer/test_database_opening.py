from pathlib import Path

import pytest

from consumer.bounded.databases.opening import is_database, open_database_results, open_database_store
from consumer.bounded.ports import Mode
from consumer.bounded.progress import Job, Progress
from consumer.bounded.results_port import ResultFilter
from tests.support.label_rows import label_rows


@pytest.mark.parametrize(
    ("name", "sign"),
    [("a.duckdb", b"DUCK"), ("a.ddb", b"DUCK"), ("a.sqlite", b"SQLite"), ("a.sqlite3", b"SQLite"), ("a.db", b"SQLite")],
)
def test_a_file_is_a_database_by_its_suffix_and_its_table_has_a_default_name(
    tmp_path: Path, name: str, sign: bytes
) -> None:
    target = str(tmp_path / name)
    assert is_database(target)
    store = open_database_store(target, None, Mode.FRESH)
    store.begin(Job({}), label_rows(0, 0).schema)
    store.append(label_rows(0, 3), Progress(labelled=3))
    store.finish(Progress(labelled=3))
    store.close()
    (found,) = open_database_results(target, "sentiment").scan(ResultFilter(), ["review_id"])
    assert found["review_id"].to_pylist() == ["r0", "r1", "r2"]
    assert sign in Path(target).read_bytes()[:16]


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "labels", "kafka:labels", "-"])
def test_what_else_labels_are_stored_in_is_no_database(name: str) -> None:
    assert not is_database(name)
