"""A search for labels as SQL: values are bound, never pasted into the text."""

from collections.abc import Sequence
from typing import Any

from consumer.bounded.finding.results_port import ResultFilter


def query(relation: str, wanted: ResultFilter, columns: Sequence[str], placeholder: str = "?") -> tuple[str, list[Any]]:
    """Return a SELECT and the values it binds, in order.

    `relation` is SQL and stands as it is, `columns` are names and are quoted (none: all of them); `placeholder` is how
    the database's driver marks a value.
    """
    conditions, values = _conditions(wanted, placeholder)
    names = ", ".join(map(quoted, columns)) if columns else "*"
    statement = f"SELECT {names} FROM {relation}"  # noqa: S608 - names are quoted, values are bound
    if conditions:
        statement += " WHERE " + " AND ".join(conditions)
    if wanted.limit is not None:
        statement += f" LIMIT {placeholder}"
        values.append(wanted.limit)
    return statement, values


def quoted(name: str) -> str:
    """Return a column's name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def _conditions(wanted: ResultFilter, placeholder: str) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []
    of_column = {"review_id": wanted.review_ids, "product_id": wanted.product_ids, "label": wanted.labels}
    for column, choices in of_column.items():
        if choices:
            conditions.append(f"{quoted(column)} IN ({', '.join([placeholder] * len(choices))})")
            values += choices
    time_column = quoted(wanted.time_column)
    for operator, moment in ((">=", wanted.since), ("<", wanted.until)):
        if moment is not None:
            conditions.append(f"{time_column} {operator} {placeholder}")
            values.append(moment)
    return conditions, values
