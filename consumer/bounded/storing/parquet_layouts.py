"""What a Parquet output looks like: a folder of parts, one of folders by a column's values, or a single file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from consumer.bounded.arrow import import_pyarrow
from consumer.bounded.storing.durable_files import sync
from consumer.bounded.storing.parquet_encoding import RowGroups, encodings, write_parquet
from shared.errors import ConfigurationError

# Each value is a folder, and each checkpoint writes a file into each of them.
PARTITIONS_MAX = 1_000
OPEN_FILES_MAX = 256


class Layout(Protocol):
    """How parts are written, and what they become; a part's files are called `part-NUMBER…`."""

    def check(self, schema: Any) -> None:
        """Raise ConfigurationError where such labels can't be written so."""
        ...

    def write(self, table: Any, folder: Path, number: int) -> None:
        """Write one part into the folder."""
        ...

    def gather(self, folder: Path, count: int, schema: Any) -> Path:
        """Return what is to be moved to the output's place; it is forced to the disk."""
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


class PartFiles:
    """A folder `part-000000.parquet`, `part-000001.parquet`, …: the names in order give the rows in order."""

    def check(self, schema: Any) -> None:
        """Accept anything."""

    def write(self, table: Any, folder: Path, number: int) -> None:
        """Write one file."""
        write_parquet(folder / f"{stem(number)}.parquet", table.schema, [table])

    def gather(self, folder: Path, count: int, schema: Any) -> Path:
        """Return the folder itself; one without labels gets an empty part, which tells the columns."""
        return _with_empty_part(folder, count, schema)

    def close(self) -> None:
        """Do nothing: each part is closed as soon as it is written."""


class PartitionFolders:
    """Hive's folders: `label=positive/part-000000-0.parquet`; the column is in the folders' names only.

    Rows keep their order within a folder; a null's is `label=__HIVE_DEFAULT_PARTITION__`.
    """

    def __init__(self, column: str) -> None:
        self._column = column

    def check(self, schema: Any) -> None:
        """Refuse a column that is not there, and one that holds no text: a folder's name would lose its type."""
        types = import_pyarrow().types
        if self._column not in schema.names or len(schema.names) == 1:
            raise ConfigurationError(
                f"there is no column {self._column!r} to partition by",
                hint=f"--partition-by takes one of {schema.names}",
            )
        kind = schema.field(self._column).type
        if not types.is_string(kind.value_type if types.is_dictionary(kind) else kind):
            raise ConfigurationError(
                f"labels can't be partitioned by {self._column}, which is {kind}",
                hint="--partition-by takes a column of texts, such as label or product_id",
            )

    def write(self, table: Any, folder: Path, number: int) -> None:
        """Write one file for each of the column's values."""
        dataset = import_pyarrow("pyarrow.dataset")
        values = len(table[self._column].unique())
        if values > PARTITIONS_MAX:
            raise ConfigurationError(
                f"{self._column} has {values:,} values within {table.num_rows:,} rows, and each would be a folder",
                hint=f"--partition-by takes a column of at most {PARTITIONS_MAX:,} values",
            )
        kind = dataset.ParquetFileFormat()
        options = encodings(table.schema.remove(table.schema.get_field_index(self._column)))
        dataset.write_dataset(
            table,
            folder,
            format=kind,
            file_options=kind.make_write_options(**options),
            partitioning=[self._column],
            partitioning_flavor="hive",
            basename_template=f"{stem(number)}-{{i}}.parquet",
            existing_data_behavior="overwrite_or_ignore",
            use_threads=False,
            max_open_files=OPEN_FILES_MAX,
        )

    def gather(self, folder: Path, count: int, schema: Any) -> Path:
        """Return the folder itself; one without labels gets an empty part, which tells the columns."""
        return _with_empty_part(folder, count, schema)

    def close(self) -> None:
        """Do nothing: each part is closed as soon as it is written."""


class SingleFile:
    """One file. Parquet that is not complete can't be read, so parts wait as Arrow files, which cost little.

    A run that began the output encodes each part as it comes, beside the scoring; after a kill the parts are all that
    is left, and are encoded at the end.
    """

    def __init__(self) -> None:
        self._file: RowGroups | None = None
        self._encoded = 0

    def check(self, schema: Any) -> None:
        """Accept anything."""

    def write(self, table: Any, folder: Path, number: int) -> None:
        """Write one Arrow file, and the same rows into the output where it has all those before them."""
        pa, ipc = import_pyarrow(), import_pyarrow("pyarrow.ipc")
        # Each batch brings dictionaries of its own, and a file has room for one a column.
        unified = table.unify_dictionaries()
        options = ipc.IpcWriteOptions(compression="lz4")
        path = folder / f"{stem(number)}.arrow"
        with pa.OSFile(str(path), "wb") as stream, ipc.new_file(stream, unified.schema, options=options) as writer:
            writer.write_table(unified)
        if number == self._encoded:
            if self._file is None:
                self._file = RowGroups(_ready(folder), unified.schema)
            self._file.append(unified)
            self._encoded += 1

    def gather(self, folder: Path, count: int, schema: Any) -> Path:
        """Complete the file beside the folder; its row groups are made of the parts where a killed run began it."""
        ready = _ready(folder)
        if self._file is not None and self._encoded == count:
            self._file.close()
        else:
            self.close()
            write_parquet(ready, schema, _tables(folder, count))
        sync(ready)
        return ready

    def close(self) -> None:
        """Let go of a file that was not completed."""
        if self._file is not None:
            self._file.abandon()


def part_number(path: Path) -> int:
    """Return the number of the part that a file belongs to."""
    return int(path.name.removeprefix("part-").partition(".")[0].partition("-")[0])


def stem(number: int) -> str:
    """Return what the names of a part's files begin with."""
    return f"part-{number:06}"


def _ready(folder: Path) -> Path:
    return folder.with_name("labels.parquet")


def _with_empty_part(folder: Path, count: int, schema: Any) -> Path:
    if not count:
        path = folder / f"{stem(0)}.parquet"
        write_parquet(path, schema, [])
        sync(path)
    return folder


def _tables(folder: Path, count: int) -> Iterator[Any]:
    pa, ipc = import_pyarrow(), import_pyarrow("pyarrow.ipc")
    for number in range(count):
        with pa.OSFile(str(folder / f"{stem(number)}.arrow")) as stream, ipc.open_file(stream) as reader:
            yield reader.read_all()
