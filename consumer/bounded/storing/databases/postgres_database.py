"""PostgreSQL: rows go in by COPY, as CSV that Arrow writes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from consumer.bounded.arrow import import_pyarrow
from consumer.bounded.finding.result_query import quoted
from consumer.bounded.storing.databases.column_kinds import Kind, column_definitions, kind_of
from consumer.bounded.storing.databases.database import RESUME_HINT
from consumer.bounded.storing.databases.jobs import CREATE_JOBS
from consumer.bounded.storing.databases.postgres_patience import patience
from consumer.bounded.storing.databases.postgres_url import PostgresAddress, import_psycopg
from shared.errors import ConfigurationError, FatalError

# How long the lock of a process that was killed may take to go: the server notices a closed connection by itself.
LOCK_WAIT_MS = 5_000
# How long somebody's ALTER TABLE may hold a table up that labels are added to.
TABLE_WAIT_MS = 60_000
# How long one statement may take: adding ten million rows to a table takes minutes.
ANSWER_S_MAX = 1800.0
# Rows of one piece of CSV.
SLICE_ROWS = 16_384
TYPES = {
    Kind.TEXT: "text",
    Kind.BOOLEAN: "boolean",
    Kind.SMALL_INTEGER: "integer",
    Kind.INTEGER: "bigint",
    Kind.UNSIGNED: "numeric(20)",
    Kind.REAL: "double precision",
    Kind.DECIMAL: "numeric",
    Kind.DATE: "date",
    Kind.LOCAL_TIME: "timestamp",
    Kind.TIME: "timestamptz",
}
# The server finds out soon that we are gone, in the middle of a long statement too; older servers lack some of these.
SESSION = {
    "application_name": "reviewstream",
    "TimeZone": "UTC",
    "tcp_keepalives_idle": "20",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "4",
    "client_connection_check_interval": "5s",
    "idle_in_transaction_session_timeout": "10min",
    # Whatever this user's default.
    "statement_timeout": f"{ANSWER_S_MAX:.0f}s",
}
# SQLSTATE classes and codes that waiting does not mend: wrong user or password, no such database, no right to do it.
REFUSALS = ("28", "3D", "3F", "42501")
REFUSED_LOGINS = (
    "password",
    "does not exist",
    "pg_hba.conf",
    "could not translate host name",
    "failed to resolve host",
)
REFUSAL_HINT = (
    "look at the user, the database and its rights; the password comes from REVIEWS_POSTGRES_PASSWORD, "
    "REVIEWS_POSTGRES_PASSWORD_FILE or PGPASSWORD"
)
NUL, REPLACEMENT = "\0", "\N{REPLACEMENT CHARACTER}"
# Numbers the rows: the server puts them wherever there is room, which a process that was killed may have left.
ROW = "reviewstream_row"
ROW_DEFINITION = f"{ROW} bigint GENERATED ALWAYS AS IDENTITY (CACHE 1000)"
COLUMNS = (
    "SELECT column_name::text FROM information_schema.columns "
    "WHERE table_schema = current_schema() AND table_name = ? ORDER BY ordinal_position"
)
LOCK = "SELECT pg_advisory_lock(hashtextextended('reviewstream ' || current_schema() || '.' || ?, 0))"
LOCK_JOBS = "SELECT pg_advisory_xact_lock(hashtextextended('reviewstream jobs', 0))"


class PostgresDatabase:
    """A PostgreSQL server, for one job.

    A NUL in a text becomes U+FFFD: the server stores none. The lock is the session's: a pooler must not hand the
    connection to others between transactions.
    """

    begin_statement: ClassVar[str] = "BEGIN"
    in_order: ClassVar[str] = f"ORDER BY {ROW}"

    def __init__(self, address: PostgresAddress, answer_s_max: float = ANSWER_S_MAX) -> None:
        self._address = address
        self._answer_s_max = answer_s_max
        self._connection: Any = None

    @property
    def name(self) -> str:
        """User, host, port and database, as a URL without the password."""
        return self._address.name

    def open(self, table: str) -> None:
        """Connect, and take the table by an advisory lock, which ends with the connection."""
        self._connection = connect(self._address)
        # Two jobs that both find no table of jobs would both make it: one after the other.
        self.run("BEGIN")
        self.run(LOCK_JOBS)
        self.run(CREATE_JOBS)
        self.run("COMMIT")
        self.run(f"SET lock_timeout = {LOCK_WAIT_MS}")
        try:
            self._connection.execute(LOCK.replace("?", "%s"), [table])
        except import_psycopg().errors.LockNotAvailable:
            raise ConfigurationError(
                f"another job writes to {self.name}, table {table}",
                hint="wait for its end, or name another --table; pg_stat_activity shows it as reviewstream",
            ) from None
        self.run(f"SET lock_timeout = {TABLE_WAIT_MS}")

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows; one with parameters names no column of the input, which may hold %."""
        with self._failures():
            text = statement.replace("?", "%s") if parameters else statement
            cursor = self._connection.execute(text, list(parameters) or None)
            rows: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
            return rows

    def columns(self, table: str) -> list[str]:
        """Return the names of a table's columns, without that of the row's number."""
        return [name for (name,) in self.run(COLUMNS, [table]) if name != ROW]

    def create(self, table: str, schema: Any) -> None:
        """Create a table whose rows are numbered."""
        self.run(f"CREATE TABLE {quoted(table)} ({column_definitions(schema, TYPES)}, {ROW_DEFINITION})")

    def insert(self, table: str, rows: Any) -> None:
        """Add rows by one COPY."""
        pa, csv = import_pyarrow(), import_pyarrow("pyarrow.csv")
        options = csv.WriteOptions(include_header=False)
        names = ", ".join(map(quoted, rows.schema.names))
        with self._failures():
            copying = f"COPY {quoted(table)} ({names}) FROM STDIN (FORMAT csv)"
            with self._connection.cursor().copy(copying) as copy:
                for start in range(0, rows.num_rows, SLICE_ROWS):
                    sink = pa.BufferOutputStream()
                    csv.write_csv(_for_csv(rows.slice(start, SLICE_ROWS)), sink, options)
                    copy.write(sink.getvalue())

    def settle(self, table: str) -> None:
        """Index the review ids, and the numbers that rows are read by."""
        self.run(f"CREATE INDEX ON {quoted(table)} (review_id)")
        self.run(f"ALTER TABLE {quoted(table)} ADD PRIMARY KEY ({ROW})")

    def close(self) -> None:
        """Disconnect, and so let go of the table."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _failures(self) -> Iterator[None]:
        if self._connection is None:
            raise FatalError(f"{self.name} is not connected")
        with patience(self._connection, self.name, self._answer_s_max), failures(self.name):
            yield


@contextmanager
def failures(name: str) -> Iterator[None]:
    """Turn psycopg's errors into ours."""
    psycopg = import_psycopg()
    try:
        yield
    except psycopg.Error as error:
        if (error.sqlstate or "").startswith(REFUSALS):
            raise ConfigurationError(f"{name}: {reason_of(error)}", hint=REFUSAL_HINT) from error
        raise FatalError(f"{name}: {reason_of(error)}", hint=RESUME_HINT) from error


