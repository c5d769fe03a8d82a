"""Where labels can be stored in tables: one object an engine, for tests that hold for all of them."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import duckdb
import psycopg

from consumer.bounded.finding.results_port import Results
from consumer.bounded.storing.databases.database import Database
from consumer.bounded.storing.databases.duckdb_database import DuckdbDatabase
from consumer.bounded.storing.databases.duckdb_results import DuckdbResults
from consumer.bounded.storing.databases.postgres_database import PostgresDatabase
from consumer.bounded.storing.databases.postgres_results import PostgresResults
from consumer.bounded.storing.databases.postgres_url import is_postgres_url, parse_postgres_url
from consumer.bounded.storing.databases.sqlite_database import SqliteDatabase
from consumer.bounded.storing.databases.sqlite_results import SqliteResults


class DatabaseOutput(Protocol):
    """A database that labels are stored in."""

    # By this another process finds it.
    place: str

    def database(self) -> Database:
        """Return it as a store needs it, not yet connected."""
        ...

    def results(self, table: str) -> Results:
        """Return what reads a table's labels."""
        ...

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Run SQL past all of our code."""
        ...


class DuckdbOutput:
    def __init__(self, place: str) -> None:
        self.place = place

    def database(self) -> Database:
        return DuckdbDatabase(Path(self.place))

    def results(self, table: str) -> Results:
        return DuckdbResults(Path(self.place), table)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.place) as connection:
            return connection.execute(statement).fetchall()


class SqliteOutput:
    def __init__(self, place: str) -> None:
        self.place = place

    def database(self) -> Database:
        return SqliteDatabase(Path(self.place))

    def results(self, table: str) -> Results:
        return SqliteResults(Path(self.place), table)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.place, isolation_level=None)) as connection:
            return connection.execute(statement).fetchall()


class PostgresOutput:
    def __init__(self, place: str) -> None:
        self.place = place

    def database(self) -> Database:
        return PostgresDatabase(parse_postgres_url(self.place))

    def results(self, table: str) -> Results:
        return PostgresResults(parse_postgres_url(self.place, table))

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.place, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def output_at(place: str) -> DatabaseOutput:
    """Return the output that a place names: a URL, or a file by its suffix."""
    if is_postgres_url(place):
        return PostgresOutput(place)
    return DuckdbOutput(place) if place.endswith(".duckdb") else SqliteOutput(place)
