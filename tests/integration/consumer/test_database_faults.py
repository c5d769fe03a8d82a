"""What becomes of a job when its database fails in the middle: an error that says so, and each row once in the end."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from consumer.bounded.finding.results_port import ResultFilter, Results
from consumer.bounded.ports import Mode
from consumer.bounded.progress import Job, Progress
from consumer.bounded.storing.databases.postgres_database import PostgresDatabase
from consumer.bounded.storing.databases.postgres_results import PostgresResults
from consumer.bounded.storing.databases.postgres_url import PostgresAddress, parse_postgres_url
from consumer.bounded.storing.databases.table_store import TableStore
from shared.errors import ConfigurationError, FatalError
from tests.support.database_outputs import output_at
from tests.support.label_rows import label_rows
from tests.support.postgres import PASSWORD, PostgresServer, installed_postgres
from tests.support.small_disk import SmallDisk, small_disk

JOB = Job({"inputs": "reviews.csv"})
SCHEMA = label_rows(0, 0).schema
FIRST, ALL = 200, 40_000
AFTER_FIRST = Progress(row=FIRST, labelled=FIRST)
AFTER_ALL = Progress(row=ALL, labelled=ALL)
ROOM_BYTES = 200_000


class InterruptedRows:
    """Rows (as a pyarrow.Table) in whose middle something happens, before the second piece of them is taken."""

    def __init__(self, rows: Any, happen: Callable[[], None]) -> None:
        self._rows = rows
        self._happen = happen
        self.schema = rows.schema
        self.num_rows = rows.num_rows

    def slice(self, start: int, length: int) -> Any:
        if start > 0:
            self._happen()
        return self._rows.slice(start, length)


@pytest.fixture
def mortal() -> Iterator[PostgresServer]:
    """A server that a test may kill."""
    with installed_postgres() as server:
        yield server


def address_of(server: PostgresServer) -> PostgresAddress:
    return parse_postgres_url(server.socket_url)


def begin(database: Any, mode: Mode = Mode.FRESH) -> TableStore:
    """Begin a job and store its first rows, unless they are stored."""
    store = TableStore(database, "sentiment", mode)
    if store.begin(JOB, SCHEMA) == Progress():
        store.append(label_rows(0, FIRST), AFTER_FIRST)
    return store


def go_on(database: Any, results: Results) -> None:
    """Resume the job after its first rows, finish it, and find each row once, in order."""
    store = TableStore(database, "sentiment", Mode.RESUME)
    assert store.begin(JOB, SCHEMA) == AFTER_FIRST
    store.append(label_rows(FIRST, ALL), AFTER_ALL)
    store.finish(AFTER_ALL)
    store.close()
    found = [row["review_id"] for table in results.scan(ResultFilter(), ["review_id"]) for row in table.to_pylist()]
    assert found == [f"r{number}" for number in range(ALL)]


def refuse(store: TableStore, rows: Any) -> FatalError:
    """Store rows where that can't be done; return what is said, which tells how to go on."""
    with pytest.raises(FatalError) as caught:
        store.append(rows, AFTER_ALL)
    store.close()
    assert "--resume" in caught.value.hint
    return caught.value


def test_a_server_killed_between_two_checkpoints_is_gone_on_with(mortal: PostgresServer) -> None:
    store = begin(PostgresDatabase(address_of(mortal)))
    mortal.kill()
    refuse(store, label_rows(FIRST, ALL))
    mortal.start()
    go_on(PostgresDatabase(address_of(mortal)), PostgresResults(address_of(mortal)))


def test_a_server_killed_while_rows_go_in_keeps_none_of_them(mortal: PostgresServer) -> None:
    store = begin(PostgresDatabase(address_of(mortal)))
    refuse(store, InterruptedRows(label_rows(FIRST, ALL), mortal.kill))
    mortal.start()
    go_on(PostgresDatabase(address_of(mortal)), PostgresResults(address_of(mortal)))


def test_a_server_that_is_down_at_the_start_is_said_to_be(mortal: PostgresServer) -> None:
    address = address_of(mortal)
    mortal.kill()
    with pytest.raises(FatalError, match="can't be reached"):
        begin(PostgresDatabase(address))
    with pytest.raises(FatalError, match="can't be reached"):
        list(PostgresResults(address).scan(ResultFilter()))


def test_a_connection_that_an_operator_ends_is_gone_on_with(postgres: PostgresServer) -> None:
    address = parse_postgres_url(f"{postgres.socket_url}&options=-csearch_path=ended")
    with postgres.connect() as owner:
        owner.execute("CREATE SCHEMA ended")
        store = begin(PostgresDatabase(address))
        owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'reviewstream'")
        refuse(store, label_rows(FIRST, ALL))
    go_on(PostgresDatabase(address), PostgresResults(address))


def test_a_server_that_freezes_is_not_waited_for_for_ever(mortal: PostgresServer) -> None:
    store = begin(PostgresDatabase(address_of(mortal), answer_s_max=2))
    with mortal.connect() as owner:
        found = owner.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'reviewstream'").fetchall()
    ((backend,),) = found
    os.kill(int(str(backend)), signal.SIGSTOP)
    try:
        assert "did not answer within 2 s" in str(refuse(store, label_rows(FIRST, ALL)))
    finally:
        os.kill(int(str(backend)), signal.SIGCONT)
    go_on(PostgresDatabase(address_of(mortal)), PostgresResults(address_of(mortal)))


