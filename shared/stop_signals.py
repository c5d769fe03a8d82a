"""SIGTERM and SIGINT as a question: the first asks to stop, the second ends the process at once."""

import io
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, BinaryIO, Self


@contextmanager
def stop_ends_the_start() -> Iterator[None]:
    """Let SIGTERM end the process with exit code 0 while nothing is in flight that would have to be finished."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class StopSignals:
    """While entered, remembers the first stop signal; wakes a sleep and a read of standard input."""

    def __init__(self) -> None:
        self._requested = False
        self._wake_read, self._wake_write = -1, -1
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._wake_read, self._wake_write = os.pipe()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._restore()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def requested(self) -> bool:
        """Tell whether a stop was asked for."""
        return self._requested

    def sleep(self, seconds: float) -> None:
        """Sleep so long, or until a stop is asked for."""
        select.select([self._wake_read], [], [], seconds)

    def standard_input(self) -> BinaryIO:
        """Return standard input as a stream that ends when a stop is asked for."""
        return io.BufferedReader(_StoppableInput(sys.stdin.fileno(), self._wake_read))

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._requested = True
        # A pipe, not an Event: its lock could be held by the very code this handler interrupts.
        os.write(self._wake_write, b"!")
        self._restore()
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            # As a shell starts what runs in the background: the second one must end it all the same.
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


class _StoppableInput(io.RawIOBase):
    def __init__(self, descriptor: int, wake_descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._wake_descriptor = wake_descriptor

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        ready, _, _ = select.select([self._descriptor, self._wake_descriptor], [], [])
        if self._wake_descriptor in ready:
            return 0
        content = os.read(self._descriptor, len(buffer))
        buffer[: len(content)] = content
        return len(content)
