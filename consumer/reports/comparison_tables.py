"""A comparison as tables: the same cells for a terminal, Markdown and a page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from consumer.measuring.advice import duration, duration_range
from consumer.measuring.results import Comparison, published_of
from consumer.measuring.sample import Evidence
from consumer.measuring.subject import Measurement, Subject
from consumer.measuring.timing import PERCENTILES, Spread
from consumer.measuring.ways import Mode
from consumer.model.metrics import Share


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a table: a figure, and below it, smaller, its range."""

    text: str
    range: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """A table with a title: the first column holds names, the others figures, but for the last `wide` ones: text."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    wide: int = 0


def models(comparison: Comparison) -> Figures:
    """Return the models and their scorers side by side."""
    head = ("model", "accuracy", "macro-F1", "a review, batch", "a review, real time", "p99, real time", "start", "MB")
    rows = []
    for subject in comparison.subjects:
        judged = max((one.quality for one in subject.measurements), key=lambda found: found.accuracy.of)
        batch, alone = subject.measured(Mode.BATCH)[:1], subject.measured(Mode.REAL_TIME)[:1]
        rows.append(
            [
                Cell(subject.title, subject.digest[:12]),
                _accuracy(judged.accuracy),
                Cell(f"{judged.macro_f1:.2%}"),
                *(_seconds(found[0].timing.review_s) if found else Cell("") for found in (batch, alone)),
                Cell(duration(alone[0].timing.latency_s["p99"].median) if alone else ""),
                Cell("") if subject.start_s is None else Cell(duration(subject.start_s.median)),
                Cell(f"{max((one.memory_peak_mb or 0 for one in subject.measurements), default=0):,.0f}"),
            ]
        )
    return Figures("Models and scorers", head, rows)


def times(subject: Subject) -> Figures:
    """Return what each mode cost."""
    head = ("mode", "reviews", "total", "a review", "reviews/s", "CPU s a million", "MB")
    return Figures(f"Cost: {subject.title}", head, [_time_row(one) for one in subject.measurements])


def waits(subject: Subject) -> Figures:
    """Return how long a label was waited for, beside what had been published."""
    rows = [
        [
            Cell(way_of(one)),
            *(Cell(duration(quantile.median)) for quantile in one.timing.latency_s.values()),
            Cell(published_of(one.mode)),
        ]
        for one in subject.measurements
    ]
    return Figures(f"Wait for a label: {subject.title}", ("mode", *PERCENTILES, "published before"), rows, wide=1)


def answers(subject: Subject) -> Figures:
    """Return how good each mode's answers are."""
    classes = list(subject.measurements[0].quality.by_class)
    head = ["mode", "judged by", "accuracy", "macro-F1", *(f"F1 {name}" for name in classes), "neutral", "of others"]
    return Figures(f"Answers: {subject.title}", head, [_answer_row(one, classes) for one in subject.measurements])


def same_answers(subject: Subject) -> Figures:
    """Return how far each mode's answers are from those of the model's first."""
    rows = [
        _plain(
            way_of(one),
            f"{one.parity.reviews:,}",
            f"{one.parity.labels_differ:,}",
            f"{one.parity.probability_difference_max:.1g}",
        )
        for one in subject.measurements
    ]
    return Figures(f"Parity: {subject.title}", ("mode", "compared", "labels differ", "probability differs by"), rows)


def of_subject(subject: Subject) -> list[Figures]:
    """Return all tables of one model with one scorer."""
    return [times(subject), waits(subject), answers(subject), same_answers(subject)]


def verdict(comparison: Comparison) -> Figures:
    """Return what was wanted and found."""
    rows = [_plain(check.what, check.wanted, check.found, "yes" if check.met else "NO") for check in comparison.checks]
    return Figures("Verdict", ("", "wanted", "found", "met"), rows)


def costs(comparison: Comparison) -> Figures:
    """Return the lines that advice is given by."""
    rows = [
        _plain(cost.name, duration(cost.fixed_s) if cost.fixed_s else "0", duration(cost.review_s))
        for cost in comparison.costs
    ]
    return Figures(f"Cost of n reviews: {comparison.subjects[0].title}", ("", "before the first", "a review"), rows)