def test_two_processes_that_lost_the_lock_unseen_dont_both_store(postgres: PostgresServer) -> None:
    address = parse_postgres_url(f"{postgres.socket_url}&options=-csearch_path=shared")
    with postgres.connect() as owner:
        owner.execute("CREATE SCHEMA shared")
        store = begin(PostgresDatabase(address))
        # As a pooler would that gives the connection to others between transactions.
        store._database.run("SELECT pg_advisory_unlock_all()")
        other = begin(PostgresDatabase(address), Mode.RESUME)
        other.append(label_rows(FIRST, 2 * FIRST), Progress(row=2 * FIRST, labelled=2 * FIRST))
        assert "another process" in str(refuse(store, label_rows(FIRST, ALL)))
        other.close()


@pytest.mark.parametrize("suffix", ["duckdb", "sqlite"])
def test_a_disk_that_is_full_keeps_what_was_stored_and_the_job_goes_on(tmp_path: Path, suffix: str) -> None:
    with small_disk(tmp_path / "disk", 64) as disk:
        output = output_at(str(disk.folder / f"labels.{suffix}"))
        store = begin(output.database())
        disk.fill(ROOM_BYTES)
        refuse(store, label_rows(FIRST, ALL))
        disk.free()
        go_on(output.database(), output.results("sentiment"))


def test_a_full_disk_of_the_server_keeps_what_was_stored_and_the_job_goes_on(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", 64) as disk, postgres.connect() as owner:
        address = _address_on(disk, postgres)
        store = begin(PostgresDatabase(address))
        disk.fill(ROOM_BYTES)
        assert "No space left" in str(refuse(store, label_rows(FIRST, ALL)))
        disk.free()
        go_on(PostgresDatabase(address), PostgresResults(address))
        owner.execute("DROP SCHEMA narrow CASCADE")
        owner.execute("DROP TABLESPACE narrow")


def _address_on(disk: SmallDisk, server: PostgresServer) -> PostgresAddress:
    server.own(disk.folder)
    with server.connect() as owner:
        owner.execute("CREATE SCHEMA narrow")
        owner.execute(f"CREATE TABLESPACE narrow LOCATION '{disk.folder}'".encode())
    options = "-csearch_path=narrow%20-cdefault_tablespace=narrow"
    return parse_postgres_url(f"{server.socket_url}&options={options}")


def test_a_wrong_password_is_a_matter_of_configuration_and_is_not_shown(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEWS_POSTGRES_PASSWORD", "wrong-and-private")
    with pytest.raises(ConfigurationError, match="password authentication failed") as caught:
        begin(PostgresDatabase(parse_postgres_url(postgres.url)))
    assert "wrong-and-private" not in f"{caught.value} {caught.value.hint} {caught.value.__cause__!r}"


def test_the_password_is_read_from_a_file(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    monkeypatch.setenv("REVIEWS_POSTGRES_PASSWORD_FILE", str(tmp_path / "password"))
    database = PostgresDatabase(parse_postgres_url(postgres.url))
    database.open("sentiment")
    assert database.run("SELECT current_user::text") == [("reviewer",)]
    database.close()


def test_a_user_without_the_right_to_make_tables_is_told_so(postgres: PostgresServer) -> None:
    with postgres.connect() as owner:
        owner.execute("CREATE ROLE guest LOGIN")
        owner.execute("CREATE SCHEMA closed")
        owner.execute("GRANT USAGE ON SCHEMA closed TO guest")
    guest = postgres.socket_url.replace("user=reviewer", "user=guest")
    with pytest.raises(ConfigurationError, match="permission denied for schema closed"):
        begin(PostgresDatabase(parse_postgres_url(f"{guest}&options=-csearch_path=closed")))
    with postgres.connect() as owner:
        owner.execute("DROP SCHEMA closed")
        owner.execute("DROP ROLE guest")


def test_a_text_with_a_nul_is_stored_without_it_where_the_server_takes_none(postgres: PostgresServer) -> None:
    database = PostgresDatabase(parse_postgres_url(postgres.socket_url))
    database.open("with_nul")
    rows = label_rows(0, 1).select(["review_id"])
    database.create("with_nul", rows.schema)
    database.insert("with_nul", rows.set_column(0, "review_id", [["a\0b"]]))
    assert database.run("SELECT review_id FROM with_nul") == [("a\N{REPLACEMENT CHARACTER}b",)]
    database.run("DROP TABLE with_nul")
    database.close()


def test_a_value_that_does_not_fit_its_column_is_not_quoted_in_the_error(postgres: PostgresServer) -> None:
    database = PostgresDatabase(parse_postgres_url(postgres.socket_url))
    database.open("numbers")
    database.run("CREATE TABLE numbers (review_id integer)")
    with pytest.raises(FatalError, match="does not fit") as caught:
        database.insert("numbers", label_rows(0, 1).select(["review_id"]))
    assert "r0" not in str(caught.value)
    database.run("DROP TABLE numbers")
    database.close()
