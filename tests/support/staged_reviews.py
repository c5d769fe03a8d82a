"""Sample reviews as a publisher's values; some are cut in their middle for as long as one wishes."""

import threading
from itertools import islice

import msgspec

from shared.datasets import Split, read_dataset

TEXTS = 2000
POISON_EVERY = 20


class StagedReviews:
    """Numbered reviews with the texts of the held-out sample, over and over; `poison` spoils one in twenty."""

    def __init__(self) -> None:
        self._texts = [review.text for review in islice(read_dataset("imdb", Split.HELD_OUT), TEXTS)]
        self.poison = threading.Event()

    def values(self, count: int, first: int) -> list[bytes]:
        """Return the values of that many reviews, from this number on."""
        return [self._value(number) for number in range(first, first + count)]

    def _value(self, number: int) -> bytes:
        review = {"review_id": f"r-{number:07d}", "text": self._texts[number % len(self._texts)]}
        value = msgspec.json.encode(review)
        return value[: len(value) // 2] if self.poison.is_set() and number % POISON_EVERY == 0 else value
