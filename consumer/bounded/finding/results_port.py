"""What is asked of stored labels when they are looked for again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class TimeColumn(StrEnum):
    """Which of a label's times is meant; reviews often bring none along, so that `created_at` may be null."""

    SCORED_AT = "scored_at"
    CREATED_AT = "created_at"


@dataclass(frozen=True, slots=True)
class ResultFilter:
    """Which labels are wanted: all conditions hold, and within one any of its values; an empty one asks for nothing.

    `since` is included, `until` is not; a label whose time is null is in no span of time. `limit` is in rows.
    """

    review_ids: tuple[str, ...] = ()
    product_ids: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    time_column: TimeColumn = TimeColumn.SCORED_AT
    limit: int | None = None

    def columns(self) -> list[str]:
        """Return the columns that conditions are of."""
        of_time = self.since is not None or self.until is not None
        asked = {"review_id": self.review_ids, "product_id": self.product_ids, "label": self.labels}
        return [*(name for name, values in asked.items() if values), *([str(self.time_column)] if of_time else [])]


class Results(Protocol):
    """Stored labels that can be read again."""

    def scan(self, wanted: ResultFilter, columns: Sequence[str] = ()) -> Iterator[Any]:
        """Yield the wanted labels (pyarrow.Table, at most some ten thousand rows each) in the order they were stored.

        `columns` names those to be read, in order; none named means all that are stored. At least one table comes, of
        no rows where nothing is wanted, so that the columns are known. Raises InputError where the place holds no
        labels or lacks a column, FatalError where the reading breaks off.
        """
        ...
