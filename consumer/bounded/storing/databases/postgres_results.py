"""Labels in PostgreSQL, read again by a cursor of the server: memory stays small however many there are."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from consumer.bounded.arrow import import_pyarrow
from consumer.bounded.finding.results_port import ResultFilter
from consumer.bounded.storing.databases.postgres_database import COLUMNS, ROW, connect, failures
from consumer.bounded.storing.databases.postgres_url import PostgresAddress, import_psycopg
from consumer.bounded.storing.databases.stored_labels import ROWS_AT_ONCE, Dialect, no_table, require_columns, search

TABLES = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1"


class PostgresResults:
    """The labels of one table."""

    def __init__(self, address: PostgresAddress) -> None:
        self._address = address

    def scan(self, wanted: ResultFilter, columns: Sequence[str] = ()) -> Iterator[Any]:
        """Yield the wanted labels; see `Results`."""
        table = self._address.table
        with closing(connect(self._address)) as connection, failures(self._address.name):
            there = self._columns(connection)
            known = [name for name in there if name != ROW]
            require_columns(known, wanted, columns, f"{self._address.name}, table {table}")
            # A % in a column's name is doubled: the driver looks for its marks in the whole statement.
            doubled = [name.replace("%", "%%") for name in columns or known]
            # A table that somebody else made has no numbered rows: they come as they lie.
            dialect = Dialect(placeholder="%s", row_order=ROW if ROW in there else "")
            statement, values = search(table, wanted, doubled, dialect)
            with connection.transaction(), connection.cursor("labels", binary=True) as cursor:
                cursor.execute(statement, values)
                rows = cursor.fetchmany(ROWS_AT_ONCE)
                described = [(column.name, column.type_code) for column in cursor.description]
                yield _table(rows, described)
                while rows := cursor.fetchmany(ROWS_AT_ONCE):
                    yield _table(rows, described)

    def _columns(self, connection: Any) -> list[str]:
        table = self._address.table
        there = [name for (name,) in connection.execute(COLUMNS.replace("?", "%s"), [table]).fetchall()]
        if not there:
            tables = [name for (name,) in connection.execute(TABLES).fetchall()]
            raise no_table(table, f"{self._address.name}, table {table}", tables)
        return there


def _table(rows: list[tuple[Any, ...]], described: list[tuple[str, int]]) -> Any:
    pa = import_pyarrow()
    columns = zip(*rows, strict=True) if rows else ([] for _ in described)
    arrays = [_array(pa, list(values), oid) for values, (_, oid) in zip(columns, described, strict=True)]
    return pa.table(arrays, names=[name for name, _ in described])


def _array(pa: Any, values: list[Any], oid: int) -> Any:
    registry = import_psycopg().postgres.types
    known = {
        "bool": pa.bool_(),
        "int2": pa.int32(),
        "int4": pa.int32(),
        "int8": pa.int64(),
        "float4": pa.float64(),
        "float8": pa.float64(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
        "timestamptz": pa.timestamp("us", "UTC"),
        "bytea": pa.binary(),
    }
    entry = registry.get(oid)
    arrow_type = known.get(entry.name) if entry else None
    if arrow_type is None:
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    return pa.array(values, arrow_type)
