"""A Publisher that keeps everything in a list; held to the same contract as the one for Kafka."""

from producer.ingest.deliveries import Deliveries, Failure
from shared.codec import encode_review
from shared.errors import Reason, RecordError
from shared.reviews import Review

VALUE_BYTES_MAX = 1_000_000


class MemoryPublisher:
    """Acknowledges at `drain`, as late as the port allows; fails the ids it is told to fail."""

    def __init__(self, failing_ids: frozenset[str] = frozenset()) -> None:
        self.stored: list[Review] = []
        self.drained = 0
        self._failing_ids = failing_ids
        self._waiting: list[Review] = []
        self._failures: tuple[Failure, ...] = ()

    def publish(self, review: Review) -> None:
        if len(encode_review(review)) > VALUE_BYTES_MAX:
            raise RecordError(Reason.TOO_LARGE, "the review is too large")
        self._waiting.append(review)

    def deliveries(self) -> Deliveries:
        stored, failed = len(self.stored), len(self._failures)
        return Deliveries(stored + failed + len(self._waiting), stored, failed, self._failures)

    def drain(self, wait_s_max: float) -> Deliveries:  # noqa: ARG002 - the port's; nothing takes time here
        self.drained += 1
        self.stored += [review for review in self._waiting if review.review_id not in self._failing_ids]
        failing = [review for review in self._waiting if review.review_id in self._failing_ids]
        self._failures += tuple(Failure(review.review_id, "TOLD_TO_FAIL") for review in failing)
        self._waiting = []
        return self.deliveries()
