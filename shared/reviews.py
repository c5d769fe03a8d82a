"""The two events: a review that was submitted, and the label it was given."""

from datetime import datetime
from typing import Annotated

import msgspec

SUBMITTED_TYPE = "reviews.submitted.v1"
SENTIMENT_TYPE = "reviews.sentiment.v1"
REVIEW_ID_CHARS_MAX = 256

ReviewId = Annotated[
    str,
    msgspec.Meta(min_length=1, max_length=REVIEW_ID_CHARS_MAX, description="unique name of the review; the key"),
]
Rating = Annotated[float, msgspec.Meta(ge=1, le=5, description="stars the author gave, 1 to 5")]


class Review(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A review as its author sent it; unknown fields are ignored."""

    review_id: ReviewId
    text: str
    product_id: str | None = None
    rating: Rating | None = None
    language: str | None = None
    created_at: datetime | None = None
    source: str | None = None


class Model(msgspec.Struct, frozen=True):
    """Which model gave a label; `digest` is the SHA-256 of its artifact."""

    name: str
    version: str
    digest: str


class Source(msgspec.Struct, frozen=True):
    """Where the labelled review stands in Kafka."""

    topic: str
    partition: int
    offset: int


class Label(msgspec.Struct, frozen=True):
    """A review's sentiment: `score` is the probability of `label`, `scores` that of each class."""

    review_id: str
    label: str
    score: float
    scores: dict[str, float]
    model: Model
    scored_at: datetime
    source: Source
