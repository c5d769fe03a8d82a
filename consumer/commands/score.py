"""`score`: what the model says to a text, why, and how it came to it."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from consumer.commands.model_settings import ModelSettings
from consumer.commands.score_display import show_answer, show_explanation, show_trace
from consumer.model.artifact import read_linear_model
from consumer.model.explain import Explanation, explain
from consumer.model.load import LoadedModel, load_scorer
from consumer.model.specification import LinearModel
from consumer.model.trace import Step, output_steps, trace_linear, trace_pipeline
from shared.errors import ConfigurationError
from shared.logs import configure_logs
from shared.settings import LogSettings, with_settings
from shared.stop_signals import StopSignals

# So many lines of standard input are scored together.
LINES_TOGETHER = 512


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says to one text."""

    text: str
    label: str
    confidence: float
    probabilities: dict[str, float]


@click.command()
@with_settings(ModelSettings)
@with_settings(LogSettings)
@click.argument("texts", metavar="[TEXT]...", nargs=-1)
@click.option("--explain", "with_terms", is_flag=True, help="Show the terms that decided, and what each contributed.")
@click.option("--trace", "with_trace", is_flag=True, help="Show what every layer of the model makes of the text.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a text.")
def score(  # noqa: PLR0913 - one argument a flag
    model_settings: ModelSettings,
    log_settings: LogSettings,
    texts: tuple[str, ...],
    *,
    with_terms: bool,
    with_trace: bool,
    as_json: bool,
) -> int:
    """Label texts given here, or one a line on standard input.

    \b
    Examples:
      review-consumer score "I loved every minute of it"
      review-consumer score --explain "not bad at all"
      review-consumer score --json < reviews.txt
    """  # noqa: D301 - click wants the control character
    configure_logs(log_settings.log_level, log_settings.log_format)
    loaded = load_scorer(model_settings.model, model_settings.neutral_band)
    linear = _linear_model(model_settings.model, loaded) if with_terms or with_trace else None
    if with_terms and linear is None:
        raise ConfigurationError(
            f"{loaded.manifest.name!r} is no linear model: it has no terms that add up", hint="--trace works for it"
        )
    pipeline = _pipeline(model_settings.model, loaded) if with_trace and linear is None else None
    console = Console()
    for answer in answers(loaded, texts or _lines()):
        why = explain(linear, answer.text) if linear is not None else None
        steps = _trace(loaded, linear, pipeline, answer, why) if with_trace else []
        if as_json:
            click.echo(msgspec.json.encode(_as_object(answer, why if with_terms else None, steps)))
            continue
        show_answer(console, answer.text, answer.label, answer.confidence, answer.probabilities)
        if with_terms and why is not None:
            show_explanation(console, why, tuple(answer.probabilities))
        if with_trace:
            show_trace(console, steps)
    return 0


def answers(loaded: LoadedModel, texts: Iterable[str]) -> Iterator[Answer]:
    """Yield the model's answer to each text in order."""
    for together in _in_parts(texts):
        scores = loaded.scorer.score(together)
        rows = zip(together, scores.labels, scores.confidences.tolist(), scores.probabilities.tolist(), strict=True)
        for text, label, confidence, row in rows:
            yield Answer(text, label, confidence, dict(zip(scores.classes, row, strict=True)))


def _in_parts(texts: Iterable[str]) -> Iterator[list[str]]:
    # Someone who types wants an answer to each line; a file is faster in parts.
    size_max = 1 if sys.stdin.isatty() else LINES_TOGETHER
    part: list[str] = []
    for text in texts:
        part.append(text)
        if len(part) == size_max:
            yield part
            part = []
    if part:
        yield part


def _lines() -> Iterator[str]:
    if sys.stdin.isatty():
        click.echo("one review a line; Ctrl-D ends", err=True)
    with StopSignals() as stop:
        for line in stop.standard_input():
            yield line.decode("utf-8", "replace").rstrip("\r\n")


def _linear_model(folder: Path, loaded: LoadedModel) -> LinearModel | None:
    return None if loaded.manifest.features is None else read_linear_model(folder, loaded.manifest)


def _pipeline(folder: Path, loaded: LoadedModel) -> Any:
    # Brings in scikit-learn, which nothing else here needs.
    from consumer.model.reference import load_pipeline  # noqa: PLC0415

    return load_pipeline(folder, loaded.manifest)


def _trace(
    loaded: LoadedModel, linear: LinearModel | None, pipeline: Any, answer: Answer, why: Explanation | None
) -> list[Step]:
    if linear is not None and why is not None:
        steps = trace_linear(linear, answer.text, why)
    else:
        steps = trace_pipeline(pipeline, answer.text)
    classes, shares = tuple(answer.probabilities), tuple(answer.probabilities.values())
    return steps + output_steps(classes, shares, loaded.manifest.link, answer.label, answer.confidence)


def _as_object(answer: Answer, why: Explanation | None, steps: Sequence[Step]) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(answer)
    if why is not None:
        found["explanation"] = {
            "starts": why.starts,
            "scores": why.scores,
            "terms": [
                {"term": known.term, "times": known.times, "value": known.value, "contributions": known.contributions}
                for known in why.strongest(0)
            ],
        }
    if steps:
        found["trace"] = msgspec.to_builtins(steps)
    return found
