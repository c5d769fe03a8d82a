"""Which reviews the modes are compared on: those a model has not learnt from first, and how that is known."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec
import numpy as np

from consumer.model.manifest import Manifest
from consumer.model.training_data import TrainingSet, data_digest, plain
from shared.codec import encode_review
from shared.datasets import LabelledReview
from shared.errors import ConfigurationError, InputError
from shared.reviews import Review

SHUFFLE_SEED = 7
# Somewhat less than Kafka takes: every mode must be able to score every review.
EVENT_BYTES_MAX = 1_000_000


class Evidence(StrEnum):
    """Whether it is known what a model has learnt from."""

    PROVEN = "proven"  # the digest in its manifest is that of reviews at hand
    UNKNOWN = "unknown"  # it learnt from reviews that are not at hand


class SampleFacts(msgspec.Struct, frozen=True):
    """What is compared on: `judged` of the `scored` reviews tell the accuracy, the others were learnt from.

    `evidence` maps a model's folder to how it is known that it has not learnt from the judged ones.
    """

    source: str
    scored: int
    judged: int
    learnt_from: int
    by_class: dict[str, int]
    evidence: dict[str, Evidence]


@dataclass(frozen=True, slots=True)
class Sample:
    """Texts in a fixed random order, those to judge by first; `truth` holds the known classes of these."""

    texts: list[str]
    truth: list[str]
    facts: SampleFacts


def choose(
    data: TrainingSet, at_hand: Sequence[TrainingSet], models: Mapping[Path, Manifest], size: int | None
) -> Sample:
    """Return so many reviews; without a size, all that no model has learnt from.

    `at_hand` are data that a model may have learnt from, and that tell what it has seen where its manifest bears their
    digest. Reviews it has learnt from make up the number where the others are too few, and are not judged by.
    """
    everything = data.all()
    _check_events(everything)
    learnt, evidence = learnt_texts(at_hand, models)
    unseen = _shuffled([review for review in everything if plain(review.text) not in learnt])
    seen = _shuffled([review for review in everything if plain(review.text) in learnt])
    if not everything:
        raise InputError(f"{data.source} holds no review", hint="name a file with labelled reviews")
    if not unseen:
        raise InputError(
            f"{data.source}: the models have learnt from all {len(seen):,} reviews: nothing is left to judge by",
            hint="compare on reviews that were kept apart",
        )
    judged = unseen[:size]
    filling = seen[: max(0, size - len(judged))] if size is not None else []
    _check_classes(judged, data.source, models)
    facts = SampleFacts(
        source=data.source,
        scored=len(judged) + len(filling),
        judged=len(judged),
        learnt_from=len(filling),
        by_class={name: sum(review.sentiment == name for review in judged) for name in _classes(judged)},
        evidence=evidence,
    )
    return Sample([review.text for review in (*judged, *filling)], [review.sentiment for review in judged], facts)


def learnt_texts(
    at_hand: Sequence[TrainingSet], models: Mapping[Path, Manifest]
) -> tuple[set[str], dict[str, Evidence]]:
    """Return what the models have learnt from, as far as it is at hand, and for which of them that is all."""
    contents = {}
    for data in at_hand:
        learn = [review for reviews in data.learn.values() for review in reviews]
        contents[data_digest(learn)] = learn
    learnt: set[str] = set()
    evidence = {}
    for folder, manifest in models.items():
        found = contents.get(manifest.training.digest)
        evidence[str(folder)] = Evidence.UNKNOWN if found is None else Evidence.PROVEN
        learnt |= {plain(review.text) for review in found or ()}
    return learnt, evidence


def _check_events(reviews: Sequence[LabelledReview]) -> None:
    for review in reviews:
        try:
            size_bytes = len(encode_review(Review(review.review_id, review.text)))
        except UnicodeError as error:
            raise InputError(
                f"review {review.review_id} holds half a character: no event can carry it", hint="take it out"
            ) from error
        if size_bytes > EVENT_BYTES_MAX:
            raise InputError(
                f"review {review.review_id} has {size_bytes:,} bytes as an event, at most {EVENT_BYTES_MAX:,} can be",
                hint="take it out, or cut it",
            )


def _check_classes(judged: Sequence[LabelledReview], source: str, models: Mapping[Path, Manifest]) -> None:
    classes = _classes(judged)
    if len(classes) == 1:
        raise InputError(
            f"{source}: all {len(judged):,} reviews to judge by are {classes[0]}: nothing could be told apart",
            hint="add reviews of another sentiment",
        )
    for folder, manifest in models.items():
        missing = [name for name in classes if name not in manifest.classes]
        if missing:
            raise ConfigurationError(
                f"the model in {folder} knows {', '.join(manifest.classes)}; the reviews are {', '.join(classes)}",
                hint=f"train it on reviews that are {missing[0]} too, or leave these out",
            )


def _classes(reviews: Iterable[LabelledReview]) -> list[str]:
    return sorted({review.sentiment for review in reviews})


def _shuffled(reviews: Sequence[LabelledReview]) -> list[LabelledReview]:
    # The first n are then a fair picture of all, whatever the order of the data.
    order = np.random.default_rng(SHUFFLE_SEED).permutation(len(reviews))
    return [reviews[place] for place in order]
