"""A linear model evaluated word for word as its definition says, and small random models."""

import itertools
import math
import random
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from consumer.model.specification import Features, LinearModel
from consumer.model.tokenising import terms

CLASS_NAMES = {
    2: ("negative", "positive"),
    3: ("negative", "neutral", "positive"),
    5: ("anger", "fear", "joy", "love", "sadness"),
}
ALL_FEATURES = [
    Features(*choice)
    for choice in itertools.product(
        ("words", "reviews"),
        ("none", "marked"),
        (1, 2, 3),
        ("binary", "counts", "sublinear-idf"),
        ("l2", "root-known", "none"),
    )
]


def random_model(features: Features, class_count: int, texts: Sequence[str], seed: int = 1) -> LinearModel:
    """Return a model that knows two thirds of the texts' terms and weighs them at random."""
    draw = random.Random(seed)  # noqa: S311 - not for secrets
    found = sorted({term for text in texts for term in terms(text, features)})
    known = tuple(term for term in found if draw.random() < 2 / 3) or ("good",)
    columns = 1 if class_count == 2 else class_count
    numbers = np.random.default_rng(seed)
    return LinearModel(
        features=features,
        classes=CLASS_NAMES[class_count],
        terms=known,
        weights=numbers.normal(size=(len(known), columns)),
        # Few different values, as real document frequencies have.
        idf=1 + np.log(numbers.integers(1, 40, len(known))) if features.weighting == "sublinear-idf" else None,
        intercepts=numbers.normal(size=columns) / 10,
        link="sigmoid" if class_count == 2 else "softmax",
        slope=1.3,
        offset=-0.1 if class_count == 2 else 0.0,
        neutral_band=0.1 if class_count == 2 else 0.0,
    )


class NaiveScorer:
    """A model, evaluated text by text."""

    def __init__(self, model: LinearModel) -> None:
        self._model = model
        self._places = {term: place for place, term in enumerate(model.terms)}

    def probabilities(self, text: str) -> NDArray[np.float64]:
        """Return the probabilities (k,) of one text."""
        model = self._model
        counts = Counter(term for term in terms(text, model.features) if term in self._places)
        if not counts:
            return np.full(len(model.classes), 1 / len(model.classes))
        values = {self._places[term]: _value(model, times, self._places[term]) for term, times in counts.items()}
        norm = {
            "none": 1.0,
            "root-known": math.sqrt(len(values)),
            "l2": math.sqrt(sum(value**2 for value in values.values())),
        }[model.features.norm]
        scores = model.intercepts + sum(model.weights[place] * (value / norm) for place, value in values.items())
        scores = model.slope * scores + model.offset
        if model.link == "sigmoid":
            # math.exp refuses what numpy calls infinite.
            positive = 1 / (1 + math.exp(min(-float(scores[0]), 700.0)))
            return np.array([1 - positive, positive])
        powers = np.exp(scores - scores.max())
        shares: NDArray[np.float64] = powers / powers.sum()
        return shares

    def term_counts(self, texts: Sequence[str]) -> tuple[int, int]:
        """Return how many n-grams the texts have, and how many of them are terms of the model."""
        met = [term in self._places for text in texts for term in terms(text, self._model.features)]
        return len(met), sum(met)

    def label(self, probabilities: NDArray[np.float64]) -> str:
        """Return the label of one text's probabilities."""
        if len(set(probabilities.tolist())) == 1:
            return "neutral"
        if len(self._model.classes) == 2 and abs(probabilities[1] - 0.5) < self._model.neutral_band:
            return "neutral"
        return self._model.classes[int(probabilities.argmax())]


def _value(model: LinearModel, times: int, place: int) -> float:
    if model.features.weighting == "binary":
        return 1.0
    if model.idf is None:
        return float(times)
    return float((1 + math.log(times)) * model.idf[place])
