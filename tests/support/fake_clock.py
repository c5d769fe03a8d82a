"""A clock that a test moves by hand."""

START_S = 1_700_000_000.0


class FakeClock:
    """A Clock whose monotonic time starts far from its wall-clock time, so that mixing them up shows."""

    def __init__(self, now_s: float = START_S, monotonic_s: float = 50.0) -> None:
        self._now_s = now_s
        self._monotonic_s = monotonic_s

    def monotonic(self) -> float:
        return self._monotonic_s

    def now(self) -> float:
        return self._now_s

    def advance(self, seconds: float) -> None:
        """Let time pass on both."""
        self._now_s += seconds
        self._monotonic_s += seconds

    def jump(self, seconds: float) -> None:
        """Set the wall clock ahead, or back."""
        self._now_s += seconds
