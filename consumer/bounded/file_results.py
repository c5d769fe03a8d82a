"""Labels in files, looked for by DuckDB: nothing is loaded whole, and nothing fetched from elsewhere."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from consumer.bounded.arrow import import_duckdb, import_pyarrow
from consumer.bounded.label_table import MODEL, label_columns
from consumer.bounded.result_query import query, quoted
from consumer.bounded.results_port import ResultFilter
from consumer.bounded.table_files import TableFormat, format_of
from shared.errors import InputError

ROWS_AT_ONCE = 16_384
# DuckDB wants to know how long a line may be; a text that was kept may be long.
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
                relation = self._relation(connection)
                self._require_columns(connection, relation, wanted, columns)
                statement, values = query(relation, wanted, columns)
                reader = connection.sql(statement, params=[self._pattern(), *values]).to_arrow_reader(ROWS_AT_ONCE)
                yield reader.schema.empty_table()
                for batch in reader:
                    yield pa.Table.from_batches([batch])
        except duckdb.Error as error:
            # The first line says what is wrong, the others quote the input.
            reason = str(error).splitlines()[0]
            raise InputError(f"{self._target} can't be read: {reason}", hint="name an output of labels") from error

    def _require_there(self) -> None:
        if self._target.exists():
            return
        if self._target.with_name(f"{self._target.name}.partial").exists():
            raise InputError(f"{self._target} is not finished", hint="`review-consumer batch --resume` goes on with it")
        raise InputError(f"{self._target} is not there", hint="name an output of labels")

    def _require_columns(self, connection: Any, relation: str, wanted: ResultFilter, columns: Sequence[str]) -> None:
        known = connection.sql(f"SELECT * FROM {relation} LIMIT 0", params=[self._pattern()]).columns  # noqa: S608 - quoted
        for name in (*columns, *wanted.columns()):
            if name not in known:
                raise InputError(f"{self._target} has no column {name!r}", hint=f"its columns are {', '.join(known)}")

    def _pattern(self) -> str:
        path = str(self._target)
        for letter in "[*?":
            path = path.replace(letter, "[[]" if letter == "[" else f"[{letter}]")
        return f"{path}/**/*.parquet" if self._target.is_dir() else path

    def _relation(self, connection: Any) -> str:
        if self._target.is_dir():
            partitioned = any("=" in child.name for child in self._target.iterdir() if child.is_dir())
            return f"read_parquet(?, hive_partitioning={str(partitioned).lower()}, hive_types_autocast=false)"
        match format_of(self._target):
            case TableFormat.PARQUET:
                return "read_parquet(?, hive_partitioning=false)"
            case TableFormat.CSV:
                return self._csv(connection)
            case TableFormat.JSONL:
                return self._jsonl(connection)

    def _csv(self, connection: Any) -> str:
        read = (
            "read_csv(?, header=true, all_varchar=true, allow_quoted_nulls=false, hive_partitioning=false, "
            f"delim=',', quote='\"', escape='\"', max_line_size={LINE_BYTES_MAX})"
        )
        names = connection.sql(f"SELECT * FROM {read} LIMIT 0", params=[self._pattern()]).columns  # noqa: S608 - no input
        typed = (f"CAST({quoted(name)} AS {_type_of(name, 'VARCHAR')}) AS {quoted(name)}" for name in names)
        return f"(SELECT {', '.join(typed)} FROM {read})"  # noqa: S608 - names are quoted

    def _jsonl(self, connection: Any) -> str:
        guessed = dict.fromkeys(label_columns((), ()), "VARCHAR")
        if self._target.stat().st_size:
            found = connection.sql("SELECT * FROM read_ndjson(?) LIMIT 0", params=[self._pattern()])
            guessed = {name: str(kind) for name, kind in zip(found.columns, found.types, strict=True)}
        types = (f"{_text(name)}: {_text(_type_of(name, kind))}" for name, kind in guessed.items())
        return f"read_ndjson(?, maximum_object_size={LINE_BYTES_MAX}, columns={{{', '.join(types)}}})"


def _type_of(name: str, guessed: str) -> str:
    if name in TYPES:
        return TYPES[name]
    if name.startswith("score_"):
        return "DOUBLE"
    return "VARCHAR" if guessed.startswith(GUESSED_OF_TEXT) else guessed


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
