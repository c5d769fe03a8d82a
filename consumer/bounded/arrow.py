"""pyarrow, imported when it is needed: an optional package, and slow to import."""

from typing import Any

from shared.errors import ConfigurationError


def import_pyarrow() -> Any:
    """Return the module; ConfigurationError where it is not installed."""
    try:
        import pyarrow as pa  # noqa: PLC0415 - see above
    except ImportError as error:
        raise ConfigurationError(
            "scoring in bulk needs the package pyarrow", hint="pip install 'reviewstream[batch]'"
        ) from error
    return pa
