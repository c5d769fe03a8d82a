"""One job, from its inputs to its store, through the one loop."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from consumer.bounded.label_table import label_table
from consumer.bounded.ports import Input, Store
from consumer.bounded.progress import Job, Progress
from consumer.bounded.reading.inputs import kept_schema, read_chunks
from consumer.bounded.reading.review_batch import empty_batch, no_reviews
from consumer.bounded.reading.table_source import TableSource, decode_table
from consumer.bounded.steps import Step, Steps
from consumer.bounded.storing.table_sink import Rejects, TableSink
from consumer.scoring.batching import BatchBounds, BatchPolicy
from consumer.scoring.lane import ThreadLane
from consumer.scoring.loop import LoopLimits, ScoringLoop
from consumer.scoring.ports import Scorer
from shared.clock import Clock
from shared.errors import RetriableError

# What is being stored when a job fails is waited for this long.
END_S_MAX = 60.0


@dataclass(frozen=True, slots=True)
class JobLimits:
    """How many threads score, how many labels are stored at a time, and how large a text may be."""

    workers: int = 1
    checkpoint_rows: int = 250_000
    value_bytes_max: int = 1024 * 1024


class BoundedJob:
    """All rows of its inputs, in order, through a scorer into a store."""

    def __init__(self, job: Job, inputs: Sequence[Input], scorer: Scorer, store: Store, limits: JobLimits) -> None:
        self._job = job
        self._inputs = inputs
        self._scorer = scorer
        self._store = store
        self._limits = limits
        self._kept = kept_schema(inputs)

    def begin(self) -> Progress:
        """Take the output, and return how far an interrupted run came; see Store."""
        scores = self._scorer.score([])
        empty = label_table(no_reviews(), empty_batch(self._kept), scores, datetime.fromtimestamp(0, UTC))
        return self._store.begin(self._job, empty.schema)

    def run(
        self, start: Progress, rejects: Rejects, steps: Steps, clock: Clock, stop_requested: Callable[[], bool]
    ) -> Progress:
        """Label all that is left from `start` on, and store it; `finish` is for the caller.

        Raises RetriableError where a stop was requested before, InputError where too many rows were rejected; what was
        stored until then stays.
        """
        source = TableSource(read_chunks(self._inputs, start, self._kept))
        with (
            ThreadLane("scoring", width=self._limits.workers) as scoring,
            ThreadLane("storing", END_S_MAX) as storing,
        ):
            sink = TableSink(self._store, rejects, start, self._limits.checkpoint_rows, storing, steps)
            limits = LoopLimits(value_bytes_max=self._limits.value_bytes_max, dead_letters=None, idle_wait_s=0.0)
            policy = BatchPolicy(BatchBounds(time_s=math.inf))
            loop = ScoringLoop(source, decode_table, self._scorer, sink, steps, clock, policy, limits, scoring)
            loop.run(stop_requested)
        if not source.exhausted():
            raise stopped(sink.progress)
        sink.check_end()
        return sink.progress

    def finish(self, end: Progress, steps: Steps) -> None:
        """Put the output in its place."""
        with steps.timing(Step.STORE):
            self._store.finish(end)


def stopped(progress: Progress) -> RetriableError:
    """Return the error of a job that was told to stop."""
    return RetriableError(f"stopped after {progress.rows:,} rows, which are stored", hint="run it again with --resume")
