"""pyarrow and DuckDB, imported when they are needed: optional packages, and slow to import."""

from importlib import import_module
from typing import Any

from shared.errors import ConfigurationError


def import_pyarrow(module: str = "pyarrow") -> Any:
    """Return the module, or a part of it such as `pyarrow.parquet`; ConfigurationError where it is not installed."""
    return _import(module, "pyarrow")


def import_duckdb() -> Any:
    """Return the module; ConfigurationError where it is not installed."""
    return _import("duckdb", "duckdb")


def _import(module: str, package: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise ConfigurationError(
            f"scoring in bulk needs the package {package}", hint="pip install 'reviewstream[batch]'"
        ) from error
