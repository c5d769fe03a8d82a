"""Labels in files, looked for by DuckDB: nothing is loaded whole, and nothing fetched from elsewhere."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from consumer.bounded.arrow import import_duckdb, import_pyarrow
from consumer.bounded.finding.result_query import query, quoted
from consumer.bounded.finding.results_port import ResultFilter
from consumer.bounded.label_table import MODEL, label_columns
from consumer.bounded.storing.table_files import TableFormat, format_of
from shared.errors import InputError

ROWS_AT_ONCE = 16_384
# DuckDB wants to know how long a line may be; a text that was kept may be long. It reads two such lines at once, and
# not sixteen of them as it would by itself.
LINE_BYTES_MAX = 16 << 20
# Text has no types. These columns get theirs back.
TEXTS = ("review_id", "label", "product_id", *MODEL, "source")
TYPES = {
    **dict.fromkeys(TEXTS, "VARCHAR"),
    **dict.fromkeys(("score", "rating"), "DOUBLE"),
    **dict.fromkeys(("created_at", "scored_at"), "TIMESTAMPTZ"),
    "partition": "INTEGER",
    "offset": "BIGINT",
}
# What DuckDB sees in a text that happens to look like one.
GUESSED_OF_TEXT = ("DATE", "TIME", "TIMESTAMP", "UUID")
CONFIG = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    # Nothing is written beside the files, whose disk may be full.
    "temp_directory": "",
}


class FileResults:
    """The labels of a CSV, JSONL or Parquet file, or of a folder of Parquet files, partitioned or not."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def scan(self, wanted: ResultFilter, columns: Sequence[str] = ()) -> Iterator[Any]:
        """Yield the wanted labels; InputError where the files can't be read, or lack a column."""
        duckdb, pa = import_duckdb(), import_pyarrow()
        self._require_there()
        try:
            with duckdb.connect(config=CONFIG) as connection:
                connection.execute("SET TimeZone = 'UTC'")
                relation, bound = self._relation(connection)
                known = connection.sql(f"SELECT * FROM {relation} LIMIT 0", params=bound).columns  # noqa: S608 - quoted
                self._require_columns(known, [*columns, *wanted.columns()])
                statement, values = query(relation, wanted, columns)
                reader = connection.sql(statement, params=[*bound, *values]).to_arrow_reader(ROWS_AT_ONCE)
                yield reader.schema.empty_table()
                for batch in reader:
                    yield pa.Table.from_batches([batch])
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            # The first line says what is wrong, the others quote the input.
            reason = str(error).splitlines()[0]
            raise InputError(f"{self._target} can't be read: {reason}", hint="name an output of labels") from error

    def _require_there(self) -> None:
        if self._target.exists():
            return
        if self._target.with_name(f"{self._target.name}.partial").exists():
            raise InputError(f"{self._target} is not finished", hint="`review-consumer batch --resume` goes on with it")
        raise InputError(f"{self._target} is not there", hint="name an output of labels")

    def _require_columns(self, known: Sequence[str], needed: Sequence[str]) -> None:
        missing = next((name for name in needed if name not in known), None)
        if missing is not None:
            raise InputError(f"{self._target} has no column {missing!r}", hint=f"its columns are {', '.join(known)}")

    def _relation(self, connection: Any) -> tuple[str, list[Any]]:
        """Return SQL that stands for the labels, and the values it binds."""
        if self._target.is_dir():
            folders = [child.name for child in self._target.iterdir() if child.is_dir() and "=" in child.name]
            if folders:
                return self._partitioned(connection, folders[0].partition("=")[0]), []
            return "read_parquet(?, hive_partitioning=false)", [f"{self._pattern()}/*.parquet"]
        relations = {TableFormat.PARQUET: self._parquet, TableFormat.CSV: self._csv, TableFormat.JSONL: self._jsonl}
        return relations[format_of(self._target)](connection), [self._pattern()]

    def _partitioned(self, connection: Any, column: str) -> str:
        # By pyarrow: DuckDB would take folders above the output for partitions too.
        pa, dataset = import_pyarrow(), import_pyarrow("pyarrow.dataset")
        partitions = dataset.partitioning(pa.schema([(column, pa.string())]), flavor="hive")
        connection.register("partitioned", dataset.dataset(self._target, format="parquet", partitioning=partitions))
        return "partitioned"

    def _pattern(self) -> str:
        """Return the target with everything in quotes, so to speak, that would make a pattern of it."""
        return "".join(f"[{letter}]" if letter in "[*?" else letter for letter in str(self._target))

    def _parquet(self, connection: Any) -> str:
        del connection
        return "read_parquet(?, hive_partitioning=false)"

    def _csv(self, connection: Any) -> str:
        read = (
            "read_csv(?, header=true, all_varchar=true, allow_quoted_nulls=false, hive_partitioning=false, "
            f"delim=',', quote='\"', escape='\"', max_line_size={LINE_BYTES_MAX}, buffer_size={2 * LINE_BYTES_MAX})"
        )
        names = connection.sql(f"SELECT * FROM {read} LIMIT 0", params=[self._pattern()]).columns  # noqa: S608 - no input
        typed = (f"CAST({quoted(name)} AS {_type_of(name, 'VARCHAR')}) AS {quoted(name)}" for name in names)
        return f"(SELECT {', '.join(typed)} FROM {read})"  # noqa: S608 - names are quoted

    def _jsonl(self, connection: Any) -> str:
        guessed = dict.fromkeys(label_columns((), ()), "VARCHAR")
        if self._target.stat().st_size:
            found = connection.sql(
                "SELECT * FROM read_ndjson(?, hive_partitioning=false) LIMIT 0", params=[self._pattern()]
            )
            guessed = {name: str(kind) for name, kind in zip(found.columns, found.types, strict=True)}
        types = (f"{_text(name)}: {_text(_type_of(name, kind))}" for name, kind in guessed.items())
        columns = f"{{{', '.join(types)}}}"
        return f"read_ndjson(?, hive_partitioning=false, maximum_object_size={LINE_BYTES_MAX}, columns={columns})"


def _type_of(name: str, guessed: str) -> str:
    if name in TYPES:
        return TYPES[name]
    if name.startswith("score_"):
        return "DOUBLE"
    return "VARCHAR" if guessed.startswith(GUESSED_OF_TEXT) else guessed


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
