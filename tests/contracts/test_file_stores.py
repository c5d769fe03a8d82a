"""What every output of files promises, whatever its format."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from consumer.bounded.finding.results_port import ResultFilter
from consumer.bounded.outputs import DEFAULTS, OutputOptions, open_results, open_store
from consumer.bounded.ports import Mode, Store
from consumer.bounded.progress import Job, Progress
from shared.errors import ConfigurationError, FatalError, InputError
from tests.support.killable_file_store import (
    CHECKPOINT,
    CHECKPOINTS,
    JOB,
    finish_job,
    kill_at_every_step,
    progress_after,
    store_checkpoint,
)
from tests.support.label_rows import label_rows
from tests.support.small_disk import SmallDisk, small_disk

OTHER_JOB = Job({"inputs": "other.csv"})
SCHEMA = label_rows(0, 0).schema
ALL = CHECKPOINT * CHECKPOINTS
FORMATS = ["labels", "labels.parquet", "labels.csv", "labels.jsonl"]


@dataclass(frozen=True, slots=True)
class Place:
    """An output."""

    path: Path
    options: OutputOptions = DEFAULTS

    @property
    def aside(self) -> Path:
        return self.path.with_name(f"{self.path.name}.partial")

    def store(self, mode: Mode) -> Store:
        return open_store(str(self.path), mode, self.options)

    def finish(self, mode: Mode, job: Job = JOB) -> Progress:
        return finish_job(str(self.path), mode, job)

    def rows(self) -> list[dict[str, Any]]:
        return rows_of(self.path)


@pytest.fixture(params=FORMATS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(tmp_path / "out" / request.param)


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [row for table in open_results(str(path)).scan(ResultFilter()) for row in table.to_pylist()]


def interrupt(place: Place, checkpoints: int = 1, job: Job = JOB) -> None:
    """Store some checkpoints, and leave it at that."""
    store = place.store(Mode.FRESH)
    store.begin(job, SCHEMA)
    for number in range(checkpoints):
        store_checkpoint(store, number)
    store.close()


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_labels_come_back_as_they_were_stored_and_in_order(place: Place) -> None:
    place.finish(Mode.FRESH)
    assert place.rows() == label_rows(0, ALL).to_pylist()
    assert files(place.path.parent) == {place.path.name}


def test_times_and_numbers_come_back_as_what_they_were(place: Place) -> None:
    place.finish(Mode.FRESH)
    found = next(open_results(str(place.path)).scan(ResultFilter())).schema
    for name in ("scored_at", "created_at", "score", "rating", "offset", "partition", "review_id"):
        assert found.field(name).type == SCHEMA.field(name).type


def test_a_job_without_rows_gives_an_empty_output_that_can_be_read(place: Place) -> None:
    store = place.store(Mode.FRESH)
    assert store.begin(JOB, SCHEMA) == Progress()
    store.finish(Progress())
    store.close()
    tables = list(open_results(str(place.path)).scan(ResultFilter()))
    assert [table.num_rows for table in tables] == [0]
    assert {"review_id", "label", "scored_at"} <= set(tables[0].schema.names)


def test_a_checkpoint_of_rejects_alone_moves_the_job_on(place: Place) -> None:
    store = place.store(Mode.FRESH)
    store.begin(JOB, SCHEMA)
    rejected = Progress(row=CHECKPOINT, rejected=CHECKPOINT)
    store.append(label_rows(0, 0), rejected)
    store.close()
    store = place.store(Mode.RESUME)
    assert store.begin(JOB, SCHEMA) == rejected
    store.append(label_rows(0, 5), Progress(row=CHECKPOINT + 5, rejected=CHECKPOINT, labelled=5))
    store.finish(Progress(row=CHECKPOINT + 5, rejected=CHECKPOINT, labelled=5))
    store.close()
    assert place.rows() == label_rows(0, 5).to_pylist()


def test_nothing_is_at_the_final_place_before_the_end(place: Place) -> None:
    store = place.store(Mode.FRESH)
    store.begin(JOB, SCHEMA)
    store_checkpoint(store, 0)
    assert not place.path.exists()
    with pytest.raises(InputError, match="is not finished"):
        place.rows()
    store.close()


@pytest.mark.parametrize("mode", [Mode.FRESH, Mode.RESUME])
def test_an_output_that_is_there_is_refused_and_left_alone(place: Place, mode: Mode) -> None:
    place.finish(Mode.FRESH)
    with pytest.raises(ConfigurationError, match="is there already"):
        place.finish(mode)
    assert place.rows() == label_rows(0, ALL).to_pylist()
    assert files(place.path.parent) == {place.path.name}


def test_rows_are_not_added_to_files(place: Place) -> None:
    with pytest.raises(ConfigurationError, match="can't be added"):
        place.finish(Mode.APPEND)


def test_an_interrupted_job_is_refused_until_it_is_resumed(place: Place) -> None:
    interrupt(place, 2)
    with pytest.raises(ConfigurationError, match="interrupted after 200 rows") as caught:
        place.finish(Mode.FRESH)
    assert "--resume" in caught.value.hint
    assert place.finish(Mode.RESUME) == progress_after(2)
    assert place.rows() == label_rows(0, ALL).to_pylist()


def test_resuming_starts_a_job_where_there_is_none(place: Place) -> None:
    assert place.finish(Mode.RESUME) == Progress()
    assert place.rows() == label_rows(0, ALL).to_pylist()


def test_another_job_is_not_resumed(place: Place) -> None:
    interrupt(place)
    with pytest.raises(ConfigurationError, match="differs in: inputs"):
        place.finish(Mode.RESUME, OTHER_JOB)
    assert place.finish(Mode.RESUME) == progress_after(1)


def test_a_job_that_stored_nothing_leaves_nothing(place: Place) -> None:
    interrupt(place, 0, OTHER_JOB)
    assert files(place.path.parent) == set()


def test_what_was_written_without_a_checkpoint_is_dropped(place: Place, tmp_path: Path) -> None:
    interrupt(place, 3)
    # As after a kill between the labels and the journal: the journal is the one of an earlier checkpoint.
    other = Place(tmp_path / "other" / place.path.name)
    interrupt(other, 1)
    (other.aside / "job.json").replace(place.aside / "job.json")
    store = place.store(Mode.RESUME)
    assert store.begin(JOB, SCHEMA) == progress_after(1)
    store.append(label_rows(CHECKPOINT, ALL), progress_after(CHECKPOINTS))
    store.finish(progress_after(CHECKPOINTS))
    store.close()
    assert place.rows() == label_rows(0, ALL).to_pylist()


def test_a_second_job_is_refused_with_the_process_of_the_first(place: Place) -> None:
    first, second = place.store(Mode.FRESH), place.store(Mode.RESUME)
    first.begin(JOB, SCHEMA)
    with pytest.raises(ConfigurationError, match=r"another job writes .*: process \d+"):
        second.begin(JOB, SCHEMA)
    second.close()
    store_checkpoint(first, 0)
    first.close()
    assert place.finish(Mode.RESUME) == progress_after(1)


def test_an_output_that_appears_while_the_job_runs_is_left_alone(place: Place) -> None:
    store = place.store(Mode.FRESH)
    store.begin(JOB, SCHEMA)
    store_checkpoint(store, 0)
    place.path.write_text("someone else's")
    with pytest.raises(ConfigurationError, match="is there already"):
        store.finish(progress_after(1))
    store.close()
    assert place.path.read_text() == "someone else's"
    place.path.unlink()
    assert place.finish(Mode.RESUME) == progress_after(1)


def test_stored_labels_that_somebody_removed_are_missed(place: Place) -> None:
    interrupt(place, 2)
    for path in [path for path in place.aside.rglob("*") if path.is_file() and path.name != "job.json"]:
        path.unlink()
    with pytest.raises(ConfigurationError, match="were stored"):
        place.finish(Mode.RESUME)


def test_a_journal_that_cant_be_read_is_said(place: Place) -> None:
    interrupt(place)
    (place.aside / "job.json").write_text("{}")
    with pytest.raises(ConfigurationError, match=r"job\.json"):
        place.finish(Mode.RESUME)


def test_closing_twice_does_no_harm(place: Place) -> None:
    store = place.store(Mode.FRESH)
    store.begin(JOB, SCHEMA)
    store.close()
    store.close()


@pytest.mark.parametrize("name", FORMATS)
def test_after_a_kill_at_any_step_each_row_is_there_once(name: str, tmp_path: Path) -> None:
    template = tmp_path / "{}" / name
    jobs = kill_at_every_step(str(template))
    # Each of three checkpoints forces its labels and its journal to the disk.
    assert jobs > 4 * CHECKPOINTS
    for number in range(jobs):
        place = Path(str(template).format(number))
        assert rows_of(place) == label_rows(0, ALL).to_pylist(), number
        assert files(place.parent) <= {name, f"{name}.lock", f"{name}.partial"}


def test_after_a_kill_at_any_step_each_row_is_in_one_partition_once(tmp_path: Path) -> None:
    template = tmp_path / "{}" / "labels"
    for number in range(kill_at_every_step(str(template), "label")):
        rows = rows_of(Path(str(template).format(number)))
        assert sorted(rows, key=lambda row: row["offset"]) == label_rows(0, ALL).to_pylist(), number


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", 2) as mounted:
        yield mounted


@pytest.mark.parametrize("name", FORMATS)
def test_a_full_disk_is_said_and_the_job_goes_on_once_there_is_room(name: str, disk: SmallDisk) -> None:
    place = Place(disk.folder / name)
    store = place.store(Mode.FRESH)
    store.begin(JOB, SCHEMA)
    store_checkpoint(store, 0)
    disk.fill(4096)
    with pytest.raises(FatalError, match="could not be written") as caught:
        store.append(label_rows(CHECKPOINT, 50_000), progress_after(2))
    assert "--resume" in caught.value.hint
    store.close()
    assert not place.path.exists()
    disk.free()
    assert place.finish(Mode.RESUME) == progress_after(1)
    assert place.rows() == label_rows(0, ALL).to_pylist()


@pytest.mark.parametrize("name", FORMATS)
def test_a_folder_that_cant_be_made_is_said_before_anything_is_scored(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = open_store(str(tmp_path / "file" / name), Mode.FRESH)
    with pytest.raises(ConfigurationError, match="can't be written"):
        store.begin(JOB, SCHEMA)


def test_dictionaries_of_their_own_in_each_checkpoint_become_one_column(place: Place) -> None:
    store = place.store(Mode.FRESH)
    store.begin(JOB, SCHEMA)
    parts = [label_rows(number, number + 1) for number in range(5)]
    store.append(pa.concat_tables(parts[:3]), Progress(row=3, labelled=3))
    store.append(pa.concat_tables(parts[3:]), Progress(row=5, labelled=5))
    store.finish(Progress(row=5, labelled=5))
    store.close()
    assert place.rows() == label_rows(0, 5).to_pylist()
