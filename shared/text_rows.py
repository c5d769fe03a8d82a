"""Rows of CSV and JSONL, read line by line from a stream of bytes."""

import csv
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from shared.codec import UTF8_BOM
from shared.errors import InputError
from shared.review_rows import BadRow, ColumnMapping, Place, Row

# Memory stays bounded whatever a file holds; Kafka takes no record near this size.
ROW_BYTES_MAX = 16 * 1024 * 1024
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
UTF8_HINT = "write it as UTF-8, for example with iconv -f UTF-16 -t UTF-8"

_decode_object = msgspec.json.Decoder(dict[str, Any]).decode


class Lines:
    """The lines of a stream: counted, bounded, without the byte order mark."""

    def __init__(self, stream: BinaryIO, file: str, size_bytes: int | None = None) -> None:
        self._stream = stream
        self._size_bytes = size_bytes
        self._bytes_read = 0
        self.file = file
        self.number = 0

    def next_line(self) -> bytes:
        """Return the next line with its end, b"" after the last; one over ROW_BYTES_MAX is cut behind that size."""
        line = self._stream.readline(ROW_BYTES_MAX + 1)
        self._bytes_read += len(line)
        if len(line) > ROW_BYTES_MAX:
            self._pass_over_rest(line)
        if self.number == 0:
            line = self._without_mark(line)
        self.number += 1
        return line

    def share_read(self) -> float | None:
        """Return which share of the stream was read, None where its size is not known."""
        return min(1.0, self._bytes_read / self._size_bytes) if self._size_bytes else None

    def _pass_over_rest(self, part: bytes) -> None:
        while part and not part.endswith(b"\n"):
            part = self._stream.readline(ROW_BYTES_MAX)
            self._bytes_read += len(part)

    def _without_mark(self, first: bytes) -> bytes:
        content = first.removeprefix(UTF8_BOM)
        # A pipe may have nothing to say; a file of that kind is a mistake.
        if not content and self._size_bytes is not None:
            raise InputError(f"{self.file} is empty", hint="name a file that holds reviews")
        if content.startswith(UTF16_MARKS) or b"\0" in content:
            raise InputError(f"{self.file}:1: this is not UTF-8 text", hint=UTF8_HINT)
        return content


def jsonl_rows(lines: Lines) -> Iterator[Row | BadRow]:
    """Yield a row for each line that is a JSON object; empty lines are passed over."""
    while line := lines.next_line():
        if line.isspace():
            continue
        place = Place(lines.file, lines.number)
        if len(line) > ROW_BYTES_MAX:
            yield BadRow(place, f"the line is longer than {ROW_BYTES_MAX} bytes")
            continue
        try:
            yield Row(place, _decode_object(line))
        except UnicodeError:
            yield BadRow(place, "the line is not UTF-8")
        except msgspec.ValidationError as error:
            yield BadRow(place, f"the line is not a JSON object: {error}")
        except (msgspec.DecodeError, RecursionError) as error:
            yield BadRow(place, f"the line is not JSON: {error}")


class _CsvText:
    """Decoded lines for the CSV parser, which takes as many as one row needs; knows where that row starts."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._row_bytes = 0
        self.row_place = Place(lines.file, 1)
        self.undecodable_line: int | None = None

    def begin_row(self) -> None:
        """Forget the row before."""
        self._row_bytes = 0
        self.row_place = Place(self._lines.file, self._lines.number + 1)
        self.undecodable_line = None

    def __iter__(self) -> "_CsvText":
        return self

    def __next__(self) -> str:
        line = self._lines.next_line()
        if not line:
            raise StopIteration
        self._row_bytes += len(line)
        if self._row_bytes > ROW_BYTES_MAX:
            # Not a bad row: behind a lost quote nobody can tell where the next row starts.
            raise InputError(
                f"{self.row_place}: the row that starts here is longer than {ROW_BYTES_MAX} bytes",
                hint="is a closing quote missing?",
            )
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.undecodable_line = self._lines.number
            return line.decode(errors="replace")


def csv_rows(lines: Lines, columns: ColumnMapping) -> Iterator[Row | BadRow]:
    """Yield the rows below a CSV header (RFC 4180); a row's place is the line it starts at."""
    # The parser's own limit is 128 KiB, less than a long review; rows are bounded above.
    csv.field_size_limit(ROW_BYTES_MAX)
    text = _CsvText(lines)
    reader = csv.reader(text, strict=True)
    header = _read_header(reader, text)
    if header is None:
        return
    columns.require(header, lines.file)
    while True:
        text.begin_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield BadRow(text.row_place, f"the row is not CSV: {error}")
            continue
        if text.undecodable_line is not None:
            yield BadRow(text.row_place, f"line {text.undecodable_line} is not UTF-8")
        elif len(cells) == len(header):
            yield Row(text.row_place, dict(zip(header, cells, strict=True)))
        elif cells:
            yield BadRow(text.row_place, f"the row has {len(cells)} fields, the header {len(header)}")


def _read_header(reader: Iterator[list[str]], text: _CsvText) -> list[str] | None:
    try:
        header = next(reader, None)
    except csv.Error as error:
        raise InputError(f"{text.row_place}: the header is not CSV: {error}", hint="is this a CSV file?") from error
    if text.undecodable_line is not None:
        raise InputError(f"{text.row_place}: the header is not UTF-8", hint=UTF8_HINT)
    twice = [name for name in header or [] if name and (header or []).count(name) > 1]
    if twice:
        raise InputError(f"{text.row_place}: two columns are named {twice[0]!r}", hint="rename one of them")
    return header
