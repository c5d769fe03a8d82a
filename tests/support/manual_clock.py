"""A clock that stands still until a test turns it, or until somebody sleeps by it."""


class ManualClock:
    """A Clock whose seconds pass only by `sleep`."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.sleeps: list[float] = []

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.seconds += seconds
