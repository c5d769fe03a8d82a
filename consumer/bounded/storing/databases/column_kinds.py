"""Which SQL type holds a column of labels: by kind, since each engine has its own names."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from consumer.bounded.arrow import import_pyarrow
from consumer.bounded.finding.result_query import quoted
from shared.errors import ConfigurationError


class Kind(StrEnum):
    """What a column's values are; the value of each is what people call it."""

    TEXT = "text"
    BOOLEAN = "truth values"
    SMALL_INTEGER = "integers of 32 bits"
    INTEGER = "integers of 64 bits"
    UNSIGNED = "unsigned integers of 64 bits"
    REAL = "floating-point numbers"
    DECIMAL = "decimal numbers"
    DATE = "dates"
    LOCAL_TIME = "times without a zone"
    TIME = "times"
    BINARY = "bytes"


def kind_of(column_type: Any) -> Kind | None:
    """Return the kind of a pyarrow.DataType, None where rows of a table can't hold it as one value."""
    types = import_pyarrow().types
    if types.is_dictionary(column_type):
        return kind_of(column_type.value_type)
    if types.is_timestamp(column_type):
        return Kind.LOCAL_TIME if column_type.tz is None else Kind.TIME
    tests = {
        Kind.TEXT: (types.is_string, types.is_large_string, types.is_string_view, types.is_null),
        Kind.BOOLEAN: (types.is_boolean,),
        Kind.UNSIGNED: (types.is_uint64,),
        Kind.INTEGER: (types.is_int64, types.is_uint32),
        Kind.SMALL_INTEGER: (types.is_integer,),
        Kind.REAL: (types.is_floating,),
        Kind.DECIMAL: (types.is_decimal,),
        Kind.DATE: (types.is_date,),
        Kind.BINARY: (types.is_binary, types.is_large_binary, types.is_fixed_size_binary, types.is_binary_view),
    }
    return next((kind for kind, fits in tests.items() if any(test(column_type) for test in fits)), None)


def kinds_of(schema: Any) -> dict[str, Kind]:
    """Return the kind of each column by its name; ConfigurationError where one has none."""
    kinds: dict[str, Kind] = {}
    for field in schema:
        kind = kind_of(field.type)
        if kind is None:
            raise _refusal(field.name, str(field.type))
        kinds[field.name] = kind
    return kinds


def column_definitions(schema: Any, types: Mapping[Kind, str]) -> str:
    """Return what stands between the brackets of CREATE TABLE; ConfigurationError where a column has no type."""
    definitions: list[str] = []
    for name, kind in kinds_of(schema).items():
        if kind not in types:
            raise _refusal(name, str(kind))
        definitions.append(f"{quoted(name)} {types[kind]}")
    return ", ".join(definitions)


def require_distinct(schema: Any) -> None:
    """Raise ConfigurationError where two columns differ in nothing but case: to most databases they are one."""
    seen: dict[str, str] = {}
    for name in schema.names:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise ConfigurationError(
                f"columns {other!r} and {name!r} have one name in a database", hint="keep one of them, or rename it"
            )


def _refusal(name: str, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"column {name!r} holds {what}, and this database's tables can't",
        hint="keep another column, turn it into text before, or write to Parquet",
    )
