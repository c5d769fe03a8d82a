"""Tables as CSV and as lines of JSON: times are ISO 8601 in UTC, bytes are base64."""

import base64
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from consumer.bounded.arrow import import_duckdb, import_pyarrow
from consumer.bounded.finding.result_query import quoted

# So many rows become text at once: memory stays small however long a table is.
ROWS_AT_ONCE = 4_096
# Where the letter between date and time stands in `2025-03-01 12:00:00.000000Z`.
T_PLACE = len("2025-03-01")


class TextEncoder(Protocol):
    """Turns tables of one schema into bytes."""

    def header(self, schema: Any) -> bytes:
        """Return what stands before the first row."""
        ...

    def rows(self, table: Any) -> Iterator[Any]:
        """Yield the rows (pyarrow.Table) as buffers of bytes, in order."""
        ...


class CsvEncoder:
    """CSV after RFC 4180 with a header: texts are in quotes, a null is empty without them, what is nested is JSON.

    A text is written as it is: one that begins with `=` is a formula to a spreadsheet, so import such columns as text.
    """

    def header(self, schema: Any) -> bytes:
        """Return the line of the columns' names."""
        pa, csv = import_pyarrow(), import_pyarrow("pyarrow.csv")
        sink = pa.BufferOutputStream()
        csv.write_csv(_as_text(schema.empty_table()), sink)
        content: bytes = sink.getvalue().to_pybytes()
        return content

    def rows(self, table: Any) -> Iterator[Any]:
        """Yield the rows as lines."""
        pa, csv = import_pyarrow(), import_pyarrow("pyarrow.csv")
        options = csv.WriteOptions(include_header=False)
        for start in range(0, table.num_rows, ROWS_AT_ONCE):
            sink = pa.BufferOutputStream()
            csv.write_csv(_as_text(table.slice(start, ROWS_AT_ONCE)), sink, options)
            yield sink.getvalue()


class JsonlEncoder:
    """One JSON object a line, with all columns in order; a null is `null`, and so is a number that is not finite."""

    def header(self, schema: Any) -> bytes:
        """Return nothing."""
        del schema
        return b""

    def rows(self, table: Any) -> Iterator[Any]:
        """Yield the rows as lines."""
        duckdb, pc = import_duckdb(), import_pyarrow("pyarrow.compute")
        # One thread: encoding goes on beside scoring, which has the cores.
        with duckdb.connect(config={"threads": 1}) as connection:
            for start in range(0, table.num_rows, ROWS_AT_ONCE):
                rows = _as_text(table.slice(start, ROWS_AT_ONCE))
                lines = connection.from_arrow(rows).query("labels", _objects(table.schema))
                for batch in lines.to_arrow_reader(ROWS_AT_ONCE):
                    yield _joined(pc, batch.column(0))


def _objects(schema: Any) -> str:
    # What is JSON already is told so, else it would become a text within the object.
    pa = import_pyarrow()
    fields = [
        f"{quoted(field.name)}{'::JSON' if _kind(pa, field.type) is _Kind.OTHER else ''} AS {quoted(field.name)}"
        for field in schema
    ]
    return f"SELECT to_json(one)::VARCHAR FROM (SELECT {', '.join(fields)} FROM labels) one"  # noqa: S608 - quoted names


def _joined(pc: Any, lines: Any) -> Any:
    ended = pc.binary_join_element_wise(lines, "\n", "")
    offsets = memoryview(ended.buffers()[1]).cast("i")
    first, last = offsets[ended.offset], offsets[ended.offset + len(ended)]
    return memoryview(ended.buffers()[2])[first:last]


class _Kind(StrEnum):
    AS_IT_IS = "as it is"
    TEXT = "text"
    NUMBER = "number"
    TIME = "time"
    BYTES = "bytes"
    OTHER = "other"


def _kind(pa: Any, arrow_type: Any) -> _Kind:
    types = pa.types
    if types.is_dictionary(arrow_type):
        return _kind(pa, arrow_type.value_type)
    kinds = {
        _Kind.TEXT: (types.is_string, types.is_large_string, types.is_string_view),
        _Kind.NUMBER: (types.is_floating,),
        _Kind.TIME: (types.is_timestamp,),
        _Kind.BYTES: (types.is_binary, types.is_large_binary, types.is_fixed_size_binary),
        _Kind.AS_IT_IS: (
            *(types.is_integer, types.is_boolean, types.is_date),
            *(types.is_time, types.is_decimal, types.is_null),
        ),
    }
    return next((kind for kind, tests in kinds.items() if any(is_one(arrow_type) for is_one in tests)), _Kind.OTHER)


def _as_text(table: Any) -> Any:
    """Return the table with columns that text has a form for; what is nested, or of a rare type, becomes JSON."""
    pa = import_pyarrow()
    return pa.table({name: _column(pa, table[name]) for name in table.schema.names})


def _column(pa: Any, column: Any) -> Any:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    match _kind(pa, column.type):
        case _Kind.TEXT:
            return column.cast(pa.string())
        case _Kind.NUMBER:
            pc = import_pyarrow("pyarrow.compute")
            return pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))
        case _Kind.TIME:
            return _iso(pa, column)
        case _Kind.BYTES:
            values = (None if cell is None else base64.b64encode(cell).decode() for cell in column.to_pylist())
            return pa.array(values, pa.string())
        case _Kind.OTHER:
            values = (None if cell is None else msgspec.json.encode(cell).decode() for cell in column.to_pylist())
            return pa.array(values, pa.string())
        case _:
            return column


def _iso(pa: Any, column: Any) -> Any:
    # Each time once, as a batch's labels share theirs: a time as text takes longer than all the rest of a row.
    pc = import_pyarrow("pyarrow.compute")
    encoded = column.cast(pa.timestamp("us", "UTC" if column.type.tz else None), safe=False).combine_chunks()
    encoded = encoded.dictionary_encode()
    texts = pc.binary_replace_slice(
        encoded.dictionary.cast(pa.string()), start=T_PLACE, stop=T_PLACE + 1, replacement="T"
    )
    return texts.take(encoded.indices)
