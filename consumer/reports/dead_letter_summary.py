"""How dead letters are shown: a list that holds nothing of a review, and one of them whole."""

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from consumer.kafka.stored_dead_letters import StoredDeadLetter

HEX_BYTES_A_LINE = 16


def listed(letter: StoredDeadLetter) -> dict[str, Any]:
    """Return what may be told of any dead letter: no text, no key, no header, and no words of an exception."""
    source = letter.source
    return {
        "dead_letter": f"{letter.stored.partition}:{letter.stored.offset}",
        "reason": letter.reason,
        "stage": letter.stage,
        "topic": source.topic if source else None,
        "partition": source.partition if source else None,
        "offset": source.offset if source else None,
        "failed_at": letter.failed_at.astimezone(UTC).isoformat(timespec="milliseconds") if letter.failed_at else None,
        "attempts": letter.attempts,
        "size_bytes": letter.size_bytes,
    }


def whole(letter: StoredDeadLetter) -> dict[str, Any]:
    """Return a dead letter with all that it holds, bytes in base64."""
    stored = letter.stored
    return listed(letter) | {
        "message": letter.message,
        "model": letter.model,
        "timestamp_ms": stored.timestamp_ms,
        "key_base64": _base64(stored.key),
        "value_base64": _base64(stored.value),
        "headers": [{"name": name, "base64": _base64(content)} for name, content in stored.headers],
    }


def print_list(letters: Sequence[Mapping[str, Any]], reasons: Counter[str], console: Console) -> None:
    """Print some dead letters (each as `listed` gives it), a row each, and how many there are for each reason."""
    columns = ("dead_letter", "reason", "stage", "topic", "partition", "offset", "failed_at", "attempts", "size_bytes")
    table = Table(*(name.replace("_", " ") for name in columns), box=None)
    for letter in letters:
        table.add_row(*(Text(printable("unknown" if letter[name] is None else str(letter[name]))) for name in columns))
    console.print(table)
    total = sum(reasons.values())
    if total > len(letters):
        console.print(f"… and {total - len(letters):,} more: --limit shows more, --json all")
    counts = Table("reason", "dead letters", box=None)
    counts.columns[1].justify = "right"
    for reason, count in reasons.most_common():
        counts.add_row(Text(reason), f"{count:,}")
    counts.add_row("all", f"{total:,}", style="bold")
    console.print()
    console.print(counts)


def print_whole(letter: StoredDeadLetter, console: Console) -> None:
    """Print a dead letter with all that it holds; what a terminal would obey is escaped."""
    stored = letter.stored
    grid = Table.grid(padding=(0, 2))
    rows = {name: value for name, value in listed(letter).items() if value is not None} | {
        "message": letter.message,
        "timestamp": _moment(stored.timestamp_ms),
        "key": "none" if stored.key is None else readable(stored.key),
    }
    for name, value in rows.items():
        grid.add_row(name.replace("_", " "), Text(printable(str(value))))
    for name, content in stored.headers:
        grid.add_row("header", Text(f"{printable(name)} = {'none' if content is None else readable(content)}"))
    console.print(grid)
    console.print()
    console.print(Text("no value: a tombstone" if stored.value is None else readable(stored.value)), soft_wrap=True)


def readable(content: bytes) -> str:
    """Return bytes as text where they are UTF-8, else in hexadecimal with what can be read of them beside it."""
    try:
        return printable(content.decode())
    except UnicodeDecodeError:
        lines = [content[start : start + HEX_BYTES_A_LINE] for start in range(0, len(content), HEX_BYTES_A_LINE)]
        width = 3 * HEX_BYTES_A_LINE - 1
        return "\n".join(f"{line.hex(' '):<{width}}  {printable(line.decode('ascii', 'replace'))}" for line in lines)


def printable(text: str) -> str:
    """Return a text whose control characters, and those that turn the direction of writing, are escaped."""
    return "".join(
        letter if letter.isprintable() or letter == "\n" else letter.encode("unicode_escape").decode()
        for letter in text
    )


def _base64(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode()


def _moment(stamp_ms: int) -> str:
    return "unknown" if stamp_ms < 0 else datetime.fromtimestamp(stamp_ms / 1000, UTC).isoformat()
