"""The same job on a cluster of two machines, both of them here: the same rows in the same order, whoever is lost."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from consumer.bounded.cluster.ray_job import RayJob
from consumer.bounded.job_run import BoundedJob, JobLimits
from consumer.bounded.ports import Input
from consumer.bounded.progress import Job, Progress
from consumer.bounded.reading.inputs import ReadAs, open_inputs
from consumer.bounded.steps import Steps
from consumer.bounded.storing.table_sink import Rejects
from consumer.model.load import load_same, load_scorer
from consumer.scoring.ports import Scorer
from shared.clock import SystemClock
from shared.errors import ConfigurationError, RetriableError
from tests.support.killable_consumer import SlowScorer
from tests.support.memory_store import MemoryRejects, MemoryStore
from tests.support.small_model import BAD, GOOD, THINGS
from tests.support.standard_input import no_standard_input
from tests.support.stream_under_test import Deadline

ray = pytest.importorskip("ray")

pytestmark = [
    pytest.mark.slow,
    # Ray's own, of its own settings and its own sockets.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::FutureWarning"),
]

COUNT = 6000
CHECKPOINT_ROWS = 500
PIECE_ROWS = 300
SLOW_S = 0.15
STORE_BYTES = 100 * 1024 * 1024


@pytest.fixture
def lose_a_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Be the driver of two machines of one processor each; returns what takes the second one away."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    from ray.cluster_utils import Cluster  # noqa: PLC0415 - after the setting above

    node: dict[str, Any] = {"num_cpus": 1, "object_store_memory": STORE_BYTES, "include_dashboard": False}
    cluster: Any = Cluster(initialize_head=True, head_node_args=node)
    try:
        # While there is one machine only: a driver belongs to one of them, and must not be lost with it.
        ray.init(address=cluster.address, log_to_driver=False)
        second = cluster.add_node(**node)
        yield lambda: cluster.remove_node(second, allow_graceful=False)
    finally:
        ray.shutdown()
        cluster.shutdown()


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """A Parquet file and a CSV file, with rows among them that hold no review."""
    words = GOOD + BAD
    texts = [f"What a {words[row % 10]} {THINGS[row % 8]}, number {row}" for row in range(COUNT)]
    texts[1000] = texts[5500] = ""
    table = pa.table(
        {
            "text": texts,
            "product_id": [THINGS[row % 8] for row in range(COUNT)],
            "shop": [row % 7 for row in range(COUNT)],
        }
    )
    parquet.write_table(table.slice(0, COUNT - 1000), tmp_path / "a.parquet", row_group_size=100)
    csv.write_csv(table.slice(COUNT - 1000), tmp_path / "b.csv")
    return [str(tmp_path / name) for name in ("a.parquet", "b.csv")]


class Bench:
    """The same inputs and model for both engines."""

    def __init__(self, files: list[str], model: Path) -> None:
        self._files = files
        self.model = model
        self.loaded = load_scorer(model)
        self.limits = JobLimits(checkpoint_rows=CHECKPOINT_ROWS)

    def inputs(self) -> list[Input]:
        """Return the inputs anew: one that was read holds a file that is no other machine's."""
        return open_inputs(self._files, ReadAs(keep={"shop": "shop"}), no_standard_input)

    def here(self) -> tuple[list[dict[str, Any]], MemoryRejects, Progress]:
        store, rejects = MemoryStore(), MemoryRejects()
        end = self.run_here(store, rejects)
        return comparable(store), rejects, end

    def run_here(self, store: MemoryStore, rejects: MemoryRejects) -> Progress:
        return run(BoundedJob(Job({}), self.inputs(), self.loaded.scorer, store, self.limits), rejects)

    def both_machines(self) -> Callable[[], Scorer]:
        """Return what loads the model where both machines do."""
        meeting_place = Path(self._files[0]).parent / "meeting"
        meeting_place.mkdir()
        return partial(load_together, self.model, self.loaded.manifest.digest(), meeting_place)

    def job(self, store: MemoryStore, load: Callable[[], Scorer] | None = None, address: str | None = None) -> RayJob:
        load = load or partial(load_same, self.model, None, self.loaded.manifest.digest())
        return RayJob(
            Job({}), self.inputs(), self.loaded.scorer, store, self.limits, load, address=address, piece_rows=PIECE_ROWS
        )


