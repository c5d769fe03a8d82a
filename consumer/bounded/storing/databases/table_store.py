"""A Store whose labels are the rows of a table: each engine keeps the same promise by the same statements.

Labels go to `<table>__partial`, and in one last transaction to `<table>`: readers see a job's labels all at once, and
an interrupted job leaves the table as it was. How far the job is stands in `reviewstream_jobs`, moved in the very
transaction that stores the labels.
"""

import re
from typing import Any

from consumer.bounded.finding.result_query import quoted
from consumer.bounded.ports import Mode
from consumer.bounded.progress import Job, Progress
from consumer.bounded.storing.databases.column_kinds import require_distinct
from consumer.bounded.storing.databases.database import Database, transaction
from consumer.bounded.storing.databases.jobs import JOBS_TABLE, Jobs, StoredJob
from shared.errors import ConfigurationError, FatalError

DEFAULT_TABLE = "sentiment"
PARTIAL = "{}__partial"
# A name that needs no quoting, and leaves room for what is added within PostgreSQL's 63 bytes.
TABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,47}")


class TableStore:
    """Keeps the labels of one job in a table."""

    def __init__(self, database: Database, table: str, mode: Mode) -> None:
        self._database = database
        self._table = table
        self._mode = mode
        self._partial = PARTIAL.format(table)
        self._jobs = Jobs(database, table)
        self._job = Job({})
        self._progress = Progress()

    def begin(self, job: Job, schema: Any) -> Progress:
        """Take the table for this job alone; see `Store`.

        In every mode a job that was interrupted must be resumed before another one may start; one that is resumed keeps
        the mode it was started in.
        """
        require_table_name(self._table)
        require_distinct(schema)
        self._job = job
        try:
            self._database.open(self._table)
            self._take_table(schema)
        except BaseException:
            self._database.close()
            raise
        return self._progress

    def append(self, table: Any, progress: Progress) -> None:
        """Store the next labels and how far the job is with them, in one transaction."""
        with transaction(self._database):
            self._database.insert(self._partial, table)
            self._jobs.advance(self._job, self._progress, progress)
        self._progress = progress

    def finish(self, progress: Progress) -> None:
        """Give the labels their final name, or add them to those that are there, in one transaction."""
        with transaction(self._database):
            self._jobs.advance(self._job, self._progress, progress)
            if self._mode is Mode.APPEND and self._database.columns(self._table):
                self._database.run(self._join_statement(self._database.in_order))
                self._database.run(f"DROP TABLE {quoted(self._partial)}")
            else:
                self._database.run(f"ALTER TABLE {quoted(self._partial)} RENAME TO {quoted(self._table)}")
                self._database.settle(self._table)
            self._jobs.finish(self._job)
        self._progress = progress

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def _take_table(self, schema: Any) -> None:
        with transaction(self._database):
            self._jobs.create()
            stored = self._jobs.all()
            interrupted = self._interrupted(stored)
            if interrupted is None:
                self._require_place(stored)
                self._start(schema)
            else:
                self._go_on(interrupted)
            if self._mode is Mode.APPEND and self._database.columns(self._table):
                self._require_fitting(schema)

    def _interrupted(self, stored: list[StoredJob]) -> StoredJob | None:
        # Somebody may have dropped the table of a job that was interrupted: then there is nothing to go on with.
        if not self._database.columns(self._partial):
            for unfinished in (one for one in stored if one.finished_at is None):
                self._jobs.forget(unfinished.job)
            return None
        found = next((one for one in stored if one.finished_at is None), None)
        if found is None:
            raise ConfigurationError(
                f"{self._where}: the table {self._partial} is there, and no job of {JOBS_TABLE} made it",
                hint="drop it, or name another --table",
            )
        if not found.progress.rows:
            self._database.run(f"DROP TABLE {quoted(self._partial)}")
            self._jobs.forget(found.job)
            return None
        return found

    def _require_place(self, stored: list[StoredJob]) -> None:
        if not self._database.columns(self._table):
            return
        same = next((one for one in stored if one.finished_at and one.job.digest == self._job.digest), None)
        if same is not None:
            raise ConfigurationError(
                f"{self._where} holds this very job's labels, finished at {same.finished_at}",
                hint="nothing is left to do; another --table takes them once more",
            )
        if self._mode is not Mode.APPEND:
            raise ConfigurationError(
                f"{self._where} is there already", hint="--append adds to it; or name another --table, or drop it"
            )

    def _start(self, schema: Any) -> None:
        self._progress = Progress()
        self._database.create(self._partial, schema)
        mode = Mode.APPEND if self._mode is Mode.APPEND else Mode.FRESH
        self._jobs.start(self._job, mode)

    def _go_on(self, interrupted: StoredJob) -> None:
        if self._mode is not Mode.RESUME:
            raise ConfigurationError(
                f"{self._where} has the labels of a job that was interrupted after {interrupted.progress.rows:,} rows",
                hint=f"--resume goes on with it; to give it up, drop the table {self._partial}",
            )
        self._job.require_same(interrupted.job, self._where)
        if interrupted.mode is not Mode.APPEND and self._database.columns(self._table):
            raise ConfigurationError(
                f"{self._where} was made by somebody else while the job was interrupted",
                hint="rename it: --resume then goes on",
            )
        self._mode = interrupted.mode
        self._progress = interrupted.progress

    def _require_fitting(self, schema: Any) -> None:
        there = self._database.columns(self._table)
        missing = [name for name in schema.names if name not in there]
        if missing:
            raise ConfigurationError(
                f"{self._where} lacks the columns {', '.join(missing)}",
                hint="add them with ALTER TABLE, or name another --table",
            )
        # Found out now, not after hours of scoring.
        try:
            self._database.run(self._join_statement("WHERE FALSE"))
        except FatalError as error:
            raise ConfigurationError(
                f"the columns of {self._where} are of other types: {error}", hint="name another --table"
            ) from error

    def _join_statement(self, end: str) -> str:
        names = ", ".join(map(quoted, self._database.columns(self._partial)))
        return f"INSERT INTO {quoted(self._table)} ({names}) SELECT {names} FROM {quoted(self._partial)} {end}"

    @property
    def _where(self) -> str:
        return f"{self._database.name}, table {self._table}"


def require_table_name(table: str) -> None:
    """Raise ConfigurationError where a table can't have this name."""
    if not TABLE_NAME.fullmatch(table) or table == JOBS_TABLE:
        raise ConfigurationError(
            f"{table!r} can't be the name of a table of labels",
            hint="--table takes letters, digits and _, at most 48, no digit first; a schema of PostgreSQL is named in "
            "the URL: ?options=-csearch_path=NAME",
        )
