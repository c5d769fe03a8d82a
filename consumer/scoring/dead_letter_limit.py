"""When so much can't be used that something is broken: better to stop than to drain the topic into dead letters."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from consumer.scoring.outcome import DeadLetter
from consumer.scoring.record import Record
from shared.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class DeadLetterBounds:
    """How many records may become dead letters: in a row, and as a share of the last `window_records`."""

    consecutive: int = 100
    ratio: float = 0.2
    window_records: int = 1000


class DeadLetterLimit:
    """Looks at each batch before it is delivered; ConfigurationError where a bound is passed."""

    def __init__(self, bounds: DeadLetterBounds) -> None:
        self._bounds = bounds
        self._consecutive = 0
        self._batches: deque[tuple[int, int]] = deque()
        self._records = 0
        self._letters = 0

    def check(self, records: Sequence[Record], dead_letters: Sequence[DeadLetter]) -> None:
        """Count one batch; raises before any of it was delivered."""
        self._count(len(records), len(dead_letters))
        if not dead_letters:
            self._consecutive = 0
            return
        dead = {id(letter.record) for letter in dead_letters}
        for record in records:
            self._consecutive = self._consecutive + 1 if id(record) in dead else 0
            if self._consecutive >= self._bounds.consecutive:
                self._refuse(f"{self._consecutive} records in a row", dead_letters, "--dead-letters-in-a-row-max")
        enough = self._records >= self._bounds.window_records
        if enough and self._letters > self._bounds.ratio * self._records:
            share = f"{self._letters} of the last {self._records} records"
            self._refuse(share, dead_letters, "--dead-letter-ratio-max")

    def forget(self) -> None:
        """Start anew: what was counted will be read again."""
        self._consecutive = self._records = self._letters = 0
        self._batches.clear()

    def _count(self, records: int, letters: int) -> None:
        self._batches.append((records, letters))
        self._records += records
        self._letters += letters
        while self._records - self._batches[0][0] >= self._bounds.window_records:
            oldest_records, oldest_letters = self._batches.popleft()
            self._records -= oldest_records
            self._letters -= oldest_letters

    def _refuse(self, what: str, dead_letters: Sequence[DeadLetter], setting: str) -> None:
        letter = dead_letters[-1]
        raise ConfigurationError(
            f"{what} can't be used; the last reason is {letter.reason.value} "
            f"({letter.record.topic()}/{letter.record.partition()} at {letter.record.offset()}): this looks like an "
            "outage, so nothing of this batch was delivered",
            hint=f"look at who writes the topic; where this is as it must be, raise {setting}",
        )
