"""Labels in a DuckDB file, read again."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from consumer.bounded.arrow import import_duckdb, import_pyarrow
from consumer.bounded.finding.results_port import ResultFilter
from consumer.bounded.storing.databases.duckdb_database import COLUMNS, SETTINGS, reason_of
from consumer.bounded.storing.databases.stored_labels import ROWS_AT_ONCE, Dialect, no_table, require_columns, search
from shared.errors import FatalError, InputError

DIALECT = Dialect(placeholder="?", row_order="")
TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY table_name"


class DuckdbResults:
    """The labels of one table; the engine lets nobody read a file that a job writes."""

    def __init__(self, path: Path, table: str) -> None:
        self._path = path
        self._table = table

    def scan(self, wanted: ResultFilter, columns: Sequence[str] = ()) -> Iterator[Any]:
        """Yield the wanted labels; see `Results`."""
        pa, duckdb = import_pyarrow(), import_duckdb()
        with closing(self._connect()) as connection:
            try:
                connection.execute("SET TimeZone = 'UTC'")
                self._require(connection, wanted, columns)
                statement, values = search(self._table, wanted, columns, DIALECT)
                reader = connection.sql(statement, params=values).to_arrow_reader(ROWS_AT_ONCE)
                tables = (pa.Table.from_batches([batch]) for batch in reader)
                yield next(tables, reader.schema.empty_table())
                yield from tables
            except duckdb.Error as error:
                raise FatalError(f"{self._path}: {reason_of(error)}", hint="is the file whole?") from error

    def _connect(self) -> Any:
        duckdb = import_duckdb()
        if not self._path.is_file():
            raise InputError(f"{self._path} is not there", hint="name a file that `batch` wrote")
        try:
            return duckdb.connect(self._path, read_only=True, config=SETTINGS)
        except duckdb.Error as error:
            raise InputError(
                f"{self._path}: {reason_of(error)}",
                hint="it must be a DuckDB file, and nobody may be writing to it: a job's end frees it",
            ) from error

    def _require(self, connection: Any, wanted: ResultFilter, columns: Sequence[str]) -> None:
        there = [name for (name,) in connection.execute(COLUMNS, [self._table]).fetchall()]
        where = f"{self._path}, table {self._table}"
        if not there:
            raise no_table(self._table, where, [name for (name,) in connection.execute(TABLES).fetchall()])
        require_columns(there, wanted, columns, where)
