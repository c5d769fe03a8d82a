"""Machine code, made when a function is first called, and kept on disk for the next process.

Kept in NUMBA_CACHE_DIR, else beside the sources, else in the user's cache. A folder that can't be written serves too
where it holds the code already: an image brings it along. Without any, a process compiles for itself.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba
from numba.core.caching import InTreeCacheLocator, UserProvidedCacheLocator, UserWideCacheLocator

from shared.logs import get_logger

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# Nothing here allocates, so nothing need be counted: references to arrays, in atomic counters, took a fifth of the time
# of a one-liner.
_OPTIONS = {"nogil": True, "_nrt": False}
_not_kept: list[str] = []
_ADVICE = "set NUMBA_CACHE_DIR to a folder that can be written"


def jit(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Compile a function as part of those that call it, without the GIL."""
    compiled: Callable[Parameters, Result] = numba.njit(**_OPTIONS)(function)
    return compiled


def cached_jit(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Compile a function that Python calls, without the GIL, and keep the code."""
    before = numba.config.CACHE_LOCATOR_CLASSES
    numba.config.CACHE_LOCATOR_CLASSES = ",".join(f"{__name__}.{kind.__name__}" for kind in _LOCATORS)
    try:
        compiled: Callable[Parameters, Result] = numba.njit(cache=True, **_OPTIONS)(function)
    except RuntimeError as error:
        # Said later: logs are not set up while modules are imported.
        _not_kept.append(str(error))
        return jit(function)
    finally:
        numba.config.CACHE_LOCATOR_CLASSES = before
    return compiled


def kept_in(function: Callable[..., Any]) -> Path | None:
    """Return the folder that keeps a `cached_jit` function's code; None where no folder can."""
    folder: str | None = function.stats.cache_path  # type: ignore[attr-defined]  # of numba's dispatcher, untyped
    return Path(folder) if folder else None


def say_what_is_not_kept() -> None:
    """Log, once, that this process compiles for itself because no folder can hold the code."""
    if _not_kept:
        get_logger("model").warning("compiled_without_cache", because=_not_kept[0], advice=_ADVICE)
        _not_kept.clear()


def call(function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
    """Call a function that may have to be compiled first; code that can't be kept is used all the same."""
    try:
        return function(*args, **kwargs)
    except OSError as error:
        # Raised when the code was ready: the second call runs it.
        get_logger("model").warning("code_not_kept", because=str(error), advice=_ADVICE)
        return function(*args, **kwargs)


class _OfAllSources:
    """A place for code that is out of date as soon as any file of its function's folder, or of this one, changes.

    numba's own places look at the file of the function only, not at those it calls.
    """

    _py_file: str

    def get_source_stamp(self) -> str:
        """Return the digest of both folders' sources."""
        digest = hashlib.sha256()
        for folder in (Path(self._py_file).parent, Path(__file__).parent):
            for path in sorted(folder.glob("*.py")):
                digest.update(path.read_bytes())
        return digest.hexdigest()

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Any:
        """Return the place for a function; None where code can neither be kept there nor was."""
        place: Any = cls(py_func, py_file)  # type: ignore[call-arg]  # the other base class takes them
        try:
            place.ensure_cache_path()
        except OSError:
            kept = Path(place.get_cache_path()).glob(f"*{py_func.__name__}*.nbi")
            return place if next(kept, None) is not None else None
        return place


class Given(_OfAllSources, UserProvidedCacheLocator):  # type: ignore[misc]  # numba is untyped
    """NUMBA_CACHE_DIR."""

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Any:
        """Return the place for a function, None where the variable is not set; see above."""
        return super().from_function(py_func, py_file) if numba.config.CACHE_DIR else None


class BesideSources(_OfAllSources, InTreeCacheLocator):  # type: ignore[misc]  # numba is untyped
    """The sources' own __pycache__."""


class OfUser(_OfAllSources, UserWideCacheLocator):  # type: ignore[misc]  # numba is untyped
    """The user's cache folder."""


_LOCATORS = (Given, BesideSources, OfUser)
