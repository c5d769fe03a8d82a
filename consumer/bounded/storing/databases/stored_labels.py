"""A search in a table of labels: what must be there, and in which order rows come."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from consumer.bounded.finding.result_query import query, quoted
from consumer.bounded.finding.results_port import ResultFilter
from consumer.bounded.storing.databases.table_store import PARTIAL
from shared.errors import InputError

# So many rows are read at once.
ROWS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an engine marks a value, and by what it knows the order rows were stored in, empty where it keeps to it."""

    placeholder: str
    row_order: str


def search(table: str, wanted: ResultFilter, columns: Sequence[str], dialect: Dialect) -> tuple[str, list[Any]]:
    """Return the SELECT whose rows come as they were stored, and the values it binds."""
    statement, values = query(quoted(table), replace(wanted, limit=None), columns, dialect.placeholder)
    if dialect.row_order:
        statement += f" ORDER BY {dialect.row_order}"
    if wanted.limit is not None:
        statement += f" LIMIT {dialect.placeholder}"
        values.append(wanted.limit)
    return statement, values


def require_columns(there: Sequence[str], wanted: ResultFilter, columns: Sequence[str], where: str) -> None:
    """Raise InputError where a table has no labels, or lacks a column that is asked for or searched."""
    if not {"review_id", "label"} <= set(there):
        raise InputError(f"{where} is no table of labels", hint="--table names the one that `batch` wrote")
    conditions = {
        "product_id": wanted.product_ids,
        wanted.time_column.value: wanted.since or wanted.until,
    }
    needed = [*columns, *(name for name, condition in conditions.items() if condition)]
    missing = [name for name in needed if name not in there]
    if missing:
        raise InputError(f"{where} has no column {missing[0]!r}", hint=f"it has {', '.join(there)}")


def no_table(table: str, where: str, tables: Sequence[str]) -> InputError:
    """Return the error for a table that is not there, which says what is."""
    if PARTIAL.format(table) in tables:
        return InputError(
            f"{where} has no labels yet: a job was interrupted, or is at work",
            hint="`batch --resume` finishes one that was interrupted",
        )
    return InputError(f"{where} is not there", hint=f"--table names one of: {', '.join(tables) or 'none is there'}")