def options(comparison: Comparison) -> Figures | None:
    """Return what each mode makes of the plan, None without one."""
    advice = comparison.advice
    if advice is None:
        return None
    plan = advice.plan
    title = f"{plan.reviews:,} reviews"
    title += f" every {duration(plan.every_s)}" if plan.every_s is not None else " at once"
    title += f", answered within {duration(plan.within_s)}" if plan.within_s is not None else ""
    rows = [
        _plain(
            option.name, "advised" if option.name == advice.advised else "yes" if option.will_do else "no", option.says
        )
        for option in advice.options
    ]
    return Figures(title, ("", "will do", "because"), rows, wide=1)


def sample_lines(comparison: Comparison) -> Iterator[str]:
    """Yield what was compared on, and what is doubtful about it."""
    sample = comparison.sample
    classes = ", ".join(f"{count:,} {name}" for name, count in sample.by_class.items())
    yield f"{sample.scored:,} reviews of {sample.source}; judged by {sample.judged:,} of them: {classes}."
    if sample.learnt_from:
        yield (
            f"The other {sample.learnt_from:,} make up the number: a model has learnt from them, so they are timed and "
            "compared between modes, and not judged by."
        )
    proven = all(evidence is Evidence.PROVEN for evidence in sample.evidence.values())
    if proven:
        yield "No model has learnt from a review it is judged by: the digests in the manifests prove it."
    for folder, evidence in sample.evidence.items():
        if evidence is Evidence.UNKNOWN:
            yield (
                f"WARNING: what {folder} has learnt from is not at hand; if these reviews are among it, "
                "its accuracy is too good to be true."
            )
    if len({one.timing.reviews for subject in comparison.subjects for one in subject.measurements}) > 1:
        yield "Slow ways went through fewer of them, the first in the same order, so that their rounds fit their time."


def crossing_lines(comparison: Comparison) -> Iterator[str]:
    """Yield where the modes' times cross."""
    if not comparison.costs:
        yield "No costs: batch and real time were left out."
    for found in comparison.crossings:
        yield f"Up to {found.reviews:,} reviews {found.below} answers sooner, from then on {found.above}."
    started = [cost for cost in comparison.costs if cost.started_for_it]
    if started and len(comparison.costs) > 1 and not comparison.crossings:
        yield "The times of the modes do not cross: what runs already answers sooner, whatever the number."


def advice_line(comparison: Comparison) -> str:
    """Return the advice in a sentence, empty where none was asked for."""
    if comparison.advice is None:
        return ""
    advised = comparison.advice.advised
    return f"Advice: {advised}." if advised else "Advice: no mode will do with one process; see why below."


def way_of(measurement: Measurement) -> str:
    """Return a measurement's name in a table."""
    return f"{measurement.mode.value}, {measurement.way}"


def _time_row(measurement: Measurement) -> list[Cell]:
    timing = measurement.timing
    per_million = timing.cpu_s_a_million
    return [
        Cell(way_of(measurement)),
        Cell(f"{timing.reviews:,}", f"{timing.rounds} rounds"),
        _seconds(timing.seconds),
        _seconds(timing.review_s),
        Cell(f"{timing.per_s.median:,.0f}", f"{timing.per_s.low:,.0f}-{timing.per_s.high:,.0f}"),
        Cell("" if per_million is None else f"{per_million.median:,.1f}"),
        Cell("" if measurement.memory_peak_mb is None else f"{measurement.memory_peak_mb:,.0f}"),
    ]


def _answer_row(measurement: Measurement, classes: Sequence[str]) -> list[Cell]:
    quality = measurement.quality
    by_class = [quality.by_class.get(name) for name in classes]
    return [
        Cell(way_of(measurement)),
        Cell(f"{quality.accuracy.of:,}"),
        _accuracy(quality.accuracy),
        Cell(f"{quality.macro_f1:.2%}"),
        *(Cell("" if found is None else f"{found.f1:.2%}") for found in by_class),
        Cell(f"{quality.neutral_labels.value:.1%}"),
        Cell(f"{quality.outside_band.value:.2%}"),
    ]


def _accuracy(found: Share) -> Cell:
    return Cell(f"{found.value:.2%}", f"{100 * found.low:.1f}-{100 * found.high:.1f}%")


def _seconds(found: Spread) -> Cell:
    return Cell(duration(found.median), duration_range(found.low, found.high))


def _plain(*texts: str) -> list[Cell]:
    return [Cell(text) for text in texts]