def connect(address: PostgresAddress) -> Any:
    """Return a connection without a transaction.

    Raises FatalError where nobody answers in time, ConfigurationError where we are refused.
    """
    psycopg = import_psycopg()
    try:
        connection = psycopg.connect(**address.parameters, autocommit=True)
    except psycopg.OperationalError as error:
        raise _no_connection(address, error) from error
    with failures(address.name):
        for name, value in SESSION.items():
            connection.execute("SELECT set_config(name, %s, false) FROM pg_settings WHERE name = %s", [value, name])
    return connection


def _no_connection(address: PostgresAddress, error: Exception) -> ConfigurationError | FatalError:
    # A refused login has no SQLSTATE here, only libpq's text: it names the host and the user, never the password.
    reason = " ".join(str(error).split())
    if any(sign in reason for sign in REFUSED_LOGINS):
        return ConfigurationError(f"{address.name}: {reason}", hint=REFUSAL_HINT)
    return FatalError(
        f"{address.name} can't be reached: {reason}",
        hint="is the server up? What an earlier run stored is safe: --resume goes on with it",
    )


def reason_of(error: Any) -> str:
    """Return what the server says, without the values that a refused conversion quotes."""
    said = error.diag.message_primary or str(error).partition("\n")[0]
    return f"a value does not fit its column ({type(error).__name__})" if _is_of_data(error) else said


def _is_of_data(error: Any) -> bool:
    return (error.sqlstate or "").startswith("22")


def _for_csv(rows: Any) -> Any:
    pa = import_pyarrow()
    return pa.table([_plain(column) for column in rows.columns], names=rows.schema.names)


def _plain(column: Any) -> Any:
    pa, pc = import_pyarrow(), import_pyarrow("pyarrow.compute")
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    match kind_of(column.type):
        case Kind.TEXT:
            column = column.cast(pa.string())
            if pc.any(pc.match_substring(column, NUL)).as_py():
                column = pc.replace_substring(column, NUL, REPLACEMENT)
            return column
        case Kind.TIME:
            # The session's zone is UTC, and a time without a zone is written ten times as fast.
            return column.cast(pa.timestamp("us", column.type.tz), safe=False).cast(pa.timestamp("us"))
        case Kind.REAL:
            return column.cast(pa.float64())
        case Kind.DECIMAL:
            return column.cast(pa.string())
        case _:
            return column
