"""Why a linear model says what it says: every term's share of the score, in plain Python and exactly added up."""

import math
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consumer.model.probabilities import probabilities
from consumer.model.specification import LinearModel
from consumer.model.tokenising import ngrams, tokeniser

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KnownTerm:
    """A term of the text that the model knows."""

    term: str
    times: int
    # Its weight in the text after the norm.
    value: float
    # (c,) what it adds to each calibrated score.
    contributions: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A text's way through a linear model; scores (c,) are starts (c,) plus all contributions, in float64."""

    tokens: tuple[str, ...]
    ngram_count: int
    distinct_count: int
    terms: tuple[KnownTerm, ...]
    norm: float
    starts: tuple[float, ...]
    scores: tuple[float, ...]
    # (k,) of the classes
    probabilities: tuple[float, ...]

    def strongest(self, column: int) -> list[KnownTerm]:
        """Return the terms, those that say most about a score first."""
        return sorted(self.terms, key=lambda known: -abs(known.contributions[column]))


def explain(model: LinearModel, text: str) -> Explanation:
    """Return how the model comes to its answer; without any known term, scores are 0 and classes equally likely."""
    tokens = tokeniser(model.features)(text)
    found = ngrams(tokens, model.features.ngram_max)
    counts = Counter(found)
    places = {term: place for term in counts if (place := _place(model.terms, term)) is not None}
    values = {term: _value(model, counts[term], place) for term, place in places.items()}
    norm = _norm(model.features.norm, list(values.values()))
    terms = tuple(
        KnownTerm(
            term,
            counts[term],
            values[term] / norm,
            tuple((model.slope * model.weights[place] * (values[term] / norm)).tolist()),
        )
        for term, place in places.items()
    )
    starts = (
        tuple((model.slope * model.intercepts + model.offset).tolist()) if terms else (0.0,) * len(model.intercepts)
    )
    scores = tuple(
        math.fsum([start, *(known.contributions[column] for known in terms)]) for column, start in enumerate(starts)
    )
    shares = probabilities(np.array([scores]), np.array([bool(terms)]), model.link)[0]
    return Explanation(
        tokens=tuple(tokens),
        ngram_count=len(found),
        distinct_count=len(counts),
        terms=terms,
        norm=norm,
        starts=starts,
        scores=scores,
        probabilities=tuple(shares.tolist()),
    )


def _place(terms: tuple[str, ...], term: str) -> int | None:
    place = bisect_left(terms, term)
    return place if place < len(terms) and terms[place] == term else None


def _value(model: LinearModel, times: int, place: int) -> float:
    if model.features.weighting == "counts":
        return float(times)
    if model.idf is not None:
        return (1 + math.log(times)) * float(model.idf[place])
    return 1.0


def _norm(norm: str, values: list[float]) -> float:
    if not values or norm == "none":
        return 1.0
    if norm == "root-known":
        return math.sqrt(len(values))
    return math.sqrt(math.fsum(value * value for value in values))
