"""The golden set: a few texts and what the model must say to them, kept beside it and checked when it is loaded."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from consumer.model.artifact import read_verified
from consumer.model.manifest import TRAIN_AGAIN, Manifest
from consumer.model.specification import LinearModel
from consumer.scoring.ports import Scorer
from shared.errors import ConfigurationError

GOLDEN = "golden.json"
# What any two ways to add up the same terms may differ by.
TOLERANCE = 1e-9
# So many of the terms with the largest weights become texts.
TELLING_TERMS = 12

# Made for the rules of a tokeniser rather than for what they say.
FIXED_TEXTS = (
    "",
    " \t\n",
    "?",
    "Wonderful, I love it!",
    "Terrible. A waste of money.",
    "Not good, not bad: it is what it is.",
    "I don't like it; I didn't like the last one either.",
    "It isn\u2019t bad<br /><br />but (sadly) it never ends...",
    "GREAT FUN AND A GREAT STORY",
    "\u0130stanbul \u03a3\u0391\u03a3 na\u00efve \u00c6ON 7/10 \u4e2d\u6587 \U0001f600 snake_case",
    "good " * 50,
)


class GoldenText(msgspec.Struct, frozen=True):
    """One text, the label it must get, and the probability of each class in order."""

    text: str
    label: str
    probabilities: tuple[float, ...]


def golden_texts(model: LinearModel | None) -> list[str]:
    """Return the texts of a model's golden set: fixed ones, and for a linear model its most telling terms."""
    texts = list(FIXED_TEXTS)
    if model is not None:
        strongest = np.argsort(-np.abs(model.weights).max(axis=1), kind="stable")[:TELLING_TERMS]
        telling = [model.terms[place].replace("~", "") for place in strongest]
        texts += telling
        texts.append(" ".join(telling))
    return texts


def make_golden(scorer: Scorer, texts: Sequence[str]) -> bytes:
    """Return the golden set's file: what `scorer` says to the texts."""
    scores = scorer.score(texts)
    golden = [
        GoldenText(text, label, tuple(row))
        for text, label, row in zip(texts, scores.labels, scores.probabilities.tolist(), strict=True)
    ]
    return msgspec.json.format(msgspec.json.encode(golden), indent=2) + b"\n"


def read_golden(folder: Path, manifest: Manifest) -> list[GoldenText]:
    """Return a model's golden set; ConfigurationError where it is not the one the manifest describes."""
    content = read_verified(folder, manifest, GOLDEN)
    try:
        return msgspec.json.decode(content, type=list[GoldenText])
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ConfigurationError(f"{folder / GOLDEN} is no golden set: {error}", hint=TRAIN_AGAIN) from error


def golden_differences(scorer: Scorer, golden: Sequence[GoldenText]) -> list[str]:
    """Return a line for each text to which the scorer says something else than the golden set."""
    scores = scorer.score([content.text for content in golden])
    found: list[str] = []
    for content, label, row in zip(golden, scores.labels, scores.probabilities, strict=True):
        same_shape = len(row) == len(content.probabilities)
        difference = float(np.abs(row - content.probabilities).max()) if same_shape else np.inf
        if label != content.label or not difference <= TOLERANCE:
            found.append(
                f"{content.text!r}: {label}, expected {content.label}; probabilities differ by {difference:.1e}"
            )
    return found
