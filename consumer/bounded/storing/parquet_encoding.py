"""Labels as Parquet: how each column is encoded, after what it holds."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from consumer.bounded.arrow import import_pyarrow

# Readers take a row group at a time, and skip those whose smallest and largest value tell that nothing is wanted.
ROW_GROUP_ROWS = 250_000
# Few values, each many times over.
OFTEN_THE_SAME = frozenset({"product_id", "rating", "scored_at", "partition"})


def write_parquet(path: Path, schema: Any, tables: Iterable[Any]) -> None:
    """Write tables (pyarrow.Table) of one schema as one file, compressed by zstd; it is not forced to the disk yet.

    Small tables share a row group; at most one such group is held in memory beside the table that comes.
    """
    pa, parquet = import_pyarrow(), import_pyarrow("pyarrow.parquet")
    with parquet.ParquetWriter(path, schema, **encodings(schema)) as writer:
        waiting: list[Any] = []
        rows = 0
        for table in tables:
            waiting.append(table)
            rows += table.num_rows
            if rows >= ROW_GROUP_ROWS:
                writer.write_table(pa.concat_tables(waiting).unify_dictionaries(), ROW_GROUP_ROWS)
                waiting, rows = [], 0
        if rows:
            writer.write_table(pa.concat_tables(waiting).unify_dictionaries(), ROW_GROUP_ROWS)


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
