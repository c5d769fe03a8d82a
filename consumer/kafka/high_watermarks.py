"""How far partitions reach, for whoever looks from outside the loop: an answer soon, if need be the last one."""

import threading
from collections.abc import Callable

from consumer.scoring.lane import call_within
from consumer.scoring.record import Partition

# The client serves one caller at a time, and while the group is answered that may take seconds: a scrape has fewer.
WAIT_S_MAX = 0.25


class HighWatermarks:
    """Asks one question at a time, in a thread of its own; while one hangs, what was known last is returned at once.

    `ask` returns the offset behind a partition's last record, negative where it is not known.
    """

    def __init__(self, ask: Callable[[Partition], int], wait_s_max: float = WAIT_S_MAX) -> None:
        self._ask = ask
        self._wait_s_max = wait_s_max
        self._turnstile = threading.Lock()
        self._late = False
        self._known: dict[Partition, int] = {}

    def of(self, place: Partition) -> int:
        """Return the offset behind the partition's last record, negative where it is not known."""
        hangs = self._late and self._turnstile.locked()
        if not hangs and self._turnstile.acquire(timeout=self._wait_s_max):
            self._late = False
            try:
                call_within(self._wait_s_max, lambda: self._learn(place))
            except TimeoutError:
                self._late = True
        return self._known.get(place, -1)

    def _learn(self, place: Partition) -> None:
        try:
            self._known[place] = self._ask(place)
        finally:
            self._turnstile.release()
