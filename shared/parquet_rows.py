"""Rows of a Parquet file, read batch by batch, only the columns a review needs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.errors import ConfigurationError, InputError
from shared.review_rows import BadRow, ColumnMapping, Place, Row

BATCH_ROWS = 1024


class ParquetRows:
    """The rows of one Parquet file, numbered from 1."""

    def __init__(self, path: Path, columns: ColumnMapping) -> None:
        self._path = path
        self._columns = columns
        self._rows_read = 0
        self._rows_total = 0

    def share_read(self) -> float | None:
        """Return which share of the rows was read, None before the file is open."""
        return self._rows_read / self._rows_total if self._rows_total else None

    def read(self) -> Iterator[Row | BadRow]:
        """Yield the rows; InputError where the file is not Parquet or is damaged."""
        arrow, parquet = import_parquet()
        try:
            with parquet.ParquetFile(self._path) as file:
                self._columns.require(file.schema_arrow.names, str(self._path))
                self._rows_total = file.metadata.num_rows
                wanted = [name for name in file.schema_arrow.names if name in self._columns.wanted()]
                for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=wanted):
                    yield from self._rows(batch)
        except arrow.ArrowException as error:
            raise unreadable(self._path, self._rows_read, error) from error

    def _rows(self, batch: Any) -> Iterator[Row | BadRow]:
        for cells in cells_of(batch):
            self._rows_read += 1
            yield row_of(cells, str(self._path), self._rows_read)


def import_parquet() -> tuple[Any, Any]:
    """Return pyarrow and its Parquet module; ConfigurationError where it is not installed."""
    try:
        import pyarrow as pa  # noqa: PLC0415 - an optional extra, and slow to import
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise ConfigurationError(
            "reading Parquet needs the package pyarrow", hint="pip install 'reviewstream[parquet]'"
        ) from error
    return pa, parquet


def cells_of(batch: Any) -> list[dict[str, Any] | None]:
    """Return the cells of each row of a pyarrow.RecordBatch; None for a row with a text that is not UTF-8."""
    batch = _in_microseconds(batch)
    try:
        rows: list[dict[str, Any] | None] = batch.to_pylist()
    except UnicodeDecodeError:
        # One text that is not UTF-8 spoils the conversion of its batch: row by row it spoils only itself.
        return [_cells_or_none(batch.slice(index, 1)) for index in range(batch.num_rows)]
    return rows


def row_of(cells: dict[str, Any] | None, file: str, number: int) -> Row | BadRow:
    """Return a row of a file, by its number counted from 1."""
    place = Place(file, number, "row")
    return BadRow(place, "a text is not UTF-8") if cells is None else Row(place, cells)


def unreadable(path: Path | str, rows_read: int, error: Exception) -> InputError:
    """Return what to say of a file that pyarrow can't read on."""
    return InputError(
        f"{path}: not readable as Parquet after row {rows_read}: {_first_line(error)}",
        hint="is the file complete? --format names another format",
    )


def _in_microseconds(batch: Any) -> Any:
    """Return the batch with its nanosecond times cut: Python's datetime has no room for them."""
    arrow, _ = import_parquet()
    for index, field in enumerate(batch.schema):
        if arrow.types.is_timestamp(field.type) and field.type.unit == "ns":
            kind = arrow.timestamp("us", tz=field.type.tz)
            column = batch.column(index).cast(kind, safe=False)
            batch = batch.set_column(index, arrow.field(field.name, kind), column)
    return batch


def _cells_or_none(batch: Any) -> dict[str, Any] | None:
    try:
        rows: list[dict[str, Any]] = batch.to_pylist()
    except UnicodeDecodeError:
        return None
    return rows[0]


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
