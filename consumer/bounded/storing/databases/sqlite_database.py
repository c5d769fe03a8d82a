"""SQLite: one file, no server, in the standard library."""

import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from consumer.bounded.arrow import import_pyarrow
from consumer.bounded.finding.result_query import quoted
from consumer.bounded.storing.databases.column_kinds import Kind, column_definitions, kind_of
from consumer.bounded.storing.databases.database import RESUME_HINT
from consumer.bounded.storing.output_lock import OutputLock
from shared.errors import ConfigurationError, FatalError

# How long a reader that holds the file may keep a transaction from its commit.
BUSY_S_MAX = 30.0
# So many rows are Python objects at once.
SLICE_ROWS = 16_384
# The engine keeps times as text: of one width, so that text order is time order, as its date functions read them.
# What is declared tells the reading side what a value was.
TYPES = {
    Kind.TEXT: "TEXT",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.SMALL_INTEGER: "INTEGER",
    Kind.INTEGER: "INTEGER",
    Kind.REAL: "REAL",
    Kind.DECIMAL: "TEXT",
    Kind.DATE: "DATE",
    Kind.LOCAL_TIME: "DATETIME",
    Kind.TIME: "TIMESTAMP",
    Kind.BINARY: "BLOB",
}


class SqliteDatabase:
    """A SQLite file, for one job; others may read it meanwhile."""

    # Takes the right to write at once: a deferred transaction may be refused in its middle.
    begin_statement: ClassVar[str] = "BEGIN IMMEDIATE"
    in_order: ClassVar[str] = " ORDER BY rowid"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = OutputLock(path)
        self._connection: sqlite3.Connection | None = None

    @property
    def name(self) -> str:
        """The file's path."""
        return str(self._path)

    def open(self, table: str) -> None:  # noqa: ARG002 - a file has one writer, whatever the table
        """Connect, and take the whole file."""
        self._lock.take()
        try:
            # One thread stores while another began; never two at a time.
            self._connection = sqlite3.connect(
                self._path, timeout=BUSY_S_MAX, isolation_level=None, check_same_thread=False
            )
            # What is confirmed survives a power cut.
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA schema_version")
        except sqlite3.Error as error:
            raise ConfigurationError(
                f"{self._path}: {error}",
                hint="the output must be a SQLite file, or a new one where one may be made",
            ) from error

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows."""
        with self._failures() as connection:
            return connection.execute(statement, parameters).fetchall()

    def columns(self, table: str) -> list[str]:
        """Return the names of a table's columns."""
        return [name for (name,) in self.run("SELECT name FROM pragma_table_info(?)", [table])]

    def create(self, table: str, schema: Any) -> None:
        """Create a table, without a rule that a value must be of its column's type: the engine has none."""
        self.run(f"CREATE TABLE {quoted(table)} ({column_definitions(schema, TYPES)})")

    def insert(self, table: str, rows: Any) -> None:
        """Add rows, a slice of them as Python objects at a time."""
        names = ", ".join(map(quoted, rows.schema.names))
        marks = ", ".join("?" * rows.num_columns)
        statement = f"INSERT INTO {quoted(table)} ({names}) VALUES ({marks})"
        with self._failures() as connection:
            for start in range(0, rows.num_rows, SLICE_ROWS):
                part = rows.slice(start, SLICE_ROWS)
                connection.executemany(statement, zip(*map(_values, part.columns), strict=True))

    def settle(self, table: str) -> None:
        """Index the review ids, under a name of its own: an index keeps its name where somebody renames the table."""
        index = quoted(f"{table}_review_id_{secrets.token_hex(4)}")
        self.run(f"CREATE INDEX {index} ON {quoted(table)} (review_id)")

    def close(self) -> None:
        """Close the file and let go of it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._lock.release()

    @contextmanager
    def _failures(self) -> Iterator[sqlite3.Connection]:
        if self._connection is None:
            raise FatalError(f"{self._path} is not open")
        try:
            yield self._connection
        except sqlite3.Error as error:
            raise FatalError(f"{self._path}: {error}", hint=RESUME_HINT) from error


def _values(column: Any) -> list[Any]:
    types = import_pyarrow().types
    if types.is_dictionary(column.type):
        return _of_dictionary(column)
    kind = kind_of(column.type)
    if kind in {Kind.TIME, Kind.LOCAL_TIME}:
        column = _time_texts(column)
    elif kind in {Kind.DATE, Kind.DECIMAL}:
        column = column.cast("string")
    values: list[Any] = column.to_pylist()
    return values


def _of_dictionary(column: Any) -> list[Any]:
    # Many rows, few values: each value becomes an object once.
    values: list[Any] = []
    for chunk in column.chunks:
        known = chunk.dictionary.to_pylist()
        values += [None if place is None else known[place] for place in chunk.indices.to_pylist()]
    return values


def _time_texts(column: Any) -> Any:
    # A time without a zone becomes text six times as fast.
    pa, pc = import_pyarrow(), import_pyarrow("pyarrow.compute")
    texts = column.cast(pa.timestamp("us", column.type.tz), safe=False).cast(pa.timestamp("us")).cast("string")
    return texts if column.type.tz is None else pc.binary_join_element_wise(texts, "Z", "")
