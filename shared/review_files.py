"""Bounded input: reviews from a CSV, JSONL or Parquet file or from standard input, read as a stream."""

import sys
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from shared.errors import ConfigurationError, InputError
from shared.parquet_rows import ParquetRows
from shared.review_rows import BadRow, ColumnMapping, ReviewRow, Row
from shared.text_rows import Lines, csv_rows, jsonl_rows

STANDARD_INPUT = "-"
# An id made from a file's name leaves room for the row's number.
STEM_CHARS_MAX = 200


class FileFormat(StrEnum):
    """How the rows of an input are written."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


SUFFIXES = {
    ".csv": FileFormat.CSV,
    ".jsonl": FileFormat.JSONL,
    ".ndjson": FileFormat.JSONL,
    ".parquet": FileFormat.PARQUET,
}


class ReviewFile:
    """One input, named by its path or by `-` for standard input (JSONL unless told otherwise).

    `opened` gives the bytes of a file that lies elsewhere, and their number.
    """

    def __init__(
        self,
        name: str,
        columns: ColumnMapping,
        file_format: FileFormat | None = None,
        standard_input: Callable[[], BinaryIO] = lambda: sys.stdin.buffer,
        opened: Callable[[], tuple[BinaryIO, int]] | None = None,
    ) -> None:
        self._is_standard_input = name == STANDARD_INPUT
        self._name = "standard input" if self._is_standard_input else name
        self.stem = "stdin" if self._is_standard_input else Path(name).stem[:STEM_CHARS_MAX]
        self._columns = columns
        self._standard_input = standard_input
        self._opened = opened or self._open
        self.format = file_format or self._format_by_name()
        self._rows: Lines | ParquetRows | None = None
        if self._is_standard_input and self.format is FileFormat.PARQUET:
            raise ConfigurationError(
                "Parquet can't be read from standard input", hint="it is read from its end: name the file"
            )

    def read(self) -> Iterator[ReviewRow | BadRow]:
        """Yield every row from the first on, as a review or as a bad row; InputError where the input can't be read."""
        for row in self.rows():
            yield row if isinstance(row, BadRow) else self.review(row)

    def review(self, row: Row) -> ReviewRow | BadRow:
        """Return the review that a row holds, or why it holds none."""
        return self._columns.review(row, f"{self.stem}-{row.place.number}")

    def rows(self) -> Iterator[Row | BadRow]:
        """Yield every row from the first on as it was read; InputError where the input can't be read."""
        try:
            yield from self._read_rows()
        except OSError as error:
            raise InputError(
                f"{self._name}: {error.strerror or error}", hint="name a file that this user may read, or -"
            ) from error

    def share_read(self) -> float | None:
        """Return which share of the input was read, None where its size is not known."""
        return self._rows.share_read() if self._rows else None

    def _format_by_name(self) -> FileFormat:
        if self._is_standard_input:
            return FileFormat.JSONL
        suffix = Path(self._name).suffix.lower()
        if suffix not in SUFFIXES:
            raise InputError(
                f"{self._name}: can't tell the format of a {suffix or 'nameless'} file",
                hint=f"known are {', '.join(SUFFIXES)}; --format says it, and - reads what another program unpacks",
            )
        return SUFFIXES[suffix]

    def _read_rows(self) -> Iterator[Row | BadRow]:
        if self._is_standard_input:
            yield from self._read_text(Lines(self._standard_input(), self._name))
        elif self.format is FileFormat.PARQUET:
            self._rows = ParquetRows(Path(self._name), self._columns)
            yield from self._rows.read()
        else:
            stream, size_bytes = self._opened()
            with stream:
                yield from self._read_text(Lines(stream, self._name, size_bytes))

    def _open(self) -> tuple[BinaryIO, int]:
        path = Path(self._name)
        return path.open("rb"), path.stat().st_size

    def _read_text(self, lines: Lines) -> Iterator[Row | BadRow]:
        self._rows = lines
        yield from csv_rows(lines, self._columns) if self.format is FileFormat.CSV else jsonl_rows(lines)
