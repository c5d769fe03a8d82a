"""The Sink of bounded data: labels are gathered to a checkpoint, and stored while the next ones are scored."""

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import msgspec

from consumer.bounded.arrow import import_pyarrow
from consumer.bounded.chunks import Reject
from consumer.bounded.label_table import label_table
from consumer.bounded.ports import RejectLimit, RejectLog, Store
from consumer.bounded.progress import Progress
from consumer.bounded.reading.table_source import ReadableTable, RowRecord, TableRows
from consumer.bounded.steps import Step, Steps
from consumer.scoring.lane import Lane
from consumer.scoring.outcome import DeadLetter, Outcome


@dataclass(frozen=True, slots=True)
class Rejects:
    """Where rows go that can't be labelled, and how many may."""

    log: RejectLog
    limit: RejectLimit


@dataclass(frozen=True, slots=True)
class LabelledChunk:
    """What became of a chunk: labels (pyarrow.Table) and rejects, and where the next row of its input stands."""

    labels: Any
    rejects: list[Reject]
    input: int
    next_row: int


class TableSink:
    """Gives a store `checkpoint_rows` or a few more labels at a time, and with them how far the job is."""

    def __init__(  # noqa: PLR0913, PLR0917 - one argument a neighbour
        self, store: Store, rejects: Rejects, progress: Progress, checkpoint_rows: int, lane: Lane, steps: Steps
    ) -> None:
        self._store = store
        self._rejects = rejects
        self._checkpoint_rows = checkpoint_rows
        self._lane = lane
        self._steps = steps
        self._tables: list[Any] = []
        self._stored = progress
        self._storing: Future[None] | None = None
        self._last_reject: Reject | None = None
        self.progress = progress

    def deliver(self, outcome: Outcome[ReadableTable]) -> None:
        """Take a batch over; waits for the checkpoint before the one that it completes."""
        with self._steps.timing(Step.POST_PROCESS):
            chunk = labelled_chunk(outcome)
        self.add(chunk)

    def add(self, chunk: LabelledChunk) -> None:
        """Take over what became of the next chunk; see `deliver`."""
        with self._steps.timing(Step.POST_PROCESS):
            self._tables.append(chunk.labels)
            self._last_reject = chunk.rejects[-1] if chunk.rejects else self._last_reject
            self._rejects.log.append(chunk.rejects)
        self.progress = msgspec.structs.replace(
            self.progress,
            input=chunk.input,
            row=chunk.next_row,
            labelled=self.progress.labelled + chunk.labels.num_rows,
            rejected=self.progress.rejected + len(chunk.rejects),
        )
        self._rejects.limit.check(self.progress, self._last_reject)
        if self.progress.rows - self._stored.rows >= self._checkpoint_rows:
            self._begin_checkpoint()

    def check_end(self) -> None:
        """Raise InputError where too many of all rows were rejected."""
        self._rejects.limit.check_end(self.progress, self._last_reject)

    def advance(self, _wait_s: float) -> int:
        """Return how many rows are not stored yet; raises what storing raised."""
        if self._storing is not None and self._storing.done():
            self._await_checkpoint()
        return self.progress.rows - self._stored.rows

    def drain(self, _deadline_s: float) -> None:
        """Store what is left, and wait until all is durable: as long as it takes, a file system has no deadline."""
        if self._tables:
            self._begin_checkpoint()
        self._await_checkpoint()

    def abandon(self) -> None:
        """Forget nothing: see TableSource.rewind."""

    def _begin_checkpoint(self) -> None:
        self._await_checkpoint()
        tables, self._tables = self._tables, []
        # Rejects first: those beyond what the stored progress knows of are cut off by the next run.
        self.progress = msgspec.structs.replace(self.progress, rejects_bytes=self._rejects.log.sync())
        self._stored = progress = self.progress
        self._storing = self._lane.begin(lambda: self._append(tables, progress))

    def _append(self, tables: list[Any], progress: Progress) -> None:
        with self._steps.timing(Step.STORE):
            table = import_pyarrow().concat_tables(tables).unify_dictionaries()
            self._store.append(table, progress)

    def _await_checkpoint(self) -> None:
        storing, self._storing = self._storing, None
        if storing is not None:
            storing.result()


def labelled_chunk(outcome: Outcome[ReadableTable]) -> LabelledChunk:
    """Return what became of a chunk that a TableSource gave."""
    records = outcome.batch.records
    if not isinstance(records, TableRows):
        raise TypeError("a table sink stores what a table source gives")
    labelled = outcome.labelled
    labels = label_table(labelled.reviews, labelled.kept, outcome.scores, outcome.scored_at)
    rejects = [_reject(letter) for letter in outcome.dead_letters]
    return LabelledChunk(labels, rejects, records.chunk.input, records.chunk.next_row)


def _reject(letter: DeadLetter) -> Reject:
    record = letter.record
    if not isinstance(record, RowRecord):
        raise TypeError("a table sink stores what a table source gives")
    return Reject(record.source, record.part, record.number, letter.message)
