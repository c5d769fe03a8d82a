"""Which database a target names: a URL of PostgreSQL, or a file by its suffix."""

from pathlib import Path

from consumer.bounded.databases.duckdb_database import DuckdbDatabase
from consumer.bounded.databases.duckdb_results import DuckdbResults
from consumer.bounded.databases.postgres_database import PostgresDatabase
from consumer.bounded.databases.postgres_results import PostgresResults
from consumer.bounded.databases.postgres_url import is_postgres_url, parse_postgres_url
from consumer.bounded.databases.sqlite_database import SqliteDatabase
from consumer.bounded.databases.sqlite_results import SqliteResults
from consumer.bounded.databases.table_store import DEFAULT_TABLE, TableStore
from consumer.bounded.ports import Mode, Store
from consumer.bounded.results_port import Results

DUCKDB = (".duckdb", ".ddb")
SQLITE = (".sqlite", ".sqlite3", ".db")


def is_database(target: str) -> bool:
    """Return whether labels at this target are the rows of a table."""
    return is_postgres_url(target) or Path(target).suffix in DUCKDB + SQLITE


def open_database_store(target: str, table: str | None, mode: Mode) -> Store:
    """Return the Store of a target that `is_database`; ConfigurationError where its URL can't be read."""
    if is_postgres_url(target):
        address = parse_postgres_url(target, table)
        return TableStore(PostgresDatabase(address), address.table, mode)
    path = Path(target)
    database = DuckdbDatabase(path) if path.suffix in DUCKDB else SqliteDatabase(path)
    return TableStore(database, table or DEFAULT_TABLE, mode)


def open_database_results(target: str, table: str | None) -> Results:
    """Return the Results of a target that `is_database`; ConfigurationError where its URL can't be read."""
    if is_postgres_url(target):
        return PostgresResults(parse_postgres_url(target, table))
    path = Path(target)
    if path.suffix in DUCKDB:
        return DuckdbResults(path, table or DEFAULT_TABLE)
    return SqliteResults(path, table or DEFAULT_TABLE)
