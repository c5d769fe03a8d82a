"""The account of what was sent: every review that was taken over stands in it once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """A review that was taken over and not stored, and the error's name."""

    review_id: str
    error: str


@dataclass(frozen=True, slots=True)
class Deliveries:
    """How many reviews were taken over, stored, and given up; `failures` holds the first of the latter."""

    sent: int = 0
    acknowledged: int = 0
    failed: int = 0
    failures: tuple[Failure, ...] = ()

    @property
    def unanswered(self) -> int:
        """How many were taken over and not answered for yet: they may or may not be stored."""
        return self.sent - self.acknowledged - self.failed
