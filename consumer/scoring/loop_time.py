"""Where the loop's wall time goes: each moment belongs to one state, so that the states sum to all of it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from threading import Lock

from shared.clock import Clock


class LoopState(StrEnum):
    """What the loop is doing."""

    POLL = "poll"  # waits for records, and notices what has become durable
    DECODE = "decode"  # reads the reviews of a batch
    SCORE = "score"  # waits for a batch's scores
    DELIVER = "deliver"  # hands a batch over; at the end, and before a rewind, waits for what is in flight
    REBALANCE = "rebalance"  # answers the group: settles what is in flight, asks where new partitions start


class LoopTime:
    """A stop watch that never stops while the loop runs; another thread may read it at any moment."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # Held for an instant: who reads sees a state's end and the next one's beginning as one.
        self._lock = Lock()
        self._spent_s = dict.fromkeys(LoopState, 0.0)
        self._state: LoopState | None = None
        self._since_s = 0.0

    def enter(self, state: LoopState | None) -> LoopState | None:
        """Begin a state, None for the loop's end; return the one before, which ends."""
        with self._lock:
            now_s = self._clock.monotonic()
            before = self._state
            if before is not None:
                self._spent_s[before] += now_s - self._since_s
            self._state, self._since_s = state, now_s
        return before

    @contextmanager
    def rebalancing(self) -> Iterator[None]:
        """Count what happens inside as a change of the group, and go on with the state before."""
        before = self.enter(LoopState.REBALANCE)
        try:
            yield
        finally:
            self.enter(before)

    def spent_s(self) -> Mapping[LoopState, float]:
        """Return the seconds spent in each state up to this moment, the current one's among them."""
        with self._lock:
            spent_s = dict(self._spent_s)
            if self._state is not None:
                spent_s[self._state] += self._clock.monotonic() - self._since_s
        return spent_s
