"""Files that are still there after the power has failed: what was written is forced to the disk before it counts."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from shared.errors import ConfigurationError, FatalError

RESUMABLE = "what was stored before is kept: make room, then go on with --resume"


@contextmanager
def preparing(what: Path) -> Iterator[None]:
    """Turn an error of the operating system into ConfigurationError: nothing was written yet."""
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"{what} can't be written: {error.strerror or error}", hint="name an output that this user may write"
        ) from error


@contextmanager
def writing(what: Path, hint: str = RESUMABLE) -> Iterator[None]:
    """Turn an error of the operating system into FatalError: the disk is full, or gone."""
    try:
        yield
    except OSError as error:
        raise FatalError(f"{what} could not be written: {error.strerror or error}", hint=hint) from error


def sync(path: Path) -> None:
    """Force a file's bytes, or a folder's names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_durably(path: Path, content: bytes) -> None:
    """Give a file a new content, whole or not at all."""
    aside = path.with_name(f"{path.name}.new")
    aside.write_bytes(content)
    sync(aside)
    aside.replace(path)
    sync(path.parent)


def move_durably(path: Path, target: Path) -> None:
    """Give a file or folder, already forced to the disk, another name; its old folder must be there still."""
    path.rename(target)
    sync(target.parent)
    sync(path.parent)


class GrowingFile:
    """A file that is written at its end only, and can be cut back to a size it had."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stream: Any = None

    def open(self, size_bytes: int) -> None:
        """Go on after so many bytes, dropping what follows; ConfigurationError where the file is shorter."""
        found = self.path.stat().st_size if self.path.exists() else 0
        if found < size_bytes:
            raise ConfigurationError(
                f"{self.path} has {found:,} bytes, {size_bytes:,} were stored",
                hint="it was cut short from outside: remove what the interrupted job left, and start again",
            )
        self._stream = self.path.open("ab")
        self._stream.truncate(size_bytes)

    def write(self, content: Any) -> None:
        """Add bytes, or a buffer of them, at the end."""
        self._stream.write(content)

    def sync(self) -> int:
        """Force all that was written to the disk, and return the size in bytes."""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        return os.fstat(self._stream.fileno()).st_size

    def close(self) -> None:
        """Let go of the file; may be called twice. What was written since `sync` counts for nothing."""
        if self._stream is not None:
            stream, self._stream = self._stream, None
            # Closing writes what is still buffered, which fails on the full disk that this very moment is reported.
            with suppress(OSError):
                stream.close()
