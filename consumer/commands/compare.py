"""`compare`: batch, real time, micro-batch and stream, with the same model on the same reviews."""

import dataclasses
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import click
import msgspec
from rich.console import Console

from consumer.commands.compare_settings import CompareSettings
from consumer.commands.compare_stream import KafkaStream
from consumer.commands.durations import parse_duration
from consumer.commands.labelled_file import labelled_file_options
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
from consumer.reports.comparison_files import ComparisonFolder, Existing
from consumer.reports.comparison_texts import print_comparison
from shared.datasets import PACKAGE
from shared.dev_broker.choice import BrokerKind, DevBroker, Purpose, choose_broker
from shared.errors import ConfigurationError
from shared.kafka_client import KafkaSettings, wait_for_broker
from shared.logs import configure_logs
from shared.machine import machine_facts
from shared.settings import with_settings

PACKAGES = ("confluent-kafka", "numba", "numpy", "scikit-learn")
ALL = "all"
DEFAULT_MODEL = Path("models/default")
BROKER_WAIT_S_MAX = 15.0
# Of the kinds of brokers, what a result may tell: an address is nobody else's business.
_NAMES = {
    BrokerKind.GIVEN: "one that was given",
    BrokerKind.DOCKER: "Kafka in Docker",
    BrokerKind.LOCAL: "local Kafka",
}

Name = TypeVar("Name", bound=StrEnum)


def parse_size(_context: click.Context, _parameter: click.Parameter, text: str | None) -> int | None:
    """Return a number of reviews; `all` is more than there are."""
    if text is None:
        return None
    if text == ALL:
        return sys.maxsize
    if not (text.isascii() and text.isdigit()) or int(text) == 0:
        raise click.BadParameter(f"{text!r} is no number of reviews, such as 1000, and not {ALL!r}")
    return int(text)


def parse_names(kind: type[Name]) -> Callable[[click.Context, click.Parameter, str], frozenset[Name]]:
    """Return what reads names of an enum's members, separated by commas."""

    def parse(_context: click.Context, _parameter: click.Parameter, text: str) -> frozenset[Name]:
        names = [name.strip() for name in text.split(",") if name.strip()]
        known = [member.value for member in kind]
        unknown = [name for name in names if name not in known]
        if unknown or not names:
            raise click.BadParameter(f"{(unknown or [text])[0]!r} is not one of {', '.join(known)}")
        return frozenset(map(kind, names))

    return parse


COLUMNS_ELSEWHERE = 140


@click.command()
@click.option(
    "--model",
    "folders",
    type=click.Path(path_type=Path),
    multiple=True,
    default=[DEFAULT_MODEL],
    show_default=True,
    envvar="REVIEWS_MODEL",
    show_envvar=True,
    help="Folder of a trained model; repeatable, the verdict is on the first.",
)
@labelled_file_options
@click.option(
    "--size",
    metavar="NUMBER|all",
    callback=parse_size,
    help="How many reviews; without, all that no model has learnt from. More are timed, and not judged by.",
)
@click.option(
    "--modes",
    default=",".join(Mode),
    show_default=True,
    callback=parse_names(Mode),
    help="Modes to measure, by commas.",
)
@click.option(
    "--scorers",
    default=",".join(ScoredBy),
    show_default=True,
    callback=parse_names(ScoredBy),
    help="What scores each model, by commas; a model that can't be compiled is scored by scikit-learn anyway.",
)
@with_settings(CompareSettings)
@click.option(
    "--bootstrap-servers",
    envvar="REVIEWS_KAFKA_BOOTSTRAP_SERVERS",
    show_envvar=True,
    help="A broker for the stream; without one, Docker or a local Kafka, in this order.",
)
@click.option("--plan", "planned", type=click.IntRange(1), metavar="REVIEWS", help="Advise a mode for so many reviews.")
@click.option("--within", metavar="TIME", callback=parse_duration, help="Of the plan: answered within 5m, 200ms …")
@click.option("--every", metavar="TIME", callback=parse_duration, help="Of the plan: so many come every 24h, 1h …")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Folder to write: a page with plots (index.html), compare.json and compare.md.",
)
@click.option("--replace", is_flag=True, help="Replace the output folder of an earlier comparison.")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
def compare(  # noqa: PLR0913 - a command's flags
    *,
    folders: tuple[Path, ...],
    labelled_file: LabelledFile | None,
    size: int | None,
    modes: frozenset[Mode],
    scorers: frozenset[ScoredBy],
    compare_settings: CompareSettings,
    bootstrap_servers: str | None,
    planned: int | None,
    within: float | None,
    every: float | None,
    output: Path | None,
    replace: bool,
    as_json: bool,
) -> int:
    """Hold batch, real time, micro-batch and stream against each other: same model, same reviews.

    Says how good and how fast each is, whether any label differs, whether that is good enough (else it exits with 1),
    and, for --plan, which mode to take.

    \b
    Examples:
      review-consumer compare
      review-consumer compare --model models/default --model models/fast --output build/compare
      review-consumer compare --size 1000 --modes batch,real-time --plan 1000000 --every 24h
      review-consumer compare --data rated.csv --column text=comment --label-column stars
    """  # noqa: D301 - click wants the control character
    if planned is None and (within is not None or every is not None):
        raise click.UsageError("--within and --every belong to a plan: --plan 10000 --within 5m")
    configure_logs("WARNING")
    place = None if output is None else ComparisonFolder(output)
    if place is not None:
        place.check(Existing.REPLACE if replace else Existing.REFUSE)
    models = {folder: read_manifest(folder) for folder in dict.fromkeys(folders)}
    console = Console(file=sys.stderr)
    with console.status("reading the reviews"):
        sample = _sample(labelled_file, models, size)
    plan = MeasuringPlan(modes, scorers, compare_settings.arrivals_per_s, compare_settings.measure_s)
    settings = dataclasses.asdict(compare_settings) | {"modes": sorted(modes), "scorers": sorted(scorers)}
    machine = machine_facts(PACKAGES)
    left_out = [f"Left out: {', '.join(sorted(set(Mode) - modes))}."] if set(Mode) - modes else []
    with _workshop(bootstrap_servers, plan, _Notes(settings, left_out), console) as workshop:
        subjects = measure_models(models, sample, plan, workshop)
    costs = costs_of(subjects[0])
    found = Comparison(
        machine=machine,
        settings=settings,
        sample=sample.facts,
        subjects=subjects,
        left_out=left_out,
        costs=costs,
        crossings=crossings(costs),
        advice=None if planned is None else advise(Plan(planned, within, every), costs),
        checks=judge(subjects, compare_settings.thresholds()),
    )
    if place is not None:
        place.write(found)
        console.print(f"written to {output}")
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    else:
        # As wide as its tables where no terminal says how wide it is.
        print_comparison(found, Console() if sys.stdout.isatty() else Console(width=COLUMNS_ELSEWHERE))
    return 0 if found.succeeded else 1


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
