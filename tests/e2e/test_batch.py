"""Bounded jobs as whole processes: killed and resumed, two at once, full disks, and the same labels as the stream."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from confluent_kafka import Producer
from pyarrow import parquet

from consumer.bounded.finding.results_port import ResultFilter
from consumer.bounded.outputs import open_results
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.independent_reader import read_everything
from tests.support.processes import DEADLINE_S, ROOT, Program, settings_in_environment
from tests.support.reviews import review_values
from tests.support.small_disk import small_disk

ROWS = 150_000
CHECKPOINT_ROWS = "5000"
SENTENCES = ("A lovely lamp", "An awful lamp", "A lamp", "What a superb song this is", "A boring, clumsy app")
ROUNDING = 1e-12
# What no two runs have in common.
OWN = ("scored_at",)


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bounded") / "reviews.parquet"
    texts = [f"{SENTENCES[row % len(SENTENCES)]} {row % 97}" for row in range(ROWS)]
    products = [f"p{row % 50}" for row in range(ROWS)]
    parquet.write_table(pa.table({"text": texts, "product_id": products}), path, row_group_size=50_000)
    return path


class Jobs:
    """The command, with one model, in a folder of its own."""

    def __init__(self, model: Path, folder: Path) -> None:
        self._model = model
        self.folder = folder

    def arguments(self, source: Path | str, output: str, *more: str) -> list[str]:
        options = ["--output", str(self.folder / output), "--model", str(self._model), *more]
        return ["batch", str(source), "--checkpoint-rows", CHECKPOINT_ROWS, *options]

    def run(self, source: Path | str, output: str, *more: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "consumer", *self.arguments(source, output, *more)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=False)

    def labels(self, output: str) -> Any:
        tables = list(open_results(str(self.folder / output)).scan(ResultFilter()))
        return pa.concat_tables(tables).drop_columns(list(OWN))


@pytest.fixture
def jobs(small_model: Path, tmp_path: Path) -> Jobs:
    return Jobs(small_model, tmp_path)


def rows_in_journal(output: Path) -> int:
    with suppress(FileNotFoundError, ValueError):
        return _rows(json.loads((output.with_name(f"{output.name}.partial") / "job.json").read_text())["progress"])
    return 0


def rows_in_sqlite(output: Path) -> int:
    with suppress(sqlite3.Error), closing(_reading(output)) as connection:
        ((progress,),) = connection.execute("SELECT progress FROM reviewstream_jobs").fetchall()
        return _rows(json.loads(progress))
    return 0


def _reading(output: Path) -> sqlite3.Connection:
    # Without a time-out: who waits for the writer may look again only when the job is done.
    return sqlite3.connect(f"file:{output}?mode=ro", uri=True, timeout=0)


def _rows(progress: dict[str, int]) -> int:
    return progress.get("labelled", 0) + progress.get("rejected", 0)


@pytest.mark.parametrize(
    ("output", "rows_stored"),
    [
        ("labels.parquet", rows_in_journal),
        ("labels", rows_in_journal),
        ("labels.jsonl", rows_in_journal),
        ("labels.sqlite", rows_in_sqlite),
    ],
)
def test_a_job_killed_twice_and_resumed_stores_what_an_uninterrupted_one_does(
    reviews: Path, jobs: Jobs, output: str, rows_stored: Callable[[Path], int]
) -> None:
    whole = jobs.run(reviews, f"whole-{output}")
    assert whole.returncode == 0, whole.stderr
    for share, more in ((0.3, []), (0.7, ["--resume"])):
        killed_behind(jobs, reviews, output, share * ROWS, rows_stored, more)
    resumed = jobs.run(reviews, output, "--resume", "--json")
    assert resumed.returncode == 0, resumed.stderr
    summary = json.loads(resumed.stdout)
    assert summary["labelled"] == ROWS
    assert 0.7 * ROWS <= summary["resumed_rows"] < ROWS
    found = jobs.labels(output)
    assert found.num_rows == ROWS
    assert found.equals(jobs.labels(f"whole-{output}"))


def killed_behind(  # noqa: PLR0913, PLR0917 - what is killed, and where
    jobs: Jobs, source: Path, output: str, rows: float, rows_stored: Callable[[Path], int], more: Sequence[str]
) -> None:
    with Program("consumer", jobs.arguments(source, output, *more), {}) as job:
        deadline = time.monotonic() + DEADLINE_S
        while rows_stored(jobs.folder / output) < rows:
            assert job.running(), "it was done before it could be killed:\n" + "\n".join(job.said[-5:])
            assert time.monotonic() < deadline
        job.kill()
    assert not (jobs.folder / output).exists() or output.endswith(".sqlite")


def test_a_stopped_job_says_how_to_go_on_and_does(reviews: Path, jobs: Jobs) -> None:
    with Program("consumer", jobs.arguments(reviews, "labels.csv"), {}) as job:
        deadline = time.monotonic() + DEADLINE_S
        while not rows_in_journal(jobs.folder / "labels.csv"):
            assert time.monotonic() < deadline
        job.signal(signal.SIGTERM)
        assert job.wait() == 75
        assert any("--resume" in line for line in job.said)
    resumed = jobs.run(reviews, "labels.csv", "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert jobs.labels("labels.csv").num_rows == ROWS


def test_two_jobs_on_one_output_refuse_each_other(reviews: Path, jobs: Jobs) -> None:
    with Program("consumer", jobs.arguments(reviews, "labels.parquet"), {}) as job:
        deadline = time.monotonic() + DEADLINE_S
        while not rows_in_journal(jobs.folder / "labels.parquet"):
            assert time.monotonic() < deadline
        # It would be done before the other one has read its model.
        job.signal(signal.SIGSTOP)
        other = jobs.run(reviews, "labels.parquet", "--resume")
        job.signal(signal.SIGCONT)
        assert other.returncode == 78
        assert f"process {job.process_id}" in other.stderr
        assert job.wait() == 0
    again = jobs.run(reviews, "labels.parquet")
    assert again.returncode == 78
    assert "is there already" in again.stderr


def test_another_job_does_not_go_on_with_what_was_interrupted(reviews: Path, jobs: Jobs) -> None:
    killed_behind(jobs, reviews, "labels.jsonl", 1, rows_in_journal, [])
    other = jobs.run(reviews, "labels.jsonl", "--resume", "--threshold", "0.9")
    assert other.returncode == 78
    assert "neutral band" in other.stderr


@pytest.mark.parametrize("output", ["labels.parquet", "labels.csv"])
def test_a_full_disk_ends_a_job_that_goes_on_once_there_is_room(
    reviews: Path, small_model: Path, tmp_path: Path, output: str
) -> None:
    with small_disk(tmp_path / "disk", 200) as disk:
        jobs = Jobs(small_model, disk.folder)
        disk.fill(1_000_000)
        full = jobs.run(reviews, output)
        assert full.returncode == 70, full.stderr
        assert "--resume" in full.stderr
        assert not (disk.folder / output).exists()
        disk.free()
        resumed = jobs.run(reviews, output, "--resume")
        assert resumed.returncode == 0, resumed.stderr
        assert jobs.labels(output).num_rows == ROWS


def test_groups_are_written_beside_the_labels(reviews: Path, jobs: Jobs) -> None:
    done = jobs.run(reviews, "labels.parquet", "--group-by", "product_id")
    assert done.returncode == 0, done.stderr
    groups = parquet.read_table(jobs.folder / "labels.by_product_id.parquet").to_pylist()
    assert len(groups) == 50
    assert sum(group["count"] for group in groups) == ROWS
    for group in groups:
        assert group["positive_low"] - ROUNDING <= group["share_positive"] <= group["positive_high"] + ROUNDING


@pytest.mark.kafka
def test_batch_gives_a_topics_reviews_the_labels_that_the_stream_gave_them(
    kafka: KafkaSettings, topics: TopicSettings, jobs: Jobs, small_model: Path
) -> None:
    producer = Producer(kafka.producer_config())
    for value in review_values(3000):
        producer.produce(topics.input_topic, value)
    assert producer.flush(DEADLINE_S) == 0
    environment = settings_in_environment(kafka, topics) | {"REVIEWS_MODEL": str(small_model)}
    with Program("consumer", ["run", "--until-caught-up", "--group", topics.input_topic], environment) as stream:
        assert stream.wait() == 0, stream.said
    with Program(
        "consumer", ["batch", "--topic", topics.input_topic, "-o", str(jobs.folder / "labels.parquet")], environment
    ) as job:
        assert job.wait() == 0, job.said
    found = read_everything(kafka.bootstrap_servers, topics)
    rows = jobs.labels("labels.parquet").to_pylist()
    batch = {(row["partition"], row["offset"]): row["label"] for row in rows}
    assert len(rows) == len(batch) == 3000
    assert batch == found.labels
