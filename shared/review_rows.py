"""Rows of bounded input and the reviews they hold: a row that can't be used is a value, not an exception."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import msgspec

from shared.errors import ConfigurationError, InputError
from shared.reviews import Review

LABEL_COLUMN = "label"


class Place(msgspec.Struct, frozen=True):
    """Where a row stands: the line it starts at, or its number in a file without lines; both count from 1."""

    file: str
    number: int
    unit: str = "line"

    def __str__(self) -> str:
        return f"{self.file}:{self.number}" if self.unit == "line" else f"{self.file}: {self.unit} {self.number}"


class Row(msgspec.Struct, frozen=True):
    """One row as it was read: a cell for each column, with whatever type the file gave it."""

    place: Place
    cells: Mapping[str, Any]


class BadRow(msgspec.Struct, frozen=True):
    """A row that holds no review, and why; the message never quotes the row."""

    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class ReviewRow(msgspec.Struct, frozen=True):
    """A review, where it was read, and its label as text where the input has that column."""

    place: Place
    review: Review
    label: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Which column holds which field of a review; a field whose column is renamed must be there."""

    review_id: str = "review_id"
    text: str = "text"
    product_id: str = "product_id"
    rating: str = "rating"
    language: str = "language"
    created_at: str = "created_at"
    source: str = "source"
    # Not a review's field: what is known about its sentiment.
    label: str = LABEL_COLUMN
    # The fields as pairs of field and column: looked at once a row.
    pairs: tuple[tuple[str, str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Lay out the pairs."""
        pairs = tuple((name, getattr(self, name)) for name in Review.__struct_fields__)
        object.__setattr__(self, "pairs", pairs)

    @classmethod
    def parse(cls, assignments: Iterable[str]) -> "ColumnMapping":
        """Return the mapping that texts like `text=body` describe."""
        columns: dict[str, str] = {}
        for assignment in assignments:
            name, equals, column = assignment.partition("=")
            if not equals or not column or name not in Review.__struct_fields__:
                raise ConfigurationError(
                    f"--column {assignment!r} is not FIELD=COLUMN",
                    hint=f"for example --column text=body; the fields are {', '.join(Review.__struct_fields__)}",
                )
            columns[name] = column
        return cls(**columns)

    def wanted(self) -> frozenset[str]:
        """Return every column that is read where it exists."""
        return frozenset(column for _, column in self.pairs) | {self.label}

    def require(self, columns: Iterable[str], file: str) -> None:
        """Raise InputError where a needed column is not among those of the file."""
        there = list(columns)
        needed = {column for name, column in self.pairs if name == "text" or column != name}
        missing = sorted(needed - set(there))
        if missing:
            raise InputError(
                f"{file} has no column {missing[0]!r}; it has {', '.join(there)}",
                hint="--column FIELD=COLUMN says where a field is, for example --column text=body",
            )

    def review(self, row: Row, made_id: str) -> ReviewRow | BadRow:
        """Return the row's review, named `made_id` where the row has no id of its own."""
        values: dict[str, Any] = {}
        for name, column in self.pairs:
            cell = row.cells.get(column)
            # CSV knows no null: an empty cell is no value, here as in the other formats.
            if cell is not None and cell != "":
                values[name] = _CONVERTERS[name](cell) if name in _CONVERTERS else cell
        if "text" not in values:
            return BadRow(row.place, f"there is no text in {self.text!r}")
        if "review_id" not in values:
            if self.review_id != "review_id":
                return BadRow(row.place, f"there is no id in {self.review_id!r}")
            values["review_id"] = made_id
        try:
            review = msgspec.convert(values, Review)
        except msgspec.ValidationError as error:
            return BadRow(row.place, self._explain(error))
        label = row.cells.get(self.label)
        return ReviewRow(row.place, review, None if label is None else str(label))

    def _explain(self, error: msgspec.ValidationError) -> str:
        message, _, path = str(error).partition(" - at `$.")
        column = dict(self.pairs).get(path.rstrip("`"))
        return f"{column!r}: {message}" if column else message


def _identifier(cell: object) -> object:
    return str(cell) if isinstance(cell, int) and not isinstance(cell, bool) else cell


def _number(cell: object) -> object:
    if isinstance(cell, str | Decimal):
        try:
            return float(cell)
        except ValueError:
            return cell
    return cell


def instant(cell: object) -> object:
    """Return an ISO 8601 text or a date as a point in time, UTC where it names no zone; anything else as it is."""
    if isinstance(cell, str):
        try:
            cell = datetime.fromisoformat(cell)
        except ValueError:
            return cell
    elif isinstance(cell, date) and not isinstance(cell, datetime):
        cell = datetime.combine(cell, time.min)
    return cell.replace(tzinfo=UTC) if isinstance(cell, datetime) and cell.tzinfo is None else cell


_CONVERTERS: Mapping[str, Callable[[object], object]] = {
    "review_id": _identifier,
    "product_id": _identifier,
    "rating": _number,
    "created_at": instant,
}
