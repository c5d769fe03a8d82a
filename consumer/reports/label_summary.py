"""How stored labels are shown."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from consumer.reports.dead_letter_summary import printable


def print_labels(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Print labels, a row each; what a terminal would obey is escaped."""
    table = Table(*(name.replace("_", " ") for name in columns), box=None)
    for row in rows:
        table.add_row(*(Text(printable(_shown(row[name]))) for name in columns))
    console.print(table)


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds") if value.tzinfo else value.isoformat()
    return str(value)
