"""What an output's name says: a file or a database by its suffix, a server by its URL, a folder without either."""

from dataclasses import dataclass
from pathlib import Path

from consumer.bounded.finding.file_results import FileResults
from consumer.bounded.finding.results_port import Results
from consumer.bounded.ports import Mode, Store
from consumer.bounded.storing.databases.database import Database
from consumer.bounded.storing.databases.duckdb_database import DuckdbDatabase
from consumer.bounded.storing.databases.duckdb_results import DuckdbResults
from consumer.bounded.storing.databases.postgres_database import PostgresDatabase
from consumer.bounded.storing.databases.postgres_results import PostgresResults
from consumer.bounded.storing.databases.postgres_url import is_postgres_url, parse_postgres_url
from consumer.bounded.storing.databases.sqlite_database import SqliteDatabase
from consumer.bounded.storing.databases.sqlite_results import SqliteResults
from consumer.bounded.storing.databases.table_store import DEFAULT_TABLE, TableStore
from consumer.bounded.storing.parquet_layouts import PartFiles, PartitionFolders, SingleFile
from consumer.bounded.storing.parquet_store import ParquetStore
from consumer.bounded.storing.table_files import ENCODERS, TableFormat, format_of
from consumer.bounded.storing.text_store import TextStore
from shared.errors import ConfigurationError

DUCKDB = (".duckdb", ".ddb")
SQLITE = (".sqlite", ".sqlite3", ".db")


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """What only some outputs know: the table in a database, and the column whose values are folders of their own."""

    table: str | None = None
    partition_by: str | None = None


DEFAULTS = OutputOptions()


def open_store(target: str, mode: Mode, options: OutputOptions = DEFAULTS) -> Store:
    """Return the store of an output; nothing is touched before its `begin`."""
    database, table = _database(target, options.table)
    if database is not None:
        if options.partition_by:
            raise ConfigurationError(
                f"{database.name} is a database, and can't be partitioned", hint="name a folder as --output"
            )
        return TableStore(database, table, mode)
    path = _path(target)
    if not path.suffix or target.endswith("/"):
        layout = PartitionFolders(options.partition_by) if options.partition_by else PartFiles()
        return ParquetStore(path, mode, layout)
    if options.partition_by:
        raise ConfigurationError(
            f"{target} is one file, and can't be partitioned", hint="name a folder: an --output without a suffix"
        )
    kind = format_of(path)
    return (
        ParquetStore(path, mode, SingleFile())
        if kind is TableFormat.PARQUET
        else TextStore(path, mode, ENCODERS[kind]())
    )


def open_results(target: str, options: OutputOptions = DEFAULTS) -> Results:
    """Return the labels that were stored in an output; nothing is read before they are looked for."""
    if is_postgres_url(target):
        return PostgresResults(parse_postgres_url(target, options.table))
    path, table = _path(target), options.table or DEFAULT_TABLE
    suffix = path.suffix.lower()
    if suffix in DUCKDB:
        return DuckdbResults(path, table)
    return SqliteResults(path, table) if suffix in SQLITE else FileResults(path)


def shown(target: str) -> str:
    """Return an output's name as it may be shown: a URL without its password."""
    return parse_postgres_url(target).name if is_postgres_url(target) else target


def _database(target: str, table: str | None) -> tuple[Database | None, str]:
    if is_postgres_url(target):
        address = parse_postgres_url(target, table)
        return PostgresDatabase(address), address.table
    path = _path(target)
    suffix = path.suffix.lower()
    if suffix in DUCKDB:
        return DuckdbDatabase(path), table or DEFAULT_TABLE
    return SqliteDatabase(path) if suffix in SQLITE else None, table or DEFAULT_TABLE


def _path(target: str) -> Path:
    if "://" in target:
        raise ConfigurationError(f"{target}: labels can't be stored there", hint="name a file, a folder or a database")
    return Path(target)
