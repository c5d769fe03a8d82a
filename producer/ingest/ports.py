"""What the ways in ask of the outside world."""

from typing import Protocol

from producer.ingest.deliveries import Deliveries
from shared.reviews import Review


class Publisher(Protocol):
    """Stores reviews where consumers find them: those of one id in the order they were published, each once."""

    def publish(self, review: Review) -> None:
        """Take a review over, at once or as soon as there is room; it need not be stored when this returns.

        RecordError: this review can never be stored, others can. RetriableError: there was no room in time.
        ConfigurationError, FatalError: no further review can be stored. A review that raised is not taken over.
        """
        ...

    def deliveries(self) -> Deliveries:
        """Return the account so far, without waiting."""
        ...

    def drain(self, wait_s_max: float) -> Deliveries:
        """Wait until every review taken over is answered for, at most so long, and return the account; never raises."""
        ...
