"""What bounded scoring asks of those who keep its labels."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any, Protocol

from consumer.bounded.chunks import Reject, TableChunk
from consumer.bounded.progress import Job, Progress


class Mode(StrEnum):
    """What a store makes of an output that is there already."""

    # An output that is there is refused, and so is an interrupted job.
    FRESH = "fresh"
    # An interrupted job goes on, or starts where there is none; a finished output is refused.
    RESUME = "resume"
    # Databases only: a new job's rows join those of a table that is there.
    APPEND = "append"


class Input(Protocol):
    """One of a job's inputs: a file, sample data, a topic's range."""

    def identity(self) -> str:
        """Return what tells it from another input: its name, and what it holds as far as that shows from outside."""
        ...

    def kept_schema(self) -> Any:
        """Return the columns (pyarrow.Schema) that are to be stored with the labels."""
        ...

    def read(self, first_row: int) -> Iterator[TableChunk]:
        """Yield its chunks from a row on, see Progress; InputError where it can't be read."""
        ...

    def share_read(self) -> float | None:
        """Return which share of it was read, None where its size is not known."""
        ...


class RejectLog(Protocol):
    """Keeps the rows that could not be labelled."""

    def append(self, rejects: Sequence[Reject]) -> None:
        """Take some more over; FatalError where that can't be done."""
        ...

    def sync(self) -> int:
        """Make all of them durable; return the size in bytes of what is kept, see Progress."""
        ...


class RejectLimit(Protocol):
    """Says when so much is rejected that something is wrong with the job."""

    def check(self, progress: Progress, last: Reject | None) -> None:
        """Raise InputError where too many of enough rows were rejected; `last` is the last of them."""
        ...

    def check_end(self, progress: Progress, last: Reject | None) -> None:
        """Raise InputError where too many of all rows were rejected."""
        ...


class Store(Protocol):
    """Keeps the labels of one job; pyarrow's tables have the columns of `label_table`."""

    def begin(self, job: Job, schema: Any) -> Progress:
        """Take the output for this job alone, and return how far an interrupted run of it came (resumed stores only).

        `schema` (pyarrow.Schema) is that of all tables. Raises ConfigurationError where the output is there already,
        where another job has it in hand, or where the job to resume is another one; FatalError where it can't be
        reached.
        """
        ...

    def append(self, table: Any, progress: Progress) -> None:
        """Store the next labels, in order, and how far the job is with them: both durable on return, or neither.

        Raises FatalError where that can't be done: what was stored before stays, and can be resumed.
        """
        ...

    def finish(self, progress: Progress) -> None:
        """Put everything in its final place, visible to others from now on."""
        ...

    def close(self) -> None:
        """Let go of the output, finished or not; may be called twice."""
        ...
