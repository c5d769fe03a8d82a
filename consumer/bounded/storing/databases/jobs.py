"""The table of jobs: how far each came, beside the labels and in the same transaction."""

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from consumer.bounded.ports import Mode
from consumer.bounded.progress import Job, Progress
from consumer.bounded.storing.databases.database import RESUME_HINT, Database
from shared.errors import FatalError

JOBS_TABLE = "reviewstream_jobs"
CREATE_JOBS = (
    f"CREATE TABLE IF NOT EXISTS {JOBS_TABLE} (output TEXT NOT NULL, digest TEXT NOT NULL, settings TEXT NOT NULL, "
    "mode TEXT NOT NULL, progress TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT)"
)


@dataclass(frozen=True, slots=True)
class StoredJob:
    """One job that wrote to a table; `finished_at` is None where it was interrupted, or is at work."""

    job: Job
    mode: Mode
    progress: Progress
    finished_at: str | None


class Jobs:
    """The jobs of one table of labels; to be used inside a transaction."""

    def __init__(self, database: Database, output: str) -> None:
        self._database = database
        self._output = output

    def create(self) -> None:
        """Make the table where it is missing."""
        self._database.run(CREATE_JOBS)

    def all(self) -> list[StoredJob]:
        """Return every job that wrote to this table, the latest last."""
        rows = self._database.run(
            f"SELECT settings, mode, progress, finished_at FROM {JOBS_TABLE} WHERE output = ? ORDER BY started_at",
            [self._output],
        )
        return [
            StoredJob(
                Job(msgspec.json.decode(settings, type=dict[str, str])),
                Mode(mode),
                msgspec.json.decode(progress, type=Progress),
                finished_at,
            )
            for settings, mode, progress, finished_at in rows
        ]

    def start(self, job: Job, mode: Mode) -> None:
        """Note a new job, in place of one like it whose labels are gone."""
        self.forget(job)
        self._database.run(
            f"INSERT INTO {JOBS_TABLE} VALUES (?, ?, ?, ?, ?, ?, NULL)",
            [self._output, job.digest, _text(dict(job.settings)), mode.value, _text(Progress()), _now()],
        )

    def forget(self, job: Job) -> None:
        """Remove a job's row."""
        self._database.run(f"DELETE FROM {JOBS_TABLE} WHERE output = ? AND digest = ?", [self._output, job.digest])

    def advance(self, job: Job, before: Progress, after: Progress) -> None:
        """Note how far the job is; FatalError where somebody else has moved it meanwhile."""
        moved = self._database.run(
            f"UPDATE {JOBS_TABLE} SET progress = ? WHERE output = ? AND digest = ? AND progress = ? "
            "AND finished_at IS NULL RETURNING digest",
            [_text(after), self._output, job.digest, _text(before)],
        )
        # Never while the lock holds; a pooler that shares connections could lose it unseen.
        if not moved:
            raise FatalError(f"{self._database.name}: another process goes on with this job", hint=RESUME_HINT)

    def finish(self, job: Job) -> None:
        """Note that the job's labels are in their final place."""
        self._database.run(
            f"UPDATE {JOBS_TABLE} SET finished_at = ? WHERE output = ? AND digest = ?",
            [_now(), self._output, job.digest],
        )


def _text(value: Progress | dict[str, str]) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
