"""Labels in a SQLite file, read again: what the columns were declared as says what the values are."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from consumer.bounded.arrow import import_pyarrow
from consumer.bounded.finding.results_port import ResultFilter
from consumer.bounded.storing.databases.sqlite_database import BUSY_S_MAX
from consumer.bounded.storing.databases.stored_labels import ROWS_AT_ONCE, Dialect, no_table, require_columns, search
from shared.errors import FatalError, InputError

# The engine reads an index instead of the table where that holds all the columns.
DIALECT = Dialect(placeholder="?", row_order="rowid")
TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"


class SqliteResults:
    """The labels of one table; a job may be writing to the same file."""

    def __init__(self, path: Path, table: str) -> None:
        self._path = path
        self._table = table

    def scan(self, wanted: ResultFilter, columns: Sequence[str] = ()) -> Iterator[Any]:
        """Yield the wanted labels; see `Results`."""
        if not self._path.is_file():
            raise InputError(f"{self._path} is not there", hint="name a file that `batch` wrote")
        with closing(sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", BUSY_S_MAX, uri=True)) as connection:
            try:
                types = self._declared_types(connection, wanted, columns)
                statement, values = search(self._table, wanted, columns, DIALECT)
                cursor = connection.execute(statement, [_as_stored(value) for value in values])
                rows = cursor.fetchmany(ROWS_AT_ONCE)
                yield _table(rows, types)
                while rows := cursor.fetchmany(ROWS_AT_ONCE):
                    yield _table(rows, types)
            except sqlite3.Error as error:
                raise FatalError(f"{self._path}: {error}", hint="is the file whole?") from error

    def _declared_types(
        self, connection: sqlite3.Connection, wanted: ResultFilter, columns: Sequence[str]
    ) -> dict[str, str]:
        where = f"{self._path}, table {self._table}"
        try:
            tables = [name for (name,) in connection.execute(TABLES)]
        except sqlite3.DatabaseError as error:
            raise InputError(f"{self._path}: {error}", hint="it must be a SQLite file that `batch` wrote") from error
        if self._table not in tables:
            raise no_table(self._table, where, tables)
        declared = dict(connection.execute("SELECT name, type FROM pragma_table_info(?)", [self._table]).fetchall())
        require_columns(list(declared), wanted, columns, where)
        return {name: declared[name] for name in columns} if columns else declared


def _as_stored(value: Any) -> Any:
    # As Arrow writes a time, which is how it was stored: of one width, so that they compare as text.
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%fZ")
    return value


def _table(rows: list[tuple[Any, ...]], types: dict[str, str]) -> Any:
    pa = import_pyarrow()
    columns = zip(*rows, strict=True) if rows else ([] for _ in types)
    arrays = [_array(pa, list(values), declared) for values, declared in zip(columns, types.values(), strict=True)]
    return pa.table(arrays, names=list(types))


def _array(pa: Any, values: list[Any], declared: str) -> Any:
    # What Python has the values as, and what they are.
    known = {
        "TIMESTAMP": (pa.string(), pa.timestamp("us", "UTC")),
        "DATETIME": (pa.string(), pa.timestamp("us")),
        "DATE": (pa.string(), pa.date32()),
        "BOOLEAN": (pa.int64(), pa.bool_()),
        "INTEGER": (pa.int64(), pa.int64()),
        "REAL": (pa.float64(), pa.float64()),
        "BLOB": (pa.binary(), pa.binary()),
    }
    if declared not in known:
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    stored_as, meant = known[declared]
    return pa.array(values, stored_as).cast(meant)
