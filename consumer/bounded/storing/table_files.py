"""A table as one file of its own: written aside, forced to the disk, and moved to its place."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any

from consumer.bounded.storing.durable_files import GrowingFile, move_durably, preparing, sync, writing
from consumer.bounded.storing.output_lock import OutputLock
from consumer.bounded.storing.parquet_encoding import write_parquet
from consumer.bounded.storing.text_encoding import CsvEncoder, JsonlEncoder, TextEncoder
from shared.errors import ConfigurationError


class TableFormat(StrEnum):
    """How a table is written, named as its file's suffix."""

    PARQUET = "parquet"
    CSV = "csv"
    JSONL = "jsonl"


ENCODERS: dict[TableFormat, type[CsvEncoder | JsonlEncoder]] = {
    TableFormat.CSV: CsvEncoder,
    TableFormat.JSONL: JsonlEncoder,
}


def format_of(path: Path) -> TableFormat:
    """Return the format that a file's suffix names; ConfigurationError where it names none."""
    try:
        return TableFormat(path.suffix.lower().removeprefix("."))
    except ValueError:
        known = ", ".join(f".{name}" for name in TableFormat)
        raise ConfigurationError(f"{path}: can't tell the format", hint=f"known are {known}") from None


def write_table_file(path: Path, schema: Any, tables: Iterable[Any]) -> None:
    """Write tables (pyarrow.Table) of one schema (pyarrow.Schema) as one file, whole or not at all.

    Raises ConfigurationError where the file is there already, FatalError where it can't be written to its end. What
    the tables' iterator raises passes through.
    """
    kind = format_of(path)
    lock = OutputLock(path)
    lock.take()
    aside = path.with_name(f"{path.name}.partial")
    try:
        with preparing(path):
            _require_absent(path)
            aside.unlink(missing_ok=True)
        with writing(path, hint="make room, and ask again"):
            if kind is TableFormat.PARQUET:
                write_parquet(aside, schema, tables)
                sync(aside)
            else:
                _write_text(aside, ENCODERS[kind](), schema, tables)
            move_durably(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    finally:
        lock.release()


def _require_absent(path: Path) -> None:
    if path.exists():
        raise ConfigurationError(f"{path} is there already", hint="name another file, or remove it")


def _write_text(path: Path, encoder: TextEncoder, schema: Any, tables: Iterable[Any]) -> None:
    file = GrowingFile(path)
    file.open(0)
    try:
        file.write(encoder.header(schema))
        for table in tables:
            for content in encoder.rows(table):
                file.write(content)
        file.sync()
    finally:
        file.close()
