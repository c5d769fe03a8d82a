"""A model that is trained in a second, on sentences of our own."""

from pathlib import Path

from consumer.model.artifact import Manifest
from consumer.model.train import train_on
from shared.datasets import LabelledReview

GOOD = ("wonderful", "brilliant", "lovely", "superb", "excellent")
BAD = ("dreadful", "boring", "awful", "clumsy", "terrible")
THINGS = ("story", "camera", "soup", "jacket", "app", "hotel", "battery", "song")


def sentences() -> list[LabelledReview]:
    """Return a few sentences whose sentiment is plain."""
    made: list[LabelledReview] = []
    for sentiment, words in (("positive", GOOD), ("negative", BAD)):
        for word in words:
            for thing in THINGS:
                number = len(made)
                made.append(LabelledReview(f"small-{number:03d}", f"What a {word} {thing} this is", sentiment))
    return made


def train_small_model(folder: Path) -> Manifest:
    """Write a small model's artifact to `folder`."""
    learn = sentences()
    return train_on(learn, {"small": learn}, folder, "small", lambda _step: None)
