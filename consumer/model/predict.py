"""The two calls for those who only want labels: many texts, or one.

from consumer.model.predict import predict_batch, predict_one

predict_batch(["I loved it", "a waste of time"])   ->  two predictions, in order
predict_one("not bad at all").label                ->  "positive"
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from consumer.model.load import LoadedModel, load_scorer

DEFAULT_MODEL = Path("models/default")
SHOWN_CHARS = 40


@dataclass(frozen=True, slots=True)
class Prediction:
    """A text's label, its probability, and those of all classes, by name."""

    label: str
    score: float
    scores: dict[str, float]


def predict_batch(texts: Sequence[str], model: Path | str = DEFAULT_MODEL) -> list[Prediction]:
    """Return one prediction a text, in order; the model is loaded once a process.

    Raises TypeError where `texts` is no list (or other sequence) of strings, ValueError where it is empty,
    ConfigurationError where the model can't be used.
    """
    wanted = _texts(texts)
    found = _loaded(Path(model)).scorer.score(wanted)
    rows = zip(found.labels, found.confidences.tolist(), found.probabilities.tolist(), strict=True)
    return [Prediction(label, score, dict(zip(found.classes, row, strict=True))) for label, score, row in rows]


def predict_one(text: str, model: Path | str = DEFAULT_MODEL) -> Prediction:
    """Return one text's prediction; TypeError where `text` is no string. See `predict_batch`."""
    if not isinstance(text, str):
        hint = "predict_batch(texts) takes a list" if isinstance(text, Iterable) else ""
        raise TypeError(_wrong("predict_one", text, "one string", 'predict_one("I loved it")', hint))
    return predict_batch([text], model)[0]


def _texts(texts: Any) -> list[str]:
    # A set has no order, and of a mapping only its keys would be read.
    if isinstance(texts, str | bytes | AbstractSet | Mapping) or not isinstance(texts, Iterable):
        hint = "predict_one(text) takes one string" if isinstance(texts, str) else ""
        raise TypeError(_wrong("predict_batch", texts, "a list of strings", 'predict_batch(["I loved it"])', hint))
    wanted = list(texts)
    if not wanted:
        raise ValueError(_wrong("predict_batch", texts, "at least one string", 'predict_batch(["I loved it"])', ""))
    for place, text in enumerate(wanted):
        if not isinstance(text, str):
            expected = f"strings only; item {place} is {_shown(text)}"
            raise TypeError(_wrong("predict_batch", texts, expected, 'predict_batch(["I loved it"])', ""))
    return wanted


def _wrong(call: str, given: Any, expected: str, example: str, hint: str) -> str:
    return f"{call} was given {_shown(given)}, it expects {expected}: {example}" + (f"; {hint}" if hint else "")


def _shown(given: Any) -> str:
    """Return the kind of a value, and itself where that can't be a review's text."""
    kind = type(given).__name__
    return kind if isinstance(given, str | bytes | Iterable) else f"{given!r:.{SHOWN_CHARS}} ({kind})"


@cache
def _loaded(folder: Path) -> LoadedModel:
    return load_scorer(folder)
