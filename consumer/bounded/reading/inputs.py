"""What a job reads, from what people name: files, patterns, folders, URIs, standard input, sample data."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from consumer.bounded.arrow import import_pyarrow
from consumer.bounded.chunks import TableChunk
from consumer.bounded.ports import Input
from consumer.bounded.progress import Progress
from consumer.bounded.reading.locations import Location, find_files
from consumer.bounded.reading.parquet_tables import ParquetTables
from consumer.bounded.reading.row_tables import RowTables
from consumer.bounded.reading.sample_rows import SampleRows
from shared.datasets import DATASETS, Split
from shared.errors import InputError
from shared.review_files import STANDARD_INPUT, FileFormat, ReviewFile
from shared.review_rows import ColumnMapping


@dataclass(frozen=True, slots=True)
class ReadAs:
    """How the rows of inputs are read; `keep` says which columns are stored with the labels, and as what."""

    columns: ColumnMapping = field(default_factory=ColumnMapping)
    keep: Mapping[str, str] = field(default_factory=dict)
    file_format: FileFormat | None = None
    split: Split = Split.ALL


def open_inputs(names: Sequence[str], read_as: ReadAs, standard_input: Callable[[], BinaryIO]) -> list[Input]:
    """Return the inputs that names stand for, in order; InputError where one stands for nothing."""
    inputs: list[Input] = []
    for name in names:
        if name == STANDARD_INPUT:
            rows = ReviewFile(name, read_as.columns, read_as.file_format, standard_input)
            inputs.append(RowTables(len(inputs), "standard input", rows, read_as.keep))
        elif name in DATASETS:
            identity = f"sample data {name}, {read_as.split.value}"
            inputs.append(RowTables(len(inputs), identity, SampleRows(name, read_as.split), read_as.keep))
        else:
            inputs += [_file(len(inputs) + place, file, read_as) for place, file in enumerate(find_files(name))]
    return inputs


def _file(number: int, location: Location, read_as: ReadAs) -> Input:
    file = ReviewFile(location.name, read_as.columns, read_as.file_format, opened=partial(_opened, location))
    if file.format is FileFormat.PARQUET:
        return ParquetTables(number, location, read_as.columns, read_as.keep, PurePosixPath(location.path).stem)
    return RowTables(number, location.identity(), file, read_as.keep)


def _opened(location: Location) -> tuple[BinaryIO, int]:
    return location.open(), location.size_bytes


def kept_schema(inputs: Sequence[Input]) -> Any:
    """Return the kept columns (pyarrow.Schema) of all inputs, which is that of the first."""
    return inputs[0].kept_schema() if inputs else import_pyarrow().schema([])


def read_chunks(inputs: Sequence[Input], start: Progress, kept: Any) -> Iterator[TableChunk]:
    """Yield the chunks of all inputs, one after the other, from where a job stands; kept columns have that schema."""
    for number in range(start.input, len(inputs)):
        for chunk in inputs[number].read(start.row if number == start.input else 0):
            yield chunk if chunk.kept.schema.equals(kept) else _cast(chunk, kept, inputs[number].identity())


def _cast(chunk: TableChunk, kept: Any, identity: str) -> TableChunk:
    pa = import_pyarrow()
    try:
        columns = [column.cast(field.type) for column, field in zip(chunk.kept.columns, kept, strict=True)]
    except pa.ArrowException as error:
        raise InputError(
            f"{identity}: a kept column has another type than in the first input: {error}",
            hint="label these inputs in a job of their own",
        ) from error
    batch = pa.record_batch(columns, schema=kept)
    return TableChunk(chunk.reviews, batch, chunk.rejects, chunk.input, chunk.next_row, chunk.size_bytes)
