"""What the labels in a user's file mean: positive, neutral or negative."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shared.errors import ConfigurationError, InputError
from shared.review_rows import Place

SENTIMENTS = ("negative", "neutral", "positive")
STARS_MAX = 5
# One and two stars are negative, four and five positive: how review sites and the sample data's authors read them.
NEGATIVE_STARS_MAX = 2
POSITIVE_STARS_MIN = 4


@dataclass(frozen=True, slots=True)
class ClassNames:
    """Maps a file's own labels; without a mapping, the three sentiments and 1 to 5 stars are understood."""

    mapping: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, assignments: Iterable[str]) -> "ClassNames":
        """Return the mapping that texts like `good=positive` describe."""
        mapping: dict[str, str] = {}
        for assignment in assignments:
            own, equals, sentiment = assignment.rpartition("=")
            if not equals or not own or sentiment not in SENTIMENTS:
                raise ConfigurationError(
                    f"--class {assignment!r} is not LABEL=SENTIMENT",
                    hint=f"for example --class good=positive; the sentiments are {', '.join(SENTIMENTS)}",
                )
            mapping[own] = sentiment
        return cls(mapping)

    def sentiment(self, label: str | None, place: Place, column: str) -> str:
        """Return the sentiment a label stands for; InputError, naming the place, where there is none."""
        if label is None or not label.strip():
            raise InputError(
                f"{place}: there is no label in {column!r}", hint="--label-column names the column that holds labels"
            )
        own = label.strip()
        if own in self.mapping:
            return self.mapping[own]
        sentiment = None if self.mapping else _plain_sentiment(own)
        if sentiment is None:
            raise InputError(
                f"{place}: unknown class {own[:50]!r}; known are {self._known()}",
                hint=f"--class LABEL=SENTIMENT says what each label means, for example --class {own[:50]}=positive",
            )
        return sentiment

    def _known(self) -> str:
        return ", ".join(self.mapping) if self.mapping else f"{', '.join(SENTIMENTS)}, and 1 to {STARS_MAX} stars"


def _plain_sentiment(label: str) -> str | None:
    if label.lower() in SENTIMENTS:
        return label.lower()
    try:
        stars = float(label)
    except ValueError:
        return None
    if not 1 <= stars <= STARS_MAX:
        return None
    if stars <= NEGATIVE_STARS_MAX:
        return "negative"
    return "positive" if stars >= POSITIVE_STARS_MIN else "neutral"
