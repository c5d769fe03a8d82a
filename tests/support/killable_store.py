"""A job that stores numbered labels in a database, in a process that ends at a named step, as a power cut would."""

import subprocess
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

from consumer.bounded.ports import Mode
from consumer.bounded.progress import Job, Progress
from consumer.bounded.storing.databases.database import Database
from consumer.bounded.storing.databases.table_store import TableStore
from tests.support.database_outputs import output_at
from tests.support.fail_points import end_this_process
from tests.support.label_rows import label_rows

MODULE = "tests.support.killable_store"
ROOT = Path(__file__).parents[2]
CHECKPOINT = 100
CHECKPOINTS = 3
JOB = Job({"inputs": "reviews.csv"})


class Moment(StrEnum):
    """When the process ends: in its second checkpoint, or while it finishes."""

    INSERTED = "inserted"
    COMMITTING = "committing"
    COMMITTED = "committed"
    FINISHING = "finishing"
    FINISH_COMMITTING = "finish-committing"
    FINISH_COMMITTED = "finish-committed"


class EndingDatabase:
    """A Database, in the way of whose calls the process may end."""

    def __init__(self, database: Database, moment: Moment) -> None:
        self._database = database
        self._moment = moment
        self._inserts = 0
        self.finishing = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    def insert(self, table: str, rows: Any) -> None:
        self._database.insert(table, rows)
        self._inserts += 1
        self._reached(Moment.INSERTED)

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        commits = statement == "COMMIT"
        if statement.startswith(("ALTER TABLE", "INSERT INTO")) and self.finishing:
            self._reached(Moment.FINISHING)
        if commits:
            self._reached(Moment.FINISH_COMMITTING if self.finishing else Moment.COMMITTING)
        rows = self._database.run(statement, parameters)
        if commits:
            self._reached(Moment.FINISH_COMMITTED if self.finishing else Moment.COMMITTED)
        return rows

    def _reached(self, moment: Moment) -> None:
        if moment is self._moment and (self.finishing or self._inserts == 2):
            end_this_process()


def progress_after(checkpoints: int) -> Progress:
    """Return how far the job is after so many checkpoints."""
    return Progress(row=checkpoints * CHECKPOINT, labelled=checkpoints * CHECKPOINT)


def store_checkpoint(store: TableStore, number: int) -> None:
    """Store the n-th checkpoint, counted from 0."""
    store.append(label_rows(number * CHECKPOINT, (number + 1) * CHECKPOINT), progress_after(number + 1))


def run_until(moment: Moment, place: str, table: str, mode: Mode) -> int:
    """Run the job in a process that ends at this moment, and return its exit code."""
    arguments = [moment.value, place, table, mode.value]
    return subprocess.run([sys.executable, "-m", MODULE, *arguments], cwd=ROOT, check=False).returncode


def main(moment: Moment, place: str, table: str, mode: Mode) -> None:
    """Store all checkpoints, and finish."""
    database = EndingDatabase(output_at(place).database(), moment)
    store = TableStore(cast("Any", database), table, mode)
    store.begin(JOB, label_rows(0, 0).schema)
    for number in range(CHECKPOINTS):
        store_checkpoint(store, number)
    database.finishing = True
    store.finish(progress_after(CHECKPOINTS))


if __name__ == "__main__":
    main(Moment(sys.argv[1]), sys.argv[2], sys.argv[3], Mode(sys.argv[4]))
