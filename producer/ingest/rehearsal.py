"""A publisher that stores nothing: for trying an input out."""

from producer.ingest.deliveries import Deliveries
from shared.codec import encode_review
from shared.reviews import Review


class Rehearsal:
    """Encodes each review, as publishing would, and lets it go; none counts as sent."""

    def __init__(self) -> None:
        self.reviews = 0

    def publish(self, review: Review) -> None:
        """Encode the review."""
        encode_review(review)
        self.reviews += 1

    def deliveries(self) -> Deliveries:
        """Return an account without entries."""
        return Deliveries()

    def drain(self, wait_s_max: float) -> Deliveries:  # noqa: ARG002 - the port's; there is nothing to wait for
        """Return an account without entries."""
        return Deliveries()
