"""A lock beside an output: the operating system lets go of it when its process ends, however it ends."""

import fcntl
import os
from pathlib import Path

from consumer.bounded.storing.durable_files import preparing
from shared.errors import ConfigurationError


class OutputLock:
    """Keeps two jobs off one output: `NAME.lock` beside it, with the process id of who holds it."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._path = output.with_name(f"{output.name}.lock")
        self._descriptor: int | None = None

    def take(self) -> None:
        """Take the lock; ConfigurationError, which names the other process, where it is taken."""
        with preparing(self._output):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            while self._descriptor is None:
                descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
                try:
                    self._take(descriptor)
                finally:
                    if self._descriptor is None:
                        os.close(descriptor)

    def release(self) -> None:
        """Let go of it, and remove the file; may be called twice."""
        if self._descriptor is not None:
            # Removed while it is held: whoever opened it before finds out by `_is_at_its_place`.
            self._path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None

    def _take(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            raise ConfigurationError(
                f"another job writes {self._output}: process {holder or 'unknown'}",
                hint="wait for it to end, or name another --output",
            ) from None
        if self._is_at_its_place(descriptor):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            self._descriptor = descriptor

    def _is_at_its_place(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.stat())
        except FileNotFoundError:
            return False
