"""`review-producer replay`: a file, standard input or sample data into the topic."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click
import msgspec

from producer.commands.replay_display import choose_display
from producer.commands.replay_summary import dry_run_summary, replay_summary, summary_text
from producer.ingest.ports import Publisher
from producer.ingest.rehearsal import Rehearsal
from producer.kafka.publisher import KafkaPublisher
from producer.traffic.replay import Replay, ReviewSource
from producer.traffic.replay_report import BadRowPolicy, ReplayPlan, ReplayReport, Rounds, TimeWindow
from producer.traffic.samples import SampleReviews
from producer.traffic.schedule import Pacer, as_fast_as_possible, constant_rate
from shared.clock import SystemClock
from shared.datasets import DATASETS, Split
from shared.errors import RetriableError
from shared.kafka_client import KafkaSettings
from shared.logs import configure_logs
from shared.review_files import STANDARD_INPUT, FileFormat, ReviewFile
from shared.review_rows import ColumnMapping, instant
from shared.settings import LogSettings, with_settings
from shared.stop_signals import StopSignals
from shared.topics import TopicSettings

HELP = """Publish the reviews of SOURCE to the input topic.

SOURCE is a CSV, JSONL or Parquet file, - for standard input, or sample data: imdb, rotten-tomatoes.

\b
Examples:
  review-producer replay reviews.csv --column text=body --column review_id=id --rate 200
  zcat reviews.jsonl.gz | review-producer replay - --skip-bad-rows --json

Each review stands in the summary once: sent, and then acknowledged or failed. The exit code is 0 only when
all that was sent was acknowledged. SIGTERM and SIGINT stop the reading; what was sent is still waited for.
"""


def _parse_instant(_context: click.Context, _parameter: click.Parameter, text: str | None) -> datetime | None:
    moment = instant(text)
    if text is not None and not isinstance(moment, datetime):
        raise click.BadParameter(f"{text!r} is no ISO 8601 time such as 2025-03-01T12:00Z")
    return moment if isinstance(moment, datetime) else None


@dataclass(frozen=True, slots=True)
class _Options:
    rate: float
    limit: int | None
    loop: bool
    start: datetime | None
    end: datetime | None
    split: str | None
    file_format: str | None
    columns: tuple[str, ...]
    skip_bad_rows: bool
    dry_run: bool
    as_json: bool


@click.command(help=HELP)
@click.argument("source")
@click.option("--rate", type=click.FloatRange(min=0), default=0.0, help="Reviews a second; 0: as fast as possible.")
@click.option("--limit", type=click.IntRange(min=1), help="Stop after so many reviews.")
@click.option("--loop", is_flag=True, help="Start again at the end; ids get #2, #3 … from the second round on.")
@click.option(
    "--from",
    "start",
    metavar="TIME",
    callback=_parse_instant,
    help="Only reviews created at this time or later; no zone: UTC.",
)
@click.option("--until", "end", metavar="TIME", callback=_parse_instant, help="Only reviews created before this time.")
@click.option(
    "--split", type=click.Choice([part.value for part in Split]), help="Part of the sample data.  [default: all]"
)
@click.option(
    "--format",
    "file_format",
    type=click.Choice([kind.value for kind in FileFormat]),
    help="Format, where the name does not tell it.",
)
@click.option("--column", "columns", multiple=True, help="FIELD=COLUMN: where a field of the review is; repeatable.")
@click.option("--skip-bad-rows", is_flag=True, help="Name and count rows that hold no review, and go on.")
@click.option("--dry-run", is_flag=True, help="Read and check everything, send nothing.")
@click.option("--json", "as_json", is_flag=True, help="Write the summary as one JSON object.")
@with_settings(KafkaSettings)
@with_settings(TopicSettings)
@with_settings(LogSettings)
def replay(
    source: str, kafka_settings: KafkaSettings, topic_settings: TopicSettings, log_settings: LogSettings, **given: Any
) -> None:
    """Wire source, schedule and publisher together, run the replay, and print its summary."""
    options = _Options(**given)
    configure_logs(log_settings.log_level, log_settings.log_format)
    _refuse_what_does_not_fit(source, options)
    topic = topic_settings.input_topic
    signals = StopSignals()
    reviews = _open_source(source, options, signals)
    if options.dry_run:
        rehearsal = Rehearsal()
        report = _run(reviews, rehearsal, options, signals)
        summary = dry_run_summary(report, rehearsal.reviews)
    else:
        report = _run(reviews, KafkaPublisher.connect(kafka_settings, topic), options, signals)
        summary = replay_summary(report, topic)
    click.echo(msgspec.json.encode(summary).decode() if options.as_json else summary_text(summary))
    _leave_with(report)


def _refuse_what_does_not_fit(source: str, options: _Options) -> None:
    if source in DATASETS and (options.file_format or options.columns):
        raise click.UsageError(f"--format and --column are for files, {source} is sample data (./{source} is a file)")
    if source not in DATASETS and options.split:
        raise click.UsageError(f"--split is for the sample data: {', '.join(DATASETS)}")
    if source == STANDARD_INPUT and options.loop:
        raise click.UsageError("--loop needs a source that can be read again, standard input can't")


def _open_source(source: str, options: _Options, signals: StopSignals) -> ReviewSource:
    if source in DATASETS:
        return SampleReviews(source, Split(options.split or Split.ALL))
    file_format = FileFormat(options.file_format) if options.file_format else None
    return ReviewFile(source, ColumnMapping.parse(options.columns), file_format, signals.standard_input)


def _run(source: ReviewSource, publisher: Publisher, options: _Options, signals: StopSignals) -> ReplayReport:
    clock = SystemClock()
    # A dry run is over as soon as everything was read once.
    paced = options.rate > 0 and not options.dry_run
    endless = options.loop and not options.dry_run
    due_s = constant_rate(options.rate) if paced else as_fast_as_possible()
    plan = ReplayPlan(
        limit=options.limit,
        window=TimeWindow(options.start, options.end),
        rounds=Rounds.ENDLESS if endless else Rounds.ONE,
        bad_rows=BadRowPolicy.SKIP if options.skip_bad_rows else BadRowPolicy.STOP,
    )
    with signals, choose_display() as display:
        one = Replay(
            source,
            publisher,
            pacer=Pacer(due_s, clock, signals.sleep),
            clock=clock,
            observer=display,
            plan=plan,
            stop_requested=signals.requested,
        )
        return one.run()


def _leave_with(report: ReplayReport) -> None:
    if report.error is not None:
        raise report.error
    counts = report.progress.deliveries
    if counts.acknowledged < counts.sent:
        raise RetriableError(
            f"{counts.sent - counts.acknowledged} of {counts.sent} reviews were not acknowledged",
            hint="see the broker's state with `review-consumer doctor`, then replay again: ids stay the same",
        )
