"""Measures every way of every model, one after the other, and draws the conclusions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from consumer.measuring.accuracy import quality, sureness
from consumer.measuring.answers import Answers, parity
from consumer.measuring.costs import Cost, fit_line
from consumer.measuring.sample import Sample
from consumer.measuring.subject import Measurement, Subject
from consumer.measuring.timing import Round, spread, summarise
from consumer.measuring.ways import (
    SMALLER_CHUNKS,
    THOUSAND,
    WHOLE,
    Arrivals,
    Chunks,
    Mode,
    OneByOne,
    ScoredBy,
    Way,
)
from consumer.measuring.worker import Report, Task
from consumer.model.manifest import Manifest
from shared.errors import ConfigurationError

# Between the modes that people ask for: they only show how time falls with the size of a call.
SMALLER_SHARE = 0.3
# How the stream's ways are named; the costs are read from the first two.
ALL_AT_ONCE, ONE_AT_A_TIME = "all at once", "one at a time"

Measure: TypeAlias = Callable[[Task], Report]
Tell: TypeAlias = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class MeasuringPlan:
    """What is measured: modes, scorers, arrivals a second, and about how many seconds each measurement may take."""

    modes: frozenset[Mode]
    scorers: frozenset[ScoredBy]
    per_s: float
    budget_s: float

    def ways(self) -> list[Way]:
        """Return the ways to measure in a process, the first of which all others are held against."""
        ways: list[Way] = []
        if Mode.BATCH in self.modes:
            ways += [WHOLE, THOUSAND, *SMALLER_CHUNKS]
        if Mode.REAL_TIME in self.modes:
            ways.append(OneByOne())
        if Mode.MICRO_BATCH in self.modes:
            ways.append(Arrivals(self.per_s))
        return ways


@dataclass(frozen=True, slots=True)
class StreamRun:
    """What one way through Kafka took and said."""

    way: str
    rounds: list[Round]
    answers: Answers
    memory_peak_mb: float | None


class Stream(Protocol):
    """The stream at work, whatever broker it runs on."""

    def measure(self, folder: Path, texts: Sequence[str]) -> list[StreamRun]:
        """Send texts through a consumer with this model, one by one, at a rate and all at once."""
        ...


@dataclass(frozen=True, slots=True)
class Workshop:
    """What measuring needs: something that measures in a process, the stream where there is one, somebody to tell."""

    measure: Measure
    stream: Stream | None
    tell: Tell


def measure_models(
    models: Mapping[Path, Manifest], sample: Sample, plan: MeasuringPlan, workshop: Workshop
) -> list[Subject]:
    """Return each model with each of its scorers; the one that the product takes comes first."""
    subjects: list[Subject] = []
    for folder, manifest in models.items():
        subjects += _Measuring(folder, manifest, sample, plan, workshop).subjects()
    if not subjects:
        raise ConfigurationError(
            "there is nothing to measure: the stream is scored by the scorer that a model is served with",
            hint="name that scorer in --scorers, or another mode in --modes",
        )
    return subjects


class _Measuring:
    """One model: whatever is measured first is what the rest must say too."""

    def __init__(
        self, folder: Path, manifest: Manifest, sample: Sample, plan: MeasuringPlan, workshop: Workshop
    ) -> None:
        self._folder = folder
        self._manifest = manifest
        self._sample = sample
        self._plan = plan
        self._workshop = workshop
        self._reference: Answers | None = None

    def subjects(self) -> list[Subject]:
        serving = ScoredBy.SKLEARN if self._manifest.features is None else ScoredBy.COMPILED
        found = []
        for scored_by in sorted(ScoredBy, key=lambda one: one is not serving):
            # What can't be compiled is measured with the scorer it has.
            asked = scored_by in self._plan.scorers or self._manifest.features is None
            possible = scored_by is serving or self._manifest.features is not None
            if asked and possible:
                found.append(self._subject(scored_by, serving=serving))
        return [subject for subject in found if subject.measurements]

    def _subject(self, scored_by: ScoredBy, serving: ScoredBy) -> Subject:
        measurements: list[Measurement] = []
        starts_s: list[float] = []
        for way in self._plan.ways():
            self._workshop.tell(f"{self._manifest.name}, {scored_by.value}: {way.mode.value}, {way}")
            share = SMALLER_SHARE if way in SMALLER_CHUNKS else 1.0
            task = Task(str(self._folder), scored_by, way, self._sample.texts, self._plan.budget_s * share, 0.0)
            report = self._workshop.measure(task)
            starts_s.append(report.start_s)
            chunk = way.reviews if isinstance(way, Chunks) else None
            measurements.append(
                self._measurement(way.mode, str(way), report.rounds, report.answers(), report.memory_peak_mb, chunk)
            )
        if scored_by is serving and self._workshop.stream is not None:
            self._workshop.tell(f"{self._manifest.name}: stream")
            measurements += [
                self._measurement(Mode.STREAM, run.way, run.rounds, run.answers, run.memory_peak_mb)
                for run in self._workshop.stream.measure(self._folder, self._sample.texts)
            ]
        return Subject(
            folder=str(self._folder),
            recipe=self._manifest.name,
            digest=self._manifest.digest(),
            scored_by=scored_by,
            serves=scored_by is serving,
            start_s=spread(starts_s) if starts_s else None,
            measurements=measurements,
            reliability=sureness(self._reference, self._sample.truth) if self._reference else (),
        )

    def _measurement(  # noqa: PLR0913, PLR0917 - what a measurement is made of
        self,
        mode: Mode,
        way: str,
        rounds: list[Round],
        answers: Answers,
        memory_peak_mb: float | None,
        chunk: int | None = None,
    ) -> Measurement:
        if self._reference is None:
            self._reference = answers
        return Measurement(
            mode=mode,
            way=way,
            timing=summarise(rounds),
            quality=quality(answers, self._sample.truth),
            parity=parity(answers, self._reference),
            memory_peak_mb=memory_peak_mb,
            chunk=chunk,
        )


def costs_of(subject: Subject) -> list[Cost]:
    """Return what n reviews cost in each mode that was measured; those that run already cost no start."""
    costs: list[Cost] = []
    sizes = {
        measurement.call_reviews: measurement.timing.latency_s["p50"].median
        for measurement in subject.measured(Mode.BATCH)
    }
    if sizes and subject.start_s is not None:
        call_s, review_s = fit_line(sizes)
        costs.append(Cost("a batch job", subject.start_s.median + call_s, review_s, started_for_it=True))
    costs += [
        Cost("real time, in process", 0.0, measurement.timing.review_s.median, started_for_it=False)
        for measurement in subject.measured(Mode.REAL_TIME)
    ]
    stream = {measurement.way: measurement.timing for measurement in subject.measured(Mode.STREAM)}
    if ALL_AT_ONCE in stream and ONE_AT_A_TIME in stream:
        answer_s = stream[ONE_AT_A_TIME].latency_s["p50"].median
        review_s = max(0.0, stream[ALL_AT_ONCE].seconds.median - answer_s) / stream[ALL_AT_ONCE].reviews
        costs.append(Cost("the stream", answer_s, review_s, started_for_it=False))
    return costs
