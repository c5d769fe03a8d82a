"""DuckDB: a file of columns; Arrow tables go in and out as they are."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from consumer.bounded.arrow import import_duckdb, import_pyarrow
from consumer.bounded.finding.result_query import quoted
from consumer.bounded.storing.databases.database import RESUME_HINT
from consumer.bounded.storing.output_lock import OutputLock
from shared.errors import ConfigurationError, FatalError

# Bounds the engine's own memory; what it sorts or joins beyond that goes to a folder beside the file.
MEMORY_LIMIT = "1GB"
SETTINGS = {
    "memory_limit": MEMORY_LIMIT,
    # Nothing is fetched from the network that nobody asked for.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
_ROWS = "rows_to_store"


class DuckdbDatabase:
    """A DuckDB file, for one job; while it runs, the engine lets no other process read the file."""

    begin_statement: ClassVar[str] = "BEGIN TRANSACTION"
    in_order: ClassVar[str] = ""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = OutputLock(path)
        self._connection: Any = None

    @property
    def name(self) -> str:
        """The file's path."""
        return str(self._path)

    def open(self, table: str) -> None:  # noqa: ARG002 - a file has one writer, whatever the table
        """Connect, and take the whole file."""
        self._lock.take()
        self._connection = connect(self._path, SETTINGS)

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows."""
        with self._failures():
            rows: list[tuple[Any, ...]] = self._connection.execute(statement, list(parameters)).fetchall()
            return rows

    def columns(self, table: str) -> list[str]:
        """Return the names of a table's columns."""
        return column_names(self.run(COLUMNS, [table]))

    def create(self, table: str, schema: Any) -> None:
        """Create a table; the engine knows a type for nearly all of Arrow's."""
        refusals = FatalError, import_duckdb().Error, import_pyarrow().ArrowException
        try:
            self._connection.register(_ROWS, schema.empty_table())
            self.run(f"CREATE TABLE {quoted(table)} AS FROM {_ROWS}")
        except refusals as error:
            raise ConfigurationError(
                f"DuckDB can't store these columns: {error}", hint="keep fewer columns of the input"
            ) from error
        finally:
            self._connection.unregister(_ROWS)

    def insert(self, table: str, rows: Any) -> None:
        """Add rows, in one piece: the engine takes many small ones at half the speed."""
        with self._failures():
            self._connection.register(_ROWS, rows.unify_dictionaries().combine_chunks())
            try:
                self._connection.execute(f"INSERT INTO {quoted(table)} BY NAME FROM {_ROWS}")
            finally:
                self._connection.unregister(_ROWS)

    def settle(self, table: str) -> None:
        """Do nothing: a scan finds an id among 3 M rows in 4 ms, and an index of them takes 270 MB of memory."""

    def close(self) -> None:
        """Close the file and let go of it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._lock.release()

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except import_duckdb().Error as error:
            raise FatalError(f"{self._path}: {reason_of(error)}", hint=RESUME_HINT) from error


COLUMNS = (
    "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = ? "
    "ORDER BY ordinal_position"
)


def column_names(rows: list[tuple[Any, ...]]) -> list[str]:
    """Return the first value of each row."""
    return [row[0] for row in rows]


def connect(path: Path, settings: dict[str, str]) -> Any:
    """Return a connection to a file, made where it is missing; ConfigurationError where that can't be."""
    duckdb = import_duckdb()
    try:
        return duckdb.connect(path, config=settings)
    except duckdb.Error as error:
        raise ConfigurationError(
            f"{path}: {reason_of(error)}", hint="the output must be a DuckDB file that no other program has open"
        ) from error


def reason_of(error: Exception) -> str:
    """Return what the engine says, without the rows that a refused conversion quotes."""
    if isinstance(error, import_duckdb().DataError):
        return f"a value does not fit its column ({type(error).__name__})"
    return str(error).partition("\n")[0]
