"""The in-memory publisher keeps the contract, so tests may trust it."""

import pytest

from producer.ingest.deliveries import Deliveries, Failure
from shared.reviews import Review
from tests.contracts.publisher_contract import PublisherContract
from tests.support.memory_publisher import MemoryPublisher


class TestMemoryPublisher(PublisherContract):
    @pytest.fixture
    def publisher(self) -> MemoryPublisher:
        self._publisher = MemoryPublisher()
        return self._publisher

    def read_back(self) -> list[Review]:
        return self._publisher.stored


def test_a_review_told_to_fail_stands_in_the_account_as_failed() -> None:
    publisher = MemoryPublisher(failing_ids=frozenset({"b"}))
    publisher.publish(Review("a", "one"))
    publisher.publish(Review("b", "two"))
    assert publisher.drain(1) == Deliveries(2, 1, 1, (Failure("b", "TOLD_TO_FAIL"),))
