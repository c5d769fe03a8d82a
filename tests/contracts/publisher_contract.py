"""What every Publisher promises, as tests; a subclass provides the publisher and a way to read back."""

from abc import abstractmethod
from collections import Counter

import pytest

from producer.ingest.deliveries import Deliveries
from producer.ingest.ports import Publisher
from shared.errors import Reason, RecordError
from shared.reviews import Review

WAIT_S_MAX = 30.0


class PublisherContract:
    @pytest.fixture
    @abstractmethod
    def publisher(self) -> Publisher: ...

    @abstractmethod
    def read_back(self) -> list[Review]:
        """Return what is stored, in order for each id."""

    def test_each_review_is_acknowledged_and_stored_once(self, publisher: Publisher) -> None:
        reviews = [Review(f"r{number}", f"note number {number}", rating=3.5) for number in range(500)]
        for review in reviews:
            publisher.publish(review)
        assert publisher.drain(WAIT_S_MAX) == Deliveries(sent=500, acknowledged=500)
        assert Counter(self.read_back()) == Counter(reviews)

    def test_reviews_of_one_id_keep_their_order(self, publisher: Publisher) -> None:
        for number in range(300):
            publisher.publish(Review(f"r{number % 7}", str(number)))
        publisher.drain(WAIT_S_MAX)
        for name in {review.review_id for review in self.read_back()}:
            numbers = [int(review.text) for review in self.read_back() if review.review_id == name]
            assert numbers == sorted(numbers)

    def test_draining_with_nothing_to_wait_for_returns_an_empty_account(self, publisher: Publisher) -> None:
        assert publisher.drain(WAIT_S_MAX) == Deliveries()

    def test_publishing_goes_on_after_a_drain_and_the_account_adds_up(self, publisher: Publisher) -> None:
        publisher.publish(Review("first", "a"))
        publisher.drain(WAIT_S_MAX)
        publisher.publish(Review("second", "b"))
        assert publisher.deliveries().sent == 2
        assert publisher.drain(WAIT_S_MAX) == Deliveries(sent=2, acknowledged=2)

    def test_a_review_that_is_too_large_is_not_taken_over_and_its_neighbours_are(self, publisher: Publisher) -> None:
        publisher.publish(Review("before", "short"))
        with pytest.raises(RecordError) as caught:
            publisher.publish(Review("giant", "x" * 2_000_000))
        publisher.publish(Review("after", "short"))
        assert caught.value.reason is Reason.TOO_LARGE
        assert publisher.drain(WAIT_S_MAX) == Deliveries(sent=2, acknowledged=2)
        assert {review.review_id for review in self.read_back()} == {"before", "after"}

    def test_any_text_comes_back_as_it_was(self, publisher: Publisher) -> None:
        review = Review("ключ 🔑", 'line\none, "quoted", \u0000 and 👍🏽\u2028', language="ru")
        publisher.publish(review)
        publisher.drain(WAIT_S_MAX)
        assert self.read_back() == [review]
