"""The sample reviews as rows; their column `label` holds what their authors felt."""

from collections.abc import Iterator

from shared.datasets import Split, read_dataset
from shared.review_rows import LABEL_COLUMN, BadRow, Place, ReviewRow, Row
from shared.reviews import Review


class SampleRows:
    """One sample data set, or a part of it, in its fixed random order."""

    def __init__(self, name: str, split: Split) -> None:
        self._name = name
        self._split = split
        self._read = 0
        self._total = 0

    def rows(self) -> Iterator[Row | BadRow]:
        """Yield every review's row."""
        samples = list(read_dataset(self._name, self._split))
        self._total = len(samples)
        for number, sample in enumerate(samples, start=1):
            self._read = number
            cells = {"review_id": sample.review_id, "text": sample.text, LABEL_COLUMN: sample.sentiment}
            yield Row(Place(self._name, number, "review"), cells)

    def review(self, row: Row) -> ReviewRow | BadRow:
        """Return the row's review, whose `source` is the data set's name."""
        review = Review(row.cells["review_id"], row.cells["text"], source=self._name)
        return ReviewRow(row.place, review, row.cells[LABEL_COLUMN])

    def share_read(self) -> float | None:
        """Return which share of the reviews was read, None before the first."""
        return self._read / self._total if self._total else None
