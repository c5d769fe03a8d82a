"""The sample reviews as a source of replay: a review's `source` is the data set's name."""

from collections.abc import Iterator

from shared.datasets import LabelledReview, Split, read_dataset
from shared.review_rows import BadRow, Place, ReviewRow
from shared.reviews import Review


class SampleReviews:
    """One sample data set, or a part of it."""

    def __init__(self, name: str, split: Split) -> None:
        self._name = name
        self._split = split
        self._samples: list[LabelledReview] = []
        self._read = 0

    def read(self) -> Iterator[ReviewRow | BadRow]:
        """Yield the reviews in their fixed random order."""
        # Kept for the next round: sorting them again would be a pause that a steady rate shows.
        self._samples = self._samples or list(read_dataset(self._name, self._split))
        for number, sample in enumerate(self._samples, start=1):
            self._read = number
            review = Review(sample.review_id, sample.text, source=self._name)
            yield ReviewRow(Place(self._name, number, "review"), review, sample.sentiment)

    def share_read(self) -> float | None:
        """Return which share of the reviews was read, None before the first."""
        return self._read / len(self._samples) if self._samples else None
