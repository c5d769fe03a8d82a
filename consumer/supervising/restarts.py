"""When a worker that ended is started again, and when no more."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from shared.errors import ConfigurationError, FencedError

USAGE_EXIT_CODE = 2
# What another process would say as well.
NOT_MENDED_BY_A_RESTART: Collection[int] = (USAGE_EXIT_CODE, ConfigurationError.exit_code)
# As a shell tells of a process that a signal ended.
SIGNAL_EXIT_CODES = 128


class Ending(StrEnum):
    """How a worker left."""

    DONE = "done"
    FENCED = "fenced"
    FAILED = "failed"

    @classmethod
    def of(cls, status: int) -> "Ending":
        """Return what a process's status means."""
        if status == 0:
            return cls.DONE
        return cls.FENCED if status == FencedError.exit_code else cls.FAILED


@dataclass(frozen=True, slots=True)
class RestartBounds:
    """How often and how soon; times in seconds."""

    failures_in_a_row_max: int = 5
    first_pause_s: float = 1.0
    pause_s_max: float = 30.0
    # Who lived so long has recovered: its next failure is a first one.
    steady_after_s: float = 60.0


class Restarts:
    """Counts one worker's failures in a row; each is answered with twice the pause of the one before."""

    def __init__(self, bounds: RestartBounds) -> None:
        self._bounds = bounds
        self._in_a_row = 0

    def pause_s(self, status: int, lived_s: float) -> float | None:
        """Return how long to wait before the next start; None where there shall be none."""
        if status in NOT_MENDED_BY_A_RESTART:
            return None
        if lived_s >= self._bounds.steady_after_s:
            self._in_a_row = 0
        self._in_a_row += 1
        if self._in_a_row >= self._bounds.failures_in_a_row_max:
            return None
        return min(self._bounds.first_pause_s * 2.0 ** (self._in_a_row - 1), self._bounds.pause_s_max)


def exit_code(status: int) -> int:
    """Return the exit code that tells of a process's status: its own, or as a shell tells of a signal."""
    return status if status >= 0 else SIGNAL_EXIT_CODES - status
