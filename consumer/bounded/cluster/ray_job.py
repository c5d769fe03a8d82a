"""One job on the machines of a Ray cluster: the same inputs, loop and store as on one; Ray Data moves the pieces."""

import logging
import os
import socket
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

from consumer.bounded.cluster.ray_labelling import CONTENT, PieceLabeller
from consumer.bounded.cluster.ray_pieces import PIECE_ROWS, pieces_of, unpack
from consumer.bounded.job_run import END_S_MAX, BoundedJob, JobLimits, stopped
from consumer.bounded.ports import Input, Store
from consumer.bounded.progress import Job, Progress
from consumer.bounded.reading.inputs import kept_schema
from consumer.bounded.reading.row_tables import RowTables
from consumer.bounded.reading.topic_tables import PartitionTables
from consumer.bounded.steps import Steps
from consumer.bounded.storing.table_sink import Rejects, TableSink
from consumer.scoring.lane import ThreadLane
from consumer.scoring.ports import Scorer
from shared.clock import Clock
from shared.errors import ConfigurationError, FatalError, ReviewstreamError

# What is on its way between machines is labels, and little of them at a time.
STORE_BYTES = 512 * 1024 * 1024

CONNECT_S_MAX = 10.0
THREAD_END_S_MAX = 5.0


class RayJob:
    """A BoundedJob whose texts are read and scored by a Ray cluster; labels come back in order and are stored here.

    Every machine needs this package, and the inputs and the model under the same names: `load` gives the scorer there,
    `scorer` is the same one here. A machine that is lost costs its pieces' time, nothing else.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - a BoundedJob's, and what goes to other machines
        self,
        job: Job,
        inputs: Sequence[Input],
        scorer: Scorer,
        store: Store,
        limits: JobLimits,
        load: Callable[[], Scorer],
        address: str | None = None,
        piece_rows: int = PIECE_ROWS,
    ) -> None:
        """`address` is the cluster's, `auto` the one this machine is part of; without it one is started here."""
        self._here = BoundedJob(job, inputs, scorer, store, limits)
        self._inputs = inputs
        self._store = store
        self._limits = limits
        self._load = load
        self._address = address
        self._piece_rows = piece_rows
        self.rows_by_node: Counter[str] = Counter()

    def begin(self) -> Progress:
        """Take the output, and return how far an interrupted run came; see Store."""
        return self._here.begin()

    def run(
        self, start: Progress, rejects: Rejects, steps: Steps, _clock: Clock, stop_requested: Callable[[], bool]
    ) -> Progress:
        """Label all that is left from `start` on, and store it; see BoundedJob."""
        with (
            ThreadLane("storing", END_S_MAX) as storing,
            _connected(self._address),
            # Ended before the cluster is left, see `_ending_threads`.
            closing(self._labelled(start)) as contents,
        ):
            sink = TableSink(self._store, rejects, start, self._limits.checkpoint_rows, storing, steps)
            for content in contents:
                if stop_requested():
                    sink.drain(END_S_MAX)
                    raise stopped(sink.progress)
                chunk, result = unpack(content)
                steps.add(result.seconds, result.counts, len(result.rejects))
                self.rows_by_node[result.node] += chunk.labels.num_rows + len(result.rejects)
                sink.add(chunk)
            sink.drain(END_S_MAX)
            sink.check_end()
        return sink.progress

    def finish(self, end: Progress, steps: Steps) -> None:
        """Put the output in its place."""
        self._here.finish(end, steps)

    def _labelled(self, start: Progress) -> Generator[bytes]:
        """Yield what becomes of each chunk that is left, in order, as packed bytes."""
        import ray.data  # noqa: PLC0415 - an optional package, and slow to import

        pieces = [
            {"input": piece.input, "first_row": piece.first_row, "end_row": piece.end_row}
            for piece in pieces_of(self._inputs, start, self._piece_rows)
        ]
        if not pieces:
            return
        resources: Any = ray.cluster_resources  # Has no types.
        workers = max(1, min(int(resources().get("CPU", 1)), len(pieces)))
        labeller = (self._inputs, kept_schema(self._inputs), self._load, self._limits.value_bytes_max)
        dataset = ray.data.from_items(pieces, override_num_blocks=len(pieces)).map_batches(
            PieceLabeller,
            fn_constructor_args=labeller,
            batch_size=1,
            batch_format="pyarrow",
            num_cpus=1,
            # Fewer where a machine is lost.
            compute=ray.data.ActorPoolStrategy(min_size=1, initial_size=workers, max_size=workers),
        )
        dataset.context.execution_options.preserve_order = True
        dataset.context.enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.WARNING)
        with _reactions(), _ending_threads():
            rows: Any = iter(dataset.iter_rows())
            with closing(rows):
                for row in rows:
                    yield row[CONTENT]


