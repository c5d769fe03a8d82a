from pathlib import Path

import pytest

from consumer.bounded.finding.results_port import ResultFilter
from consumer.bounded.outputs import OutputOptions, open_results, open_store
from consumer.bounded.ports import Mode
from consumer.bounded.progress import Job, Progress
from shared.errors import ConfigurationError
from tests.support.label_rows import label_rows

FIRST_BYTES = {
    "a.duckdb": b"DUCK",
    "a.ddb": b"DUCK",
    "a.sqlite": b"SQLite",
    "a.sqlite3": b"SQLite",
    "A.DB": b"SQLite",
}


@pytest.mark.parametrize("name", FIRST_BYTES)
def test_a_file_is_a_database_by_its_suffix_and_its_table_has_a_default_name(tmp_path: Path, name: str) -> None:
    target = str(tmp_path / name)
    store = open_store(target, Mode.FRESH)
    store.begin(Job({}), label_rows(0, 0).schema)
    store.append(label_rows(0, 3), Progress(labelled=3))
    store.finish(Progress(labelled=3))
    store.close()
    (found,) = open_results(target, OutputOptions(table="sentiment")).scan(ResultFilter(), ["review_id"])
    assert found["review_id"].to_pylist() == ["r0", "r1", "r2"]
    assert FIRST_BYTES[name] in Path(target).read_bytes()[:16]


def test_a_database_is_not_partitioned(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be partitioned"):
        open_store(str(tmp_path / "a.duckdb"), Mode.FRESH, OutputOptions(partition_by="label"))
