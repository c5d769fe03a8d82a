"""A job over files: every row once, in order, labelled or rejected; it stops and goes on where it was."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from consumer.bounded.job_run import BoundedJob, JobLimits
from consumer.bounded.label_table import label_columns
from consumer.bounded.progress import Job, Progress
from consumer.bounded.reading.inputs import ReadAs, open_inputs
from consumer.bounded.steps import Step, Steps
from consumer.bounded.storing.table_sink import Rejects
from consumer.scoring.outcome import Scores
from shared.clock import SystemClock
from shared.errors import FatalError, InputError, RetriableError
from tests.support.fake_scorer import CLASSES, FakeScorer, keyword_scores
from tests.support.memory_store import MemoryRejects, MemoryStore
from tests.support.standard_input import no_standard_input

TEXTS = ["a good day", "a bad day", "a day"]


def write_parquet(path: Path, count: int, first: int = 0, **columns: list[Any]) -> str:
    rows = range(first, first + count)
    table = {"review_id": [f"r{row}" for row in rows], "text": [TEXTS[row % 3] for row in rows]}
    parquet.write_table(pa.table(table | columns), path, row_group_size=10)
    return str(path)


class Bench:
    """A job with everything around it in memory."""

    def __init__(
        self, *names: str, keep: dict[str, str] | None = None, start: Progress | None = None, **limits: int
    ) -> None:
        self.scorer = FakeScorer()
        self.store = MemoryStore(start)
        self.rejects = MemoryRejects()
        self.steps = Steps(SystemClock())
        inputs = open_inputs(names, ReadAs(keep=keep or {}), no_standard_input)
        self.job = BoundedJob(Job({}), inputs, self.scorer, self.store, JobLimits(**limits))

    def run(self, stop_requested: Callable[[], bool] = lambda: False) -> Progress:
        rejects = Rejects(self.rejects, self.rejects)
        end = self.job.run(self.job.begin(), rejects, self.steps, SystemClock(), stop_requested)
        self.job.finish(end, self.steps)
        return end


def test_every_row_is_labelled_once_and_in_order(tmp_path: Path) -> None:
    bench = Bench(write_parquet(tmp_path / "a.parquet", 25))
    progress = bench.run()
    rows = bench.store.rows()
    assert [row["review_id"] for row in rows] == [f"r{row}" for row in range(25)]
    assert [row["label"] for row in rows[:3]] == ["positive", "negative", "neutral"]
    assert [row["offset"] for row in rows] == list(range(1, 26))
    assert (progress.labelled, progress.rejected, bench.store.finished) == (25, 0, progress)


def test_what_is_stored_has_the_columns_that_were_announced(tmp_path: Path) -> None:
    bench = Bench(write_parquet(tmp_path / "a.parquet", 3, shop=[1, 2, 3]), keep={"shop": "store"})
    bench.run()
    (table,) = bench.store.tables
    assert table.schema.names == bench.store.schema.names
    assert [field.type for field in table.schema] == [field.type for field in bench.store.schema]
    assert table.schema.names == label_columns(CLASSES, ["store"])
    assert table["store"].to_pylist() == [1, 2, 3]
    assert "text" not in table.schema.names


def test_many_threads_keep_the_order_of_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consumer.bounded.reading.parquet_tables.CHUNK_ROWS", 7)
    bench = Bench(write_parquet(tmp_path / "a.parquet", 500), workers=4, checkpoint_rows=50)
    bench.run()
    assert [row["offset"] for row in bench.store.rows()] == list(range(1, 501))
    assert len(bench.store.tables) > 5


def test_several_inputs_are_read_one_after_the_other(tmp_path: Path) -> None:
    write_parquet(tmp_path / "b.parquet", 2, first=3)
    write_parquet(tmp_path / "a.parquet", 3)
    (tmp_path / "c.jsonl").write_text('{"review_id": "r5", "text": "good"}\n')
    (tmp_path / "d.csv").write_text("review_id,text\nr6,bad\n")
    bench = Bench(str(tmp_path))
    bench.run()
    assert [row["review_id"] for row in bench.store.rows()] == [f"r{row}" for row in range(7)]


def test_rows_without_a_review_are_rejected_with_their_place(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "good"}\n{"text": 7}\nno json\n{"text": "bad"}\n')
    bench = Bench(str(path))
    progress = bench.run()
    assert [row["label"] for row in bench.store.rows()] == ["positive", "negative"]
    assert [(reject.source, reject.row) for reject in bench.rejects.rejects] == [(str(path), 2), (str(path), 3)]
    assert (progress.labelled, progress.rejected) == (2, 2)
    assert bench.rejects.flushed == progress.rejects_bytes == 2


def test_too_many_rejects_stop_the_job_unfinished(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "good"}\n{"words": 7}\n')
    bench = Bench(str(tmp_path / "a.jsonl"))
    bench.rejects.rejects_max = 0
    with pytest.raises(InputError, match="too many"):
        bench.run()
    assert bench.store.finished is None


def test_a_text_over_the_limit_is_rejected_and_its_neighbours_are_not(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"text": ["good", "x" * 101, "bad"]}), path)
    bench = Bench(str(path), value_bytes_max=100)
    bench.run()
    assert [row["review_id"] for row in bench.store.rows()] == ["a-1", "a-3"]
    (reject,) = bench.rejects.rejects
    assert (reject.row, reject.reason) == (2, "the text has 101 bytes, the limit is 100")


def test_a_text_that_the_model_cannot_score_is_rejected_alone(tmp_path: Path) -> None:
    bench = Bench(write_parquet(tmp_path / "a.parquet", 9))
    whole = bench.scorer.score

    def fail_on_bad(texts: Sequence[str]) -> Scores:
        if any(text == "a bad day" for text in texts):
            raise ValueError("no such word")
        return keyword_scores(texts)

    bench.scorer.score = fail_on_bad  # type: ignore[method-assign]
    bench.run()
    assert whole is not fail_on_bad
    assert [row["offset"] for row in bench.store.rows()] == [1, 3, 4, 6, 7, 9]
    assert [reject.row for reject in bench.rejects.rejects] == [2, 5, 8]


def test_a_job_goes_on_where_an_interrupted_run_came(tmp_path: Path) -> None:
    names = [write_parquet(tmp_path / "a.parquet", 25), write_parquet(tmp_path / "b.parquet", 30, first=25)]
    bench = Bench(*names, start=Progress(input=1, row=13, labelled=38))
    progress = bench.run()
    assert [row["review_id"] for row in bench.store.rows()] == [f"r{row}" for row in range(38, 55)]
    assert progress.labelled == 55


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_lines_that_an_interrupted_run_labelled_are_passed_over(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    lines = [json.dumps({"text": f"good {row}"}) if suffix == "jsonl" else f"good {row}" for row in range(10)]
    path.write_text("\n".join((["text"] if suffix == "csv" else []) + lines) + "\n")
    bench = Bench(str(path), start=Progress(row=4, labelled=4))
    bench.run()
    first_line = 6 if suffix == "csv" else 5
    assert [row["offset"] for row in bench.store.rows()] == list(range(first_line, first_line + 6))


def test_a_stop_stores_what_was_read_and_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consumer.bounded.reading.parquet_tables.CHUNK_ROWS", 10)
    bench = Bench(write_parquet(tmp_path / "a.parquet", 100))
    with pytest.raises(RetriableError, match="stopped after") as caught:
        bench.run(lambda: bench.steps.rows >= 30)
    assert "--resume" in caught.value.hint
    stored = len(bench.store.rows())
    assert 30 <= stored < 100
    assert bench.store.progress[-1].row == stored
    assert bench.store.finished is None


def test_what_the_store_cannot_take_ends_the_job_unfinished(tmp_path: Path) -> None:
    bench = Bench(write_parquet(tmp_path / "a.parquet", 100), checkpoint_rows=20)

    def disk_full() -> None:
        raise FatalError("no space left", hint="--resume")

    bench.store.before_append = disk_full
    with pytest.raises(FatalError, match="no space left"):
        bench.run()
    assert bench.store.finished is None


def test_a_file_with_nothing_but_a_header_gives_an_output_without_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\n")
    bench = Bench(str(tmp_path / "a.csv"))
    assert bench.run() == Progress()
    assert bench.store.finished == Progress()


def test_a_parquet_file_without_rows_gives_an_output_without_rows(tmp_path: Path) -> None:
    assert Bench(write_parquet(tmp_path / "a.parquet", 0)).run() == Progress()


def test_kept_columns_of_later_inputs_get_the_type_of_the_first(tmp_path: Path) -> None:
    first = write_parquet(tmp_path / "a.parquet", 1, shop=[1.5])
    bench = Bench(first, write_parquet(tmp_path / "b.parquet", 1, shop=[2]), keep={"shop": "shop"})
    bench.run()
    assert [row["shop"] for row in bench.store.rows()] == [1.5, 2.0]
    other = write_parquet(tmp_path / "c.parquet", 1, shop=["corner"])
    with pytest.raises(InputError, match="another type"):
        Bench(first, other, keep={"shop": "shop"}).run()


def test_a_column_to_keep_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column 'shop'"):
        Bench(write_parquet(tmp_path / "a.parquet", 1), keep={"shop": "shop"})


def test_the_time_of_each_step_is_told(tmp_path: Path) -> None:
    bench = Bench(write_parquet(tmp_path / "a.parquet", 1000))
    bench.run()
    assert all(bench.steps.seconds[step] > 0 for step in Step if step is not Step.PREPARE)
    assert bench.steps.labels == {"positive": 334, "negative": 333, "neutral": 333}
