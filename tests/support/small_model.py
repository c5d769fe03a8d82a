"""A model that is trained in a second, on sentences of our own."""

from collections.abc import Mapping
from pathlib import Path

from consumer.model.manifest import Manifest
from consumer.model.recipes.catalogue import Ingredients
from consumer.model.recipes.lexicon import Prior
from consumer.model.train import Reporter, TrainingPlan, train
from consumer.model.training_data import TrainingSet
from shared.datasets import LabelledReview

GOOD = ("wonderful", "brilliant", "lovely", "superb", "excellent")
BAD = ("dreadful", "boring", "awful", "clumsy", "terrible")
SO_SO = ("usual", "average", "ordinary", "plain", "common")
THINGS = ("story", "camera", "soup", "jacket", "app", "hotel", "battery", "song")
TWO_SENTIMENTS = {"positive": GOOD, "negative": BAD}
THREE_SENTIMENTS = {"positive": GOOD, "negative": BAD, "neutral": SO_SO}


def sentences(sentiments: Mapping[str, tuple[str, ...]] | None = None) -> list[LabelledReview]:
    """Return a few sentences whose sentiment is plain."""
    made: list[LabelledReview] = []
    for sentiment, words in (sentiments or TWO_SENTIMENTS).items():
        for word in words:
            for thing in THINGS:
                number = len(made)
                made.append(LabelledReview(f"small-{number:03d}", f"What a {word} {thing} this is", sentiment))
    return made


def small_plan(recipe: str) -> TrainingPlan:
    """Return a plan that needs no lexicon and few epochs."""
    return TrainingPlan(recipe, Ingredients(prior=Prior.NONE, epochs=3))


def train_small_model(
    folder: Path, recipe: str = "baseline", sentiments: Mapping[str, tuple[str, ...]] | None = None
) -> Manifest:
    """Write a small model's artifact to `folder`."""
    learn = sentences(sentiments)
    data = TrainingSet("small", {"small": learn}, {"small": learn})
    return train(folder, "small", data, small_plan(recipe), Reporter())
