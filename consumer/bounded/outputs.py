"""What an output's name says: a file by its suffix, a folder of Parquet files where it has none."""

from dataclasses import dataclass
from pathlib import Path

from consumer.bounded.file_results import FileResults
from consumer.bounded.parquet_layouts import PartFiles, PartitionFolders, SingleFile
from consumer.bounded.parquet_store import ParquetStore
from consumer.bounded.ports import Mode, Store
from consumer.bounded.results_port import Results
from consumer.bounded.table_files import ENCODERS, TableFormat, format_of
from consumer.bounded.text_store import TextStore
from shared.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """What only some outputs know: the table in a database, and the column whose values are folders of their own."""

    table: str = "sentiment"
    partition_by: str | None = None


DEFAULTS = OutputOptions()


def open_store(target: str, mode: Mode, options: OutputOptions = DEFAULTS) -> Store:
    """Return the store of an output; nothing is touched before its `begin`."""
    path = _path(target)
    if not path.suffix or target.endswith("/"):
        layout = PartitionFolders(options.partition_by) if options.partition_by else PartFiles()
        return ParquetStore(path, mode, layout)
    if options.partition_by:
        raise ConfigurationError(
            f"{target} is one file, and can't be partitioned", hint="name a folder: an --output without a suffix"
        )
    kind = format_of(path)
    return (
        ParquetStore(path, mode, SingleFile())
        if kind is TableFormat.PARQUET
        else TextStore(path, mode, ENCODERS[kind]())
    )


def open_results(target: str, options: OutputOptions = DEFAULTS) -> Results:
    """Return the labels that were stored in an output; nothing is read before they are looked for."""
    del options
    return FileResults(_path(target))


def _path(target: str) -> Path:
    if "://" in target:
        raise ConfigurationError(f"{target}: labels can't be stored there", hint="name a file, a folder or a database")
    return Path(target)
