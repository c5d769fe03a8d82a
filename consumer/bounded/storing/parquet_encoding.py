"""Labels as Parquet: how each column is encoded, after what it holds."""

from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from consumer.bounded.arrow import import_pyarrow

# Readers take a row group at a time, and skip those whose smallest and largest value tell that nothing is wanted.
ROW_GROUP_ROWS = 250_000
# Few values, each many times over.
OFTEN_THE_SAME = frozenset({"product_id", "rating", "scored_at", "partition"})


def write_parquet(path: Path, schema: Any, tables: Iterable[Any]) -> None:
    """Write tables (pyarrow.Table) of one schema as one file; it is not forced to the disk yet."""
    with closing(RowGroups(path, schema)) as groups:
        for table in tables:
            groups.append(table)


class RowGroups:
    """A Parquet file that grows by tables (pyarrow.Table) of one schema, compressed by zstd; `close` completes it.

    Small tables share a row group; at most one such group is held in memory beside the table that comes.
    """

    def __init__(self, path: Path, schema: Any) -> None:
        self._writer = import_pyarrow("pyarrow.parquet").ParquetWriter(path, schema, **encodings(schema))
        self._waiting: list[Any] = []
        self._rows = 0

    def append(self, table: Any) -> None:
        """Add a table's rows."""
        self._waiting.append(table)
        self._rows += table.num_rows
        if self._rows >= ROW_GROUP_ROWS:
            self._write()

    def close(self) -> None:
        """Write what is left, and what readers need to know of all of it."""
        with self._writer:
            if self._rows:
                self._write()

    def abandon(self) -> None:
        """Close the file as it stands; nobody is to read it."""
        with suppress(OSError):
            self._writer.close()

    def _write(self) -> None:
        table = import_pyarrow().concat_tables(self._waiting).unify_dictionaries()
        groups = max(1, table.num_rows // ROW_GROUP_ROWS)
        # Equal ones: the rows beyond a round number would make a group of their own.
        self._writer.write_table(table, -(-table.num_rows // groups))
        self._waiting, self._rows = [], 0


def encodings(schema: Any) -> dict[str, Any]:
    """Return pyarrow's options for these columns.

    By default every column is tried as a dictionary first, which for ids and probabilities, all of them different,
    takes half of the time and is then given up.
    """
    types = import_pyarrow().types
    in_dictionary, encoding = [], {}
    for field in schema:
        if types.is_dictionary(field.type) or field.name in OFTEN_THE_SAME:
            in_dictionary.append(field.name)
        elif types.is_floating(field.type):
            encoding[field.name] = "BYTE_STREAM_SPLIT"
        elif types.is_integer(field.type) or types.is_timestamp(field.type):
            encoding[field.name] = "DELTA_BINARY_PACKED"
    return {"compression": "zstd", "use_dictionary": in_dictionary, "column_encoding": encoding}