def require_readable_anywhere(inputs: Sequence[Input]) -> None:
    """Raise ConfigurationError where an input can only be read on this machine."""
    for one in inputs:
        if isinstance(one, PartitionTables):
            raise ConfigurationError(
                "--engine ray can't read a topic: its ranges share one connection", hint="leave --engine out"
            )
        if isinstance(one, RowTables) and one.identity() == "standard input":
            raise ConfigurationError(
                "--engine ray can't read standard input", hint="name files that every machine can read"
            )


@contextmanager
def _connected(address: str | None) -> Iterator[None]:
    """Be a driver of the cluster; ConfigurationError where it can't be reached."""
    # Before the import, which reads it: nothing is told to anybody.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray  # noqa: PLC0415 - an optional package, and slow to import
    except ImportError as error:
        raise ConfigurationError(
            "--engine ray needs the package ray", hint="pip install 'reviewstream[ray]'"
        ) from error
    if ray.is_initialized():
        # The program that this is part of is a driver already, and stays one.
        yield
        return
    if address is not None:
        _require_answer(address)
    alone = {"include_dashboard": False, "object_store_memory": STORE_BYTES}
    where: dict[str, Any] = alone if address is None else {"address": address}
    try:
        ray.init(log_to_driver=False, logging_level=logging.WARNING, **where)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise _no_cluster(address or "this machine", error) from error
    try:
        yield
    finally:
        ray.shutdown()


def _require_answer(address: str) -> None:
    """Raise ConfigurationError where nobody listens at host:port: Ray itself would try for minutes."""
    place = urlsplit(address if "//" in address else f"//{address}")
    if place.port is None:
        return
    try:
        socket.create_connection((place.hostname or "", place.port), CONNECT_S_MAX).close()
    except OSError as error:
        raise _no_cluster(address, error) from error


def _no_cluster(where: str, error: Exception) -> ConfigurationError:
    return ConfigurationError(f"no Ray cluster at {where}: {error}", hint="--ray-address names its head; `ray status`")


@contextmanager
def _ending_threads() -> Iterator[None]:
    """Wait for threads that Ray Data starts inside: Ray ends the process where one asks for something afterwards."""
    before = set(threading.enumerate())
    try:
        yield
    finally:
        for thread in set(threading.enumerate()) - before:
            thread.join(THREAD_END_S_MAX)


@contextmanager
def _reactions() -> Iterator[None]:
    """Raise what went wrong on another machine as if it had been here; FatalError where the cluster failed."""
    from ray.exceptions import RayError  # noqa: PLC0415 - an optional package

    try:
        yield
    except RayError as error:
        ours = _ours(error)
        if ours is not None:
            raise ours from error
        raise FatalError(f"the Ray cluster failed: {error}", hint="look at `ray status`, then --resume") from error


def _ours(error: BaseException | None) -> ReviewstreamError | None:
    while error is not None and not isinstance(error, ReviewstreamError):
        error = getattr(error, "cause", None) or error.__cause__
    return error
