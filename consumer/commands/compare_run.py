"""One comparison, put together: the reviews, a workshop to measure in, a broker where the stream is measured."""

import dataclasses
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from consumer.commands.compare_settings import CompareSettings
from consumer.commands.compare_stream import KafkaStream
from consumer.measuring.advice import Plan, advise
from consumer.measuring.comparing import MeasuringPlan, Stream, Workshop, costs_of, measure_models
from consumer.measuring.costs import crossings
from consumer.measuring.results import Comparison
from consumer.measuring.sample import Sample, choose
from consumer.measuring.verdict import judge
from consumer.measuring.ways import Mode, ScoredBy
from consumer.measuring.worker_process import measure_apart
from consumer.model.manifest import Manifest, read_manifest
from consumer.model.training_data import LabelledFile, sample_data, split_file
from shared.datasets import PACKAGE
from shared.dev_broker.choice import BrokerKind, DevBroker, Purpose, choose_broker
from shared.errors import ConfigurationError
from shared.kafka_client import KafkaSettings, wait_for_broker
from shared.machine import machine_facts

PACKAGES = ("confluent-kafka", "numba", "numpy", "scikit-learn")
BROKER_WAIT_S_MAX = 15.0
# Of the kinds of brokers, what a result may tell: an address is nobody else's business.
_NAMES = {
    BrokerKind.GIVEN: "one that was given",
    BrokerKind.DOCKER: "Kafka in Docker",
    BrokerKind.LOCAL: "local Kafka",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be compared; without a `labelled_file` on the sample data, without a `size` on all of them."""

    folders: tuple[Path, ...]
    labelled_file: LabelledFile | None
    size: int | None
    modes: frozenset[Mode]
    scorers: frozenset[ScoredBy]
    settings: CompareSettings
    bootstrap_servers: str | None
    plan: Plan | None


def compare_once(question: Question, console: Console) -> Comparison:
    """Measure and judge; what is done is said on the console."""
    models = {folder: read_manifest(folder) for folder in dict.fromkeys(question.folders)}
    with console.status("reading the reviews"):
        sample = _sample(question.labelled_file, models, question.size)
    limits = question.settings
    plan = MeasuringPlan(question.modes, question.scorers, limits.arrivals_per_s, limits.measure_s)
    settings = dataclasses.asdict(limits) | {"modes": sorted(plan.modes), "scorers": sorted(plan.scorers)}
    machine = machine_facts(PACKAGES)
    left_out = [f"Left out: {', '.join(sorted(set(Mode) - plan.modes))}."] if set(Mode) - plan.modes else []
    with _workshop(question.bootstrap_servers, plan, _Notes(settings, left_out), console) as workshop:
        subjects = measure_models(models, sample, plan, workshop)
    costs = costs_of(subjects[0])
    return Comparison(
        machine=machine,
        settings=settings,
        sample=sample.facts,
        subjects=subjects,
        left_out=left_out,
        costs=costs,
        crossings=crossings(costs),
        advice=None if question.plan is None else advise(question.plan, costs),
        checks=judge(subjects, limits.thresholds()),
    )


def _sample(file: LabelledFile | None, models: Mapping[Path, Manifest], size: int | None) -> Sample:
    if file is None:
        data = sample_data()
        return choose(data, [data], models, size)
    own = split_file(file)
    at_hand = [own]
    if PACKAGE in {manifest.training.source for manifest in models.values()}:
        # Without the package nothing is known of what these models have learnt from, and that is said.
        with suppress(ConfigurationError):
            at_hand.append(sample_data())
    return choose(own, at_hand, models, size)


@dataclass(frozen=True, slots=True)
class _Notes:
    """What becomes known on the way: the broker among the settings, and modes that can't be measured here."""

    settings: dict[str, object]
    left_out: list[str]


@contextmanager
def _workshop(given: str | None, plan: MeasuringPlan, notes: _Notes, console: Console) -> Iterator[Workshop]:
    """Give what measuring needs, with a broker where the stream is measured and there is one."""
    with ExitStack() as opened, console.status("choosing a broker") as status:

        def tell(step: str) -> None:
            status.update(step)
            if not console.is_terminal:
                console.print(f"compare: {step}")

        stream: Stream | None = None
        if Mode.STREAM in plan.modes:
            broker = _broker(given, plan, notes)
            if broker is not None:
                opened.enter_context(broker)
                logs = Path(opened.enter_context(tempfile.TemporaryDirectory()))
                stream = KafkaStream(broker, logs, plan.per_s, plan.budget_s)
        yield Workshop(measure_apart, stream, tell)


def _broker(given: str | None, plan: MeasuringPlan, notes: _Notes) -> DevBroker | None:
    """Return a broker that answers; None, and a note, where there is none and other modes are left to measure."""
    try:
        broker = choose_broker(given, Purpose.MEASUREMENT)
    except ConfigurationError as error:
        if plan.modes == {Mode.STREAM}:
            raise
        notes.left_out.append(f"Left out: stream; {error}.")
        return None
    if broker.kind is BrokerKind.GIVEN:
        # Before minutes are spent on the other modes.
        wait_for_broker(KafkaSettings(broker.bootstrap_servers, broker_wait_s_max=BROKER_WAIT_S_MAX))
    notes.settings["broker"] = _NAMES[broker.kind]
    return broker
