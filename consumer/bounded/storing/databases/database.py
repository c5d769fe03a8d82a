"""What a database engine must be able to do for labels to be stored in it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, ClassVar, Protocol

from shared.errors import FatalError

RESUME_HINT = "what was stored before is safe: mend the cause, then run the same command with --resume"


class Database(Protocol):
    """One connection, for one job; the same SQL goes to all engines, `?` standing for a value.

    Every method raises FatalError where the engine can't do it: a disk that is full, a server that is gone.
    """

    # Starts a transaction that will write.
    begin_statement: ClassVar[str]
    # What a SELECT ends with so that a table's rows come as they were inserted; empty where they do anyway.
    in_order: ClassVar[str]

    @property
    def name(self) -> str:
        """What people know the database by, without secrets."""
        ...

    def open(self, table: str) -> None:
        """Connect, and take the table for this job alone.

        Raises ConfigurationError where another job has it, or where this is no such database.
        """
        ...

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows, none where it has no result; outside a transaction it is one itself."""
        ...

    def columns(self, table: str) -> list[str]:
        """Return the names of a table's columns, in order; none where there is no such table."""
        ...

    def create(self, table: str, schema: Any) -> None:
        """Create a table for rows of this schema (pyarrow.Schema); ConfigurationError where it can't hold a column."""
        ...

    def insert(self, table: str, rows: Any) -> None:
        """Add rows (pyarrow.Table) of the schema the table was created for, in order."""
        ...

    def settle(self, table: str) -> None:
        """Give a table whose rows are all there what readers need: a review is found fast by its id."""
        ...

    def close(self) -> None:
        """Let go of everything; what no transaction has confirmed is gone. May be called twice."""
        ...


@contextmanager
def transaction(database: Database) -> Iterator[None]:
    """Everything inside becomes durable at the end, or nothing of it."""
    database.run(database.begin_statement)
    try:
        yield
        database.run("COMMIT")
    except BaseException:
        # An engine that is gone, or whose disk is full, has rolled back by itself.
        with suppress(FatalError):
            database.run("ROLLBACK")
        raise
