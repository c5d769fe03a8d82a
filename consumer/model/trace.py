"""A text's way through a model, layer by layer: input, preprocessing, features, inference, output."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from consumer.model.explain import Explanation
from consumer.model.specification import LinearModel

LAYERS = ("input", "preprocessing", "features", "inference", "output")
# Of a long list or array so much is shown.
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens to a text: in which layer, its name, the shape of what comes out, and what comes out."""

    layer: str
    name: str
    shape: str
    value: str


def trace_linear(model: LinearModel, text: str, why: Explanation) -> list[Step]:
    """Return the steps of a linear model up to its calibrated scores; of many terms, those that say most."""
    features, terms = model.features, f"{len(model.terms):,}"
    column = int(np.argmax(np.abs(why.scores)))
    strongest = why.strongest(column)
    split = f"split ({features.tokens})" + (", negation marked" if features.negation == "marked" else "")
    values = _listed([f"{known.term} {known.value:.3g}" for known in strongest])
    sums = [(score - model.offset) / model.slope if why.terms else 0.0 for score in why.scores]
    shares = [f"{known.term} {known.contributions[column] / model.slope:+.3g}" for known in strongest]
    calibration = f"calibration {model.slope:.4g} z {model.offset:+.4g}"
    return [
        *_input_steps(text),
        Step("preprocessing", "lower-case", _characters(text.lower()), _quoted(text.lower())),
        Step("preprocessing", split, f"{len(why.tokens)} tokens", _listed(why.tokens)),
        Step(
            "features", f"n-grams of 1 to {features.ngram_max}", f"{why.ngram_count}", f"{why.distinct_count} distinct"
        ),
        Step("features", "known to the model", f"{len(why.terms)} of {terms}", _listed([k.term for k in strongest])),
        Step(
            "features", f"values ({features.weighting})", f"(1, {terms}) sparse", f"divided by {why.norm:.4g}: {values}"
        ),
        Step("inference", "value times weight", f"({len(why.terms)}, {len(why.scores)})", _listed(shares)),
        Step("inference", "intercept + sum", f"({len(sums)},)", _numbers(sums)),
        Step("inference", calibration, f"({len(why.scores)},)", _numbers(why.scores)),
    ]


def trace_pipeline(pipeline: Any, text: str) -> list[Step]:
    """Return the steps of any scikit-learn pipeline over texts, up to what its last step says."""
    steps = _input_steps(text)
    value: Any = [text]
    for name, transform in pipeline.steps[:-1]:
        value = transform.transform(value)
        steps.append(_step(name, type(transform).__name__, value))
    name, classifier = pipeline.steps[-1]
    shares = np.asarray(classifier.predict_proba(value))[0]
    steps.append(
        Step("inference", f"{name} ({type(classifier).__name__})", f"{shares.shape}", _numbers(shares.tolist()))
    )
    return steps


def output_steps(
    classes: Sequence[str], probabilities: Sequence[float], link: str, label: str, confidence: float
) -> list[Step]:
    """Return the last layer: probabilities and the label they give."""
    shares = ", ".join(f"{name} {share:.4f}" for name, share in zip(classes, probabilities, strict=True))
    return [
        Step("output", link, f"({len(classes)},)", shares),
        Step("output", "label", "1", f"{label} {confidence:.4f}"),
    ]


def _input_steps(text: str) -> list[Step]:
    return [
        Step(
            "input", "text", f"{_characters(text)}, {len(text.encode('utf-8', 'surrogatepass')):,} bytes", _quoted(text)
        )
    ]


def _step(name: str, kind: str, value: Any) -> Step:
    first = value[0] if isinstance(value, list) else value
    if isinstance(first, str):
        return Step("preprocessing", f"{name} ({kind})", _characters(first), _quoted(first))
    if isinstance(first, list):
        return Step("preprocessing", f"{name} ({kind})", f"{len(first)} tokens", _listed(first))
    if hasattr(value, "toarray"):
        return Step(
            "features", f"{name} ({kind})", f"{value.shape} sparse", f"{value.nnz} filled: {_numbers(value.data)}"
        )
    array = np.asarray(first if isinstance(value, list) else value)
    return Step("features", f"{name} ({kind})", f"{array.shape}", _numbers(array.ravel().tolist()))


def _characters(text: str) -> str:
    return f"{len(text):,} characters"


def _quoted(text: str) -> str:
    return repr(text) if len(text) <= 200 else f"{text[:200]!r}..."  # noqa: PLR2004 - a few lines of a terminal


def _listed(items: Sequence[str]) -> str:
    shown = " | ".join(items[:SHOWN])
    return shown if len(items) <= SHOWN else f"{shown} | and {len(items) - SHOWN:,} more"


def _numbers(values: Sequence[float]) -> str:
    shown = ", ".join(f"{value:.4g}" for value in values[:SHOWN])
    return shown if len(values) <= SHOWN else f"{shown}, and {len(values) - SHOWN:,} more"
