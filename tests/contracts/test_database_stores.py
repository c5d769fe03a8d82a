"""What every database of labels promises, whatever the engine."""

import itertools
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from consumer.bounded.finding.results_port import ResultFilter, TimeColumn
from consumer.bounded.ports import Mode
from consumer.bounded.progress import Job, Progress
from consumer.bounded.storing.databases.table_store import TableStore
from shared.errors import ConfigurationError, InputError
from tests.support.database_outputs import DatabaseOutput, output_at
from tests.support.killable_store import (
    CHECKPOINT,
    CHECKPOINTS,
    JOB,
    Moment,
    progress_after,
    run_until,
    store_checkpoint,
)
from tests.support.label_rows import FIRST_SCORED, ODD_COLUMN, label_rows

OTHER_JOB = Job({"inputs": "other.csv"})
SCHEMA = label_rows(0, 0).schema
ALL = CHECKPOINT * CHECKPOINTS
KILLED = -9


@dataclass(frozen=True, slots=True)
class Place:
    """A database, and a table in it that nobody else uses."""

    output: DatabaseOutput
    table: str

    def store(self, mode: Mode) -> TableStore:
        return TableStore(self.output.database(), self.table, mode)

    def rows(self, wanted: ResultFilter | None = None, *columns: str) -> list[dict[str, Any]]:
        tables = self.output.results(self.table).scan(wanted or ResultFilter(), columns)
        return [row for table in tables for row in table.to_pylist()]

    def ids(self, wanted: ResultFilter | None = None) -> list[str]:
        return [row["review_id"] for row in self.rows(wanted, "review_id")]


