"""`compare`: batch, real time, micro-batch and stream, with the same model on the same reviews."""

import sys
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import click
import msgspec
from rich.console import Console

from consumer.commands.compare_run import Question, compare_once
from consumer.commands.compare_serving import Serving, serve_comparisons
from consumer.commands.compare_settings import CompareSettings
from consumer.commands.durations import parse_duration
from consumer.commands.labelled_file import labelled_file_options
from consumer.measuring.advice import Plan
from consumer.measuring.results import Comparison
from consumer.measuring.ways import Mode, ScoredBy
from consumer.model.training_data import LabelledFile
from consumer.reports.comparison_figures import figures_of
from consumer.reports.comparison_files import ComparisonFolder, Existing
from consumer.reports.comparison_texts import print_comparison
from shared.logs import configure_logs
from shared.settings import with_settings

ALL = "all"
DEFAULT_MODEL = Path("models/default")

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
@click.option(
    "--metrics-port",
    type=click.IntRange(0, 65535),
    help="Then go on, and serve the figures to Prometheus on this port; 0 takes a free one.",
)
@click.option("--metrics-host", default="127.0.0.1", show_default=True, help="Address of the same.")
@click.option(
    "--repeat-every",
    metavar="TIME",
    callback=parse_duration,
    help="While serving, compare again every 24h, 1h …, from one start to the next.",
)
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
    metrics_port: int | None,
    metrics_host: str,
    repeat_every: float | None,
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
      review-consumer compare --metrics-port 9465 --repeat-every 24h
    """  # noqa: D301 - click wants the control character
    if planned is None and (within is not None or every is not None):
        raise click.UsageError("--within and --every belong to a plan: --plan 10000 --within 5m")
    if metrics_port is None and repeat_every is not None:
        raise click.UsageError("--repeat-every belongs to serving: --metrics-port 9465 --repeat-every 24h")
    configure_logs("WARNING" if metrics_port is None else "INFO")
    place = None if output is None else ComparisonFolder(output)
    if place is not None:
        place.check(Existing.REPLACE if replace else Existing.REFUSE)
    plan = None if planned is None else Plan(planned, within, every)
    question = Question(folders, labelled_file, size, modes, scorers, compare_settings, bootstrap_servers, plan)
    console = Console(file=sys.stderr)

    def once() -> Comparison:
        found = compare_once(question, console)
        if place is not None:
            place.write(found)
            console.print(f"written to {output}")
        _print(found, as_json=as_json)
        return found

    if metrics_port is None:
        return 0 if once().succeeded else 1
    return serve_comparisons(
        lambda: figures_of(once(), compare_settings.thresholds(), time.time()),
        Serving(metrics_host, metrics_port, repeat_every),
    )


def _print(found: Comparison, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    else:
        # As wide as its tables where no terminal says how wide it is.
        print_comparison(found, Console() if sys.stdout.isatty() else Console(width=COLUMNS_ELSEWHERE))