def comparable(store: MemoryStore) -> list[dict[str, Any]]:
    """Return what is stored, but for when."""
    return [{name: cell for name, cell in row.items() if name != "scored_at"} for row in store.rows()]


def run(
    job: BoundedJob | RayJob, rejects: MemoryRejects, stop_requested: Callable[[], bool] = lambda: False
) -> Progress:
    return job.run(job.begin(), Rejects(rejects, rejects), Steps(SystemClock()), SystemClock(), stop_requested)


def load_together(model: Path, digest: str, meeting_place: Path) -> Scorer:
    """Load a model once two machines are about to, so that both have a share of the work; it takes its time."""
    (meeting_place / ray.get_runtime_context().get_node_id()).touch()
    deadline = Deadline()
    while len(list(meeting_place.iterdir())) < 2:
        deadline.check("the other machine begins")
        threading.Event().wait(0.05)
    return SlowScorer(load_same(model, None, digest), SLOW_S)


def fail_to_load() -> Scorer:
    raise ConfigurationError("no model here", hint="copy it")


@pytest.mark.usefixtures("lose_a_machine")
def test_two_machines_give_the_rows_of_one_in_order(files: list[str], small_model: Path) -> None:
    bench = Bench(files, small_model)
    rows, rejects, end = bench.here()
    store, ray_rejects = MemoryStore(), MemoryRejects()
    job = bench.job(store, bench.both_machines())
    assert run(job, ray_rejects) == end
    assert comparable(store) == rows
    assert len(rows) == COUNT - 2
    assert ray_rejects.rejects == rejects.rejects
    assert (sum(job.rows_by_node.values()), len(job.rows_by_node)) == (COUNT, 2)
    assert ray.is_initialized(), "a driver from before stays one"


def test_a_machine_lost_in_the_middle_changes_nothing(
    lose_a_machine: Callable[[], None], files: list[str], small_model: Path
) -> None:
    bench = Bench(files, small_model)
    rows, rejects, end = bench.here()
    store, ray_rejects = MemoryStore(), MemoryRejects()
    job = bench.job(store, bench.both_machines())
    lost: list[int] = []

    def before_append() -> None:
        if not lost and len(job.rows_by_node) == 2:
            lost.append(sum(job.rows_by_node.values()))
            lose_a_machine()

    store.before_append = before_append
    assert run(job, ray_rejects) == end
    assert 0 < sum(lost) < COUNT, "it was lost in the middle"
    assert comparable(store) == rows
    assert ray_rejects.rejects == rejects.rejects


def test_a_cluster_is_started_here_and_left_whatever_happens(files: list[str], small_model: Path) -> None:
    bench = Bench(files, small_model)
    with pytest.raises(ConfigurationError, match="no model here"):
        run(bench.job(MemoryStore(), fail_to_load), MemoryRejects())
    assert not ray.is_initialized()
    rows, _, end = bench.here()
    first = MemoryStore()
    with pytest.raises(RetriableError, match="which are stored"):
        run(bench.job(first), MemoryRejects(), lambda: len(first.tables) > 2)
    assert not ray.is_initialized()
    # What a cluster began goes on without one.
    second = MemoryStore(first.progress[-1])
    assert bench.run_here(second, MemoryRejects()).rows == end.rows
    assert comparable(first) + comparable(second) == rows


def test_a_cluster_that_is_not_there_is_named(files: list[str], small_model: Path) -> None:
    bench = Bench(files, small_model)
    with pytest.raises(ConfigurationError, match="no Ray cluster at") as refused:
        run(bench.job(MemoryStore(), address="127.0.0.1:1"), MemoryRejects())
    assert "--ray-address" in refused.value.hint
