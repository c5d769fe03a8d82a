"""`batch` from the command line: what it says, what it refuses, what it leaves."""

import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from consumer.__main__ import group
from consumer.bounded.progress import Progress
from consumer.bounded.steps import Steps
from consumer.bounded.storing.dry_run import NoRejects, NoStore
from consumer.commands.batch_display import BatchDisplay, step_times
from consumer.commands.batch_settings import BatchSettings, kept_columns
from shared.command_line import run_command_line
from shared.errors import ConfigurationError
from tests.support.manual_clock import ManualClock


@pytest.fixture
def reviews(tmp_path: Path) -> str:
    path = tmp_path / "reviews.parquet"
    parquet.write_table(pa.table({"text": ["a wonderful day", "a dreadful day", None], "shop": ["b", "a", "a"]}), path)
    return str(path)


class Batch:
    """The command with the small model."""

    def __init__(self, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._model = model
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *arguments: str) -> int:
        code = run_command_line(group, ["batch", *arguments, "--model", str(self._model), "--rejects-ratio-max", "0.5"])
        self.out, self.err = self._capsys.readouterr()
        return code


@pytest.fixture
def batch(small_model: Path, capsys: pytest.CaptureFixture[str]) -> Batch:
    return Batch(small_model, capsys)


def test_a_job_says_what_came_of_the_rows_and_where_the_time_went(batch: Batch, reviews: str, tmp_path: Path) -> None:
    output = str(tmp_path / "labels.parquet")
    assert batch(reviews, "-o", output, "--json") == 0
    summary = json.loads(batch.out)
    assert (summary["rows"], summary["labelled"], summary["rejected"]) == (3, 2, 1)
    assert summary["labels"] == {"positive": 1, "negative": 1}
    assert list(summary["seconds"]) == ["prepare", "load", "infer", "post-process", "store"]
    assert summary["rejects"] == f"{output}.rejects.jsonl"
    (reject,) = map(json.loads, Path(summary["rejects"]).read_text().splitlines())
    assert reject == {"source": reviews, "partition": None, "row": 3, "reason": "there is no text in 'text'"}


def test_people_get_a_table(batch: Batch, reviews: str, tmp_path: Path) -> None:
    assert batch(reviews, "-o", str(tmp_path / "labels.csv")) == 0
    for words in ("labelled", "positive", "prepare", "post-process", "rows/s", "baseline"):
        assert words in batch.out


def test_a_dry_run_says_the_same_and_leaves_nothing(batch: Batch, reviews: str, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    assert batch(reviews, "-o", str(tmp_path / "labels.parquet"), "--dry-run", "--group-by", "label", "--json") == 0
    assert json.loads(batch.out)["labelled"] == 2
    assert sorted(tmp_path.iterdir()) == before


def test_kept_columns_are_stored_and_can_be_grouped_by(batch: Batch, reviews: str, tmp_path: Path) -> None:
    output = tmp_path / "labels.jsonl"
    assert batch(reviews, "-o", str(output), "--keep", "shop=store", "--keep", "text=said", "--group-by", "store") == 0
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [(row["store"], row["said"], row["label"]) for row in rows] == [
        ("b", "a wonderful day", "positive"),
        ("a", "a dreadful day", "negative"),
    ]
    groups = [json.loads(line) for line in (tmp_path / "labels.by_store.jsonl").read_text().splitlines()]
    assert [(row["store"], row["count"]) for row in groups] == [("a", 1), ("b", 1)]


def test_a_threshold_calls_the_rest_neutral(batch: Batch, reviews: str, tmp_path: Path) -> None:
    assert batch(reviews, "-o", str(tmp_path / "labels.csv"), "--threshold", "1", "--json") == 0
    assert json.loads(batch.out)["labels"] == {"neutral": 2}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "name an INPUT"),
        (["{reviews}", "--topic", "t"], 2, "exclude each other"),
        (["{reviews}", "--from", "0:1"], 2, "are for a --topic"),
        (["{reviews}", "--resume", "--append"], 78, "exclude each other"),
        (["{reviews}", "--group-by", "shop"], 78, "--keep shop"),
        (["{reviews}", "--keep", "label"], 78, "--keep label=NAME"),
        (["{reviews}", "--keep", "stars"], 65, "no column 'stars'"),
        (["{reviews}", "--column", "text=body"], 65, "no column 'body'"),
        (["{reviews}", "--threshold", "0.7", "--neutral-band", "0.1"], 78, "twice"),
        (["{reviews}", "--threshold", "0.2"], 78, "between 0.5 and 1"),
        (["{reviews}", "--partition-by", "shop"], 78, "name a folder"),
        (["-", "--engine", "ray"], 78, "can't read standard input"),
        (["nothing.parquet"], 65, "there is no such file"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(  # noqa: PLR0913, PLR0917 - fixtures and cases
    batch: Batch, reviews: str, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    before = sorted(tmp_path.iterdir())
    given = [argument.format(reviews=reviews) for argument in arguments]
    assert batch(*given, "-o", str(tmp_path / "labels.parquet")) == code
    assert said in batch.err
    assert sorted(tmp_path.iterdir()) == before


def test_too_many_rejects_fail_the_job_and_name_the_last(batch: Batch, tmp_path: Path) -> None:
    path = tmp_path / "reviews.jsonl"
    path.write_text('{"text": "good"}\n{"words": "bad"}\n{"words": "bad"}\n')
    assert batch(str(path), "-o", str(tmp_path / "labels.csv")) == 65
    assert f"{path}, row 3" in batch.err
    assert not (tmp_path / "labels.csv").exists()


def test_standard_input_is_read(batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "reviews.jsonl"
    path.write_text('{"text": "good"}\n')
    with path.open("rb") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert batch("-", "-o", str(tmp_path / "labels.csv"), "--json") == 0
    assert json.loads(batch.out)["labelled"] == 1


@pytest.mark.parametrize(("threshold", "band"), [(None, None), (0.5, 0.0), (0.75, 0.25), (1.0, 0.5)])
def test_a_threshold_is_a_neutral_band(threshold: float | None, band: float | None) -> None:
    assert BatchSettings(threshold=threshold).band(None) == band


def test_two_columns_are_not_stored_under_one_name() -> None:
    assert kept_columns(("shop", "label=truth"), ["label"]) == {"shop": "shop", "label": "truth"}
    for assignments in (("label",), ("a=x", "b=x"), ("=x",)):
        with pytest.raises(ConfigurationError, match="stored already"):
            kept_columns(assignments, ["label"])


def test_progress_is_told_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    clock = ManualClock()
    display = BatchDisplay(on_terminal=False, clock=clock.monotonic)
    display.share = lambda: 0.25
    steps = Steps(clock)
    steps.labels["positive"] = 1000
    with display:
        display.progressed(steps)
        clock.sleep(10)
        display.progressed(steps)
        display.progressed(steps)
    assert capsys.readouterr().err == "1,000 rows, 100/s, 25%, 30 s left\n"
    assert step_times(steps).startswith("prepare 0.0 s · load 0.0 s")


def test_a_rehearsal_keeps_nothing() -> None:
    store, rejects = NoStore(), NoRejects()
    nothing: Any = None
    assert store.begin(nothing, nothing) == Progress()
    assert rejects.sync() == 0
