"""Rows that could not be labelled: kept exactly, and counted."""

import json
from pathlib import Path

import pytest

from consumer.bounded.chunks import Reject
from consumer.bounded.ports import Mode
from consumer.bounded.progress import Progress
from consumer.bounded.storing.rejects import RejectsFile, RejectsLimit
from shared.errors import ConfigurationError, InputError

REJECTS = [Reject("reviews.csv", None, row, "no text") for row in range(1, 6)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "labels.rejects.jsonl"


def open_rejects(path: Path, mode: Mode = Mode.FRESH, progress: Progress | None = None) -> RejectsFile:
    rejects = RejectsFile(path, mode)
    rejects.begin(progress or Progress())
    return rejects


def rows_of(path: Path) -> list[int]:
    return [json.loads(line)["row"] for line in path.read_text().splitlines()]


def test_a_reject_is_a_line_with_place_and_reason(path: Path) -> None:
    rejects = open_rejects(path)
    rejects.append(REJECTS[:1])
    rejects.finish()
    rejects.close()
    assert json.loads(path.read_text()) == {
        "source": "reviews.csv",
        "partition": None,
        "row": 1,
        "reason": "no text",
    }
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_job_without_rejects_leaves_no_file(path: Path) -> None:
    rejects = open_rejects(path)
    assert rejects.sync() == 0
    rejects.finish()
    rejects.close()
    assert list(path.parent.iterdir()) == []


def test_rejects_after_the_stored_progress_are_cut_off(path: Path) -> None:
    rejects = open_rejects(path)
    rejects.append(REJECTS[:2])
    size_bytes = rejects.sync()
    rejects.append(REJECTS[2:])
    rejects.sync()
    rejects.close()
    rejects = open_rejects(path, Mode.RESUME, Progress(rejected=2, rejects_bytes=size_bytes))
    rejects.append(REJECTS[3:])
    rejects.finish()
    rejects.close()
    assert rows_of(path) == [1, 2, 4, 5]


def test_a_job_killed_after_its_rejects_were_finished_goes_on_with_them(path: Path) -> None:
    rejects = open_rejects(path)
    rejects.append(REJECTS[:2])
    size_bytes = rejects.sync()
    rejects.finish()
    rejects.close()
    rejects = open_rejects(path, Mode.RESUME, Progress(rejected=2, rejects_bytes=size_bytes))
    rejects.finish()
    rejects.close()
    assert rows_of(path) == [1, 2]


@pytest.mark.parametrize("mode", list(Mode))
def test_a_file_that_is_there_is_refused(path: Path, mode: Mode) -> None:
    path.write_text("of another job")
    rejects = RejectsFile(path, mode)
    with pytest.raises(ConfigurationError, match="is there already") as caught:
        rejects.begin(Progress())
    rejects.close()
    assert "--rejects" in caught.value.hint
    assert path.read_text() == "of another job"


def test_a_file_that_was_cut_short_is_said(path: Path) -> None:
    rejects = RejectsFile(path, Mode.RESUME)
    with pytest.raises(ConfigurationError, match="has 0 bytes, 40 were stored"):
        rejects.begin(Progress(rejected=1, rejects_bytes=40))
    rejects.close()


def test_two_jobs_do_not_share_a_file(path: Path) -> None:
    first = open_rejects(path)
    with pytest.raises(ConfigurationError, match="another job writes"):
        open_rejects(path)
    first.close()


def test_what_an_abandoned_job_left_is_overwritten_by_a_fresh_one(path: Path) -> None:
    rejects = open_rejects(path)
    rejects.append(REJECTS)
    rejects.sync()
    rejects.close()
    rejects = open_rejects(path)
    rejects.append(REJECTS[:1])
    rejects.finish()
    rejects.close()
    assert rows_of(path) == [1]


def test_a_large_share_of_few_rows_decides_at_the_end_only() -> None:
    limit = RejectsLimit(0.05)
    progress = Progress(labelled=900, rejected=99)
    limit.check(progress, REJECTS[0])
    with pytest.raises(InputError, match=r"99 of 999 rows were rejected, more than 5\.0%"):
        limit.check_end(progress, REJECTS[0])


def test_a_large_share_of_enough_rows_stops_the_job_and_names_the_last() -> None:
    with pytest.raises(InputError, match=r"reviews\.csv, row 3: no text") as caught:
        RejectsLimit(0.05).check(Progress(labelled=949, rejected=51), REJECTS[2])
    assert "--rejects-ratio-max" in caught.value.hint


def test_the_share_itself_may_be_rejected() -> None:
    RejectsLimit(0.05).check(Progress(labelled=950, rejected=50), REJECTS[0])
    RejectsLimit(0.0).check_end(Progress(), None)


def test_a_share_exceeded_by_an_earlier_run_is_said_without_a_reason() -> None:
    with pytest.raises(InputError, match=r"more than 5\.0%$"):
        RejectsLimit(0.05).check_end(Progress(rejected=1), None)