@pytest.fixture(params=["duckdb", "sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "postgres":
        return Place(output_at(request.getfixturevalue("postgres").socket_url), f"labels_{uuid.uuid4().hex[:10]}")
    return Place(output_at(str(tmp_path / f"labels.{request.param}")), "labels")


@pytest.fixture
def stored(place: Place) -> Place:
    """A table of labels, finished."""
    finish_job(place, Mode.FRESH)
    return place


def finish_job(place: Place, mode: Mode, job: Job = JOB) -> Progress:
    """Run what is left of a job; return from where on."""
    store = place.store(mode)
    try:
        start = store.begin(job, SCHEMA)
        for number in range(start.row // CHECKPOINT, CHECKPOINTS):
            store_checkpoint(store, number)
        store.finish(progress_after(CHECKPOINTS))
    finally:
        store.close()
    return start


def interrupt_job(place: Place, mode: Mode = Mode.FRESH, job: Job = JOB) -> None:
    """Store one checkpoint, and leave it at that."""
    store = place.store(mode)
    store.begin(job, SCHEMA)
    store_checkpoint(store, 0)
    store.close()


def ids(start: int, stop: int) -> list[str]:
    return [f"r{number}" for number in range(start, stop)]


def test_labels_come_back_as_they_were_stored_and_in_order(stored: Place) -> None:
    assert stored.rows() == label_rows(0, ALL).to_pylist()


def test_times_and_numbers_come_back_as_what_they_were(stored: Place) -> None:
    found = next(iter(stored.output.results(stored.table).scan(ResultFilter()))).schema
    for name in ("scored_at", "created_at", "score", "rating", "offset", "review_id"):
        # DuckDB has another name for UTC.
        assert str(found.field(name).type).replace("Etc/UTC", "UTC") == str(SCHEMA.field(name).type)


def test_labels_may_be_stored_by_another_thread_than_the_one_that_began(place: Place) -> None:
    store = place.store(Mode.FRESH)
    store.begin(JOB, SCHEMA)
    with ThreadPoolExecutor(1) as other:
        other.submit(store_checkpoint, store, 0).result()
    store.finish(progress_after(1))
    store.close()
    assert place.ids() == ids(0, CHECKPOINT)


def test_a_job_without_rows_gives_an_empty_table_that_can_be_read(place: Place) -> None:
    store = place.store(Mode.FRESH)
    assert store.begin(JOB, SCHEMA) == Progress()
    store.finish(Progress())
    store.close()
    tables = list(place.output.results(place.table).scan(ResultFilter()))
    assert [table.num_rows for table in tables] == [0]
    assert tables[0].schema.names == SCHEMA.names


def test_nothing_is_seen_at_the_final_name_before_the_end(place: Place) -> None:
    interrupt_job(place)
    with pytest.raises(InputError, match="no labels yet") as caught:
        place.rows()
    assert "--resume" in caught.value.hint


def test_a_finished_table_is_refused_by_a_fresh_job_and_by_a_resumed_one(stored: Place) -> None:
    for mode, job in itertools.product((Mode.FRESH, Mode.RESUME), (JOB, OTHER_JOB)):
        with pytest.raises(ConfigurationError, match=stored.table):
            stored.store(mode).begin(job, SCHEMA)
    assert stored.ids() == ids(0, ALL)


def test_what_a_refused_job_found_it_may_be_taken_by_another_at_once(stored: Place) -> None:
    refused = stored.store(Mode.FRESH)
    with pytest.raises(ConfigurationError, match="is there already"):
        refused.begin(OTHER_JOB, SCHEMA)
    finish_job(stored, Mode.APPEND, OTHER_JOB)
    refused.close()


def test_an_interrupted_job_is_refused_until_it_is_resumed(place: Place) -> None:
    interrupt_job(place)
    for mode in (Mode.FRESH, Mode.APPEND):
        with pytest.raises(ConfigurationError, match="interrupted after 100 rows") as caught:
            place.store(mode).begin(JOB, SCHEMA)
        assert "--resume" in caught.value.hint
    assert finish_job(place, Mode.RESUME) == progress_after(1)
    assert place.ids() == ids(0, ALL)


def test_a_job_that_stored_nothing_is_nothing_to_resume(place: Place) -> None:
    store = place.store(Mode.FRESH)
    store.begin(OTHER_JOB, SCHEMA)
    store.close()
    assert finish_job(place, Mode.FRESH) == Progress()
    assert place.ids() == ids(0, ALL)


def test_resuming_starts_a_job_where_there_is_none(place: Place) -> None:
    assert finish_job(place, Mode.RESUME) == Progress()
    assert place.ids() == ids(0, ALL)


def test_another_job_is_not_resumed(place: Place) -> None:
    interrupt_job(place)
    with pytest.raises(ConfigurationError, match="differs in: inputs"):
        place.store(Mode.RESUME).begin(OTHER_JOB, SCHEMA)


def test_a_job_whose_rows_somebody_dropped_starts_again(place: Place) -> None:
    interrupt_job(place)
    place.output.ask(f"DROP TABLE {place.table}__partial")
    assert finish_job(place, Mode.RESUME) == Progress()
    assert place.ids() == ids(0, ALL)


def test_a_table_in_the_way_that_no_job_made_is_left_alone(place: Place) -> None:
    place.output.ask(f"CREATE TABLE {place.table}__partial (something TEXT)")
    with pytest.raises(ConfigurationError, match="no job"):
        place.store(Mode.RESUME).begin(JOB, SCHEMA)
    assert place.output.ask(f"SELECT * FROM {place.table}__partial") == []  # noqa: S608 - a name of our own


def test_a_second_job_is_refused_while_the_first_is_at_work(place: Place) -> None:
    first, second = place.store(Mode.FRESH), place.store(Mode.RESUME)
    first.begin(JOB, SCHEMA)
    with pytest.raises(ConfigurationError, match="another job writes"):
        second.begin(JOB, SCHEMA)
    second.close()
    store_checkpoint(first, 0)
    first.close()
    assert finish_job(place, Mode.RESUME) == progress_after(1)


def test_an_appended_job_joins_the_rows_that_are_there(stored: Place) -> None:
    assert finish_job(stored, Mode.APPEND, OTHER_JOB) == Progress()
    assert stored.ids() == ids(0, ALL) * 2
    jobs = f"SELECT finished_at IS NULL FROM reviewstream_jobs WHERE output = '{stored.table}'"  # noqa: S608 - ours
    assert [bool(unfinished) for (unfinished,) in stored.output.ask(jobs)] == [False, False]


def test_the_first_of_the_appended_jobs_makes_the_table(place: Place) -> None:
    finish_job(place, Mode.APPEND)
    assert place.ids() == ids(0, ALL)


def test_rows_of_an_appended_job_are_seen_all_at_once(stored: Place) -> None:
    interrupt_job(stored, Mode.APPEND, OTHER_JOB)
    assert stored.ids() == ids(0, ALL)
    assert finish_job(stored, Mode.RESUME, OTHER_JOB) == progress_after(1)
    assert stored.ids() == ids(0, ALL) * 2


def test_a_job_is_not_appended_twice(stored: Place) -> None:
    with pytest.raises(ConfigurationError, match="this very job's labels"):
        stored.store(Mode.APPEND).begin(JOB, SCHEMA)


def test_a_table_of_other_columns_takes_no_rows(stored: Place) -> None:
    more = SCHEMA.append(pa.field("branch", pa.string()))
    with pytest.raises(ConfigurationError, match="lacks the columns branch"):
        stored.store(Mode.APPEND).begin(OTHER_JOB, more)


def test_a_kept_column_that_rows_cant_hold_is_refused_before_anything_is_scored(place: Place) -> None:
    schema = SCHEMA.append(pa.field("strange", pa.union([pa.field("a", pa.int8())], mode="sparse")))
    with pytest.raises(ConfigurationError):
        place.store(Mode.FRESH).begin(JOB, schema)
    assert finish_job(place, Mode.FRESH) == Progress()


@pytest.mark.parametrize(
    ("column_type", "value"),
    [
        (pa.bool_(), True),
        (pa.int8(), -7),
        (pa.uint32(), 2**32 - 1),
        (pa.int64(), -(2**63)),
        (pa.float32(), 0.25),
        (pa.date32(), date(1999, 12, 31)),
        (pa.timestamp("s"), datetime(1999, 12, 31, 23, 59, 59)),  # noqa: DTZ001 - a time without a zone
        (pa.timestamp("ms", tz="Europe/Berlin"), datetime(2026, 7, 1, 12, tzinfo=UTC)),
        (pa.large_string(), "sehr groß"),
        (pa.dictionary(pa.int8(), pa.string()), "often"),
    ],
    ids=str,
)
def test_kept_columns_come_back_as_what_they_were(place: Place, column_type: Any, value: object) -> None:
    rows = pa.table({"review_id": ["a", "b"], "label": ["x", "x"], "kept": pa.array([value, None], column_type)})
    store = place.store(Mode.FRESH)
    store.begin(JOB, rows.schema)
    store.append(rows, Progress(labelled=2))
    store.finish(Progress(labelled=2))
    store.close()
    assert [row["kept"] for row in place.rows(None, "kept")] == [value, None]


def test_columns_that_differ_in_case_only_are_refused(place: Place) -> None:
    with pytest.raises(ConfigurationError, match="'label' and 'Label'"):
        place.store(Mode.FRESH).begin(JOB, SCHEMA.append(pa.field("Label", pa.string())))


@pytest.mark.parametrize("name", ["", "2nd", 'a"b', "public.labels", "x" * 49, "reviewstream_jobs", "labels\n"])
def test_a_table_has_a_plain_name(place: Place, name: str) -> None:
    with pytest.raises(ConfigurationError, match="can't be the name"):
        TableStore(place.output.database(), name, Mode.FRESH).begin(JOB, SCHEMA)


@pytest.mark.parametrize("moment", list(Moment))
def test_after_a_kill_each_row_is_there_once(place: Place, moment: Moment) -> None:
    assert run_until(moment, place.output.place, place.table, Mode.FRESH) == KILLED
    if moment is Moment.FINISH_COMMITTED:
        with pytest.raises(ConfigurationError, match="this very job's labels"):
            finish_job(place, Mode.RESUME)
    else:
        stored = {Moment.INSERTED: 1, Moment.COMMITTING: 1, Moment.COMMITTED: 2}
        assert finish_job(place, Mode.RESUME) == progress_after(stored.get(moment, CHECKPOINTS))
    assert place.rows() == label_rows(0, ALL).to_pylist()


def test_a_kill_while_rows_join_a_table_leaves_it_as_it_was(place: Place) -> None:
    finish_job(place, Mode.FRESH, OTHER_JOB)
    assert run_until(Moment.FINISH_COMMITTING, place.output.place, place.table, Mode.APPEND) == KILLED
    assert place.ids() == ids(0, ALL)
    assert finish_job(place, Mode.RESUME) == progress_after(CHECKPOINTS)
    assert place.ids() == ids(0, ALL) * 2


def test_conditions_hold_together_and_values_of_one_are_alternatives(stored: Place) -> None:
    wanted = ResultFilter(labels=("positive", "neutral"), product_ids=("p1",))
    assert stored.ids(wanted) == [f"r{n}" for n in range(ALL) if n % 3 and n % 5 == 1 and n % 4]


def test_labels_are_found_by_id_in_the_order_they_were_stored(stored: Place) -> None:
    finish_job(stored, Mode.APPEND, OTHER_JOB)
    assert stored.ids(ResultFilter(review_ids=("r7", "r250", "none"))) == ["r7", "r250"] * 2
    assert stored.ids(ResultFilter(review_ids=("r250", "r7"), limit=3)) == ["r7", "r250", "r7"]


def test_a_span_of_time_has_its_start_and_lacks_its_end(stored: Place) -> None:
    span = ResultFilter(since=FIRST_SCORED + timedelta(minutes=5), until=FIRST_SCORED + timedelta(minutes=8))
    assert stored.ids(span) == ids(5, 8)
    moment = label_rows(9, 10)["created_at"][0].as_py()
    made = ResultFilter(time_column=TimeColumn.CREATED_AT, since=moment, until=moment + timedelta(days=3))
    assert stored.ids(made) == ["r9", "r11"]


def test_a_name_and_a_value_of_odd_characters_are_only_that(stored: Place) -> None:
    assert stored.rows(ResultFilter(limit=1), ODD_COLUMN, "label") == [{ODD_COLUMN: None, "label": "negative"}]
    assert stored.ids(ResultFilter(review_ids=("' OR 1=1; --",))) == []


def test_a_column_or_a_table_that_is_not_there_is_said(stored: Place) -> None:
    with pytest.raises(InputError, match="'nothing'"):
        stored.rows(None, "nothing")
    with pytest.raises(InputError, match="is not there"):
        list(stored.output.results("other").scan(ResultFilter()))


def test_memory_holds_some_thousand_rows_at_a_time(place: Place) -> None:
    store = place.store(Mode.FRESH)
    store.begin(JOB, SCHEMA)
    store.append(label_rows(0, 25_000), Progress(row=25_000, labelled=25_000))
    store.finish(Progress(row=25_000, labelled=25_000))
    store.close()
    sizes: Iterator[int] = (table.num_rows for table in place.output.results(place.table).scan(ResultFilter()))
    assert all(size <= 20_000 for size in sizes)
    assert place.ids() == ids(0, 25_000)
