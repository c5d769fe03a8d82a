"""Where a PostgreSQL database is: a URL, whose password no message ever shows."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from consumer.bounded.storing.databases.table_store import DEFAULT_TABLE
from shared.errors import ConfigurationError
from shared.settings import read_secret

SCHEMES = ("postgresql", "postgres")
TABLE = "table"
PASSWORD_SETTING = "POSTGRES_PASSWORD"  # noqa: S105 - the setting's name
# How long to wait for a connection, and how soon a server that is gone is found out: seconds, then milliseconds.
BOUNDS = {
    "connect_timeout": "10",
    "keepalives_idle": "20",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "40000",
}


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """How to connect (libpq's parameters, the password among them), to which table, and what to call the database."""

    parameters: dict[str, str] = field(repr=False)
    table: str
    name: str


def is_postgres_url(target: str) -> bool:
    """Return whether this names a PostgreSQL database."""
    return target.partition("://")[0] in SCHEMES and "://" in target


def parse_postgres_url(url: str, table: str | None = None) -> PostgresAddress:
    """Read `postgresql://user@host:port/database?table=NAME`; what else stands after `?` are libpq's parameters.

    A table given beside the URL wins. The password comes from the URL, else from REVIEWS_POSTGRES_PASSWORD or the file
    that REVIEWS_POSTGRES_PASSWORD_FILE names, else from where libpq looks: PGPASSWORD and its password file. Raises
    ConfigurationError where it is no such URL.
    """
    parameters, named = _read(url)
    if "password" not in parameters:
        password = read_secret(PASSWORD_SETTING)
        if password:
            parameters["password"] = password
    return PostgresAddress(BOUNDS | parameters, table or named or DEFAULT_TABLE, _name(parameters))


def _read(url: str) -> tuple[dict[str, str], str | None]:
    psycopg = import_psycopg()
    try:
        place, _, query = url.partition("?")
        queries = parse_qsl(query, keep_blank_values=True)
        # libpq reads %20 as a space, not +.
        rest = urlencode([pair for pair in queries if pair[0] != TABLE], quote_via=quote)
        known = psycopg.conninfo.conninfo_to_dict(f"{place}?{rest}")
    except (ValueError, psycopg.Error):
        # What libpq says of it quotes parts of it, and so may this very exception.
        raise ConfigurationError(
            "the URL of the PostgreSQL database can't be read",
            hint="postgresql://user@host:5432/database?table=NAME; anything odd in a password is written as %XX",
        ) from None
    return {name: str(value) for name, value in known.items()}, dict(queries).get(TABLE)


def _name(parameters: dict[str, str]) -> str:
    user = parameters.get("user", "")
    host = parameters.get("host", "")
    port = f":{parameters['port']}" if "port" in parameters else ""
    return f"postgresql://{user}{'@' if user else ''}{quote(host, safe=',')}{port}/{parameters.get('dbname', '')}"


def import_psycopg() -> Any:
    """Return the module; ConfigurationError where it is not installed."""
    try:
        import psycopg  # noqa: PLC0415 - optional
        import psycopg.conninfo  # noqa: PLC0415
    except ImportError as error:
        raise ConfigurationError(
            "PostgreSQL needs the package psycopg", hint="pip install 'reviewstream[postgres]'"
        ) from error
    return psycopg
