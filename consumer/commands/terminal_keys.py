"""Keys as they are pressed, without Enter; the terminal is as before afterwards, whatever happens."""

import os
import select
import signal
import sys
import termios
import tty
from types import TracebackType
from typing import Any, Self

READ_BYTES = 1024


class TerminalKeys:
    """While entered, standard input hands over each key at once; elsewhere than on a terminal there are none."""

    def __init__(self) -> None:
        self._descriptor = -1
        self._before: list[Any] = []
        self._suspend: Any = None

    def __enter__(self) -> Self:
        if sys.stdin is not None and sys.stdin.isatty():
            self._descriptor = sys.stdin.fileno()
            self._before = termios.tcgetattr(self._descriptor)
            tty.setcbreak(self._descriptor)
        # A program that is put aside would leave its screen to the shell.
        self._suspend = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGTSTP, self._suspend)
        if self._before:
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)

    def pressed(self, wait_s: float) -> str | None:
        """Return what was pressed within so many seconds, "" where nothing was, None where the terminal is gone."""
        watched = [self._descriptor] if self._before else []
        ready, _, _ = select.select(watched, [], [], wait_s)
        if not ready:
            return ""
        return os.read(self._descriptor, READ_BYTES).decode("utf-8", "replace") or None
