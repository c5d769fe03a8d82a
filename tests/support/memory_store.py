"""A Store and a RejectLog in memory: what a job stored, and how it was told to stop."""

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from consumer.bounded.chunks import Reject
from consumer.bounded.progress import Job, Progress
from shared.errors import InputError


class MemoryStore:
    """A Store; `start` is how far an interrupted run came, `before_append` may raise."""

    def __init__(self, start: Progress | None = None) -> None:
        self._start = start or Progress()
        self.before_append: Callable[[], None] = lambda: None
        self.schema: Any = None
        self.tables: list[Any] = []
        self.progress: list[Progress] = []
        self.finished: Progress | None = None

    def begin(self, _job: Job, schema: Any) -> Progress:
        self.schema = schema
        return self._start

    def append(self, table: Any, progress: Progress) -> None:
        self.before_append()
        self.tables.append(table)
        self.progress.append(progress)

    def finish(self, progress: Progress) -> None:
        self.finished = progress

    def close(self) -> None:
        pass

    def rows(self) -> list[dict[str, Any]]:
        return pa.concat_tables(self.tables).to_pylist() if self.tables else []


class MemoryRejects:
    """A RejectLog and a RejectLimit: of more than `rejects_max` the job stops."""

    rejects_max = 1_000_000

    def __init__(self) -> None:
        self.rejects: list[Reject] = []
        self.flushed = 0

    def append(self, rejects: Sequence[Reject]) -> None:
        self.rejects += rejects

    def sync(self) -> int:
        self.flushed = len(self.rejects)
        return self.flushed

    def check(self, progress: Progress, last: Reject | None) -> None:
        if progress.rejected > self.rejects_max:
            raise InputError(f"too many: {last}")

    check_end = check
