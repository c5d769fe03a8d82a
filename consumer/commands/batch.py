"""`batch`: label bounded data in bulk, into files, tables or a topic."""

import click
import msgspec
from rich.console import Console

from consumer.commands.batch_display import choose_display
from consumer.commands.batch_places import BatchPlaces, place_options
from consumer.commands.batch_run import BatchRequest, run_batch
from consumer.commands.batch_settings import BatchSettings
from consumer.commands.model_settings import ModelSettings
from consumer.reports.batch_summary import batch_object, print_batch
from shared.clock import SystemClock
from shared.kafka_client import KafkaSettings
from shared.logs import configure_logs
from shared.review_rows import ColumnMapping
from shared.settings import LogSettings, with_settings
from shared.stop_signals import StopSignals


@click.command()
@place_options
@with_settings(ModelSettings)
@with_settings(BatchSettings)
@with_settings(KafkaSettings)
@with_settings(LogSettings)
@click.option("--column", "columns", multiple=True, help="FIELD=COLUMN: where a field of the review is; repeatable.")
@click.option(
    "--keep", multiple=True, metavar="COLUMN[=NAME]", help="Store this column of the input with the labels; repeatable."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
def batch(  # noqa: PLR0913 - one argument a group of flags
    model_settings: ModelSettings,
    batch_settings: BatchSettings,
    kafka_settings: KafkaSettings,
    log_settings: LogSettings,
    places: BatchPlaces,
    *,
    columns: tuple[str, ...],
    keep: tuple[str, ...],
    as_json: bool,
) -> int:
    """Label all reviews of files, folders, patterns, URIs, standard input (-), sample data, or a topic's range.

    The same model and the same code as `run`. The output is one file (.parquet, .csv, .jsonl), a folder of Parquet
    files, a table (.duckdb, .sqlite, postgresql://), or a topic (kafka:NAME). Files are written aside and appear when
    they are whole. Interrupted, by whatever it may be, the job goes on with --resume, each review once. Rows that
    hold no review are written to a file of their own.

    \b
    Examples:
      review-consumer batch reviews.parquet --output labels.parquet
      review-consumer batch "2026/*.csv" --column text=body --keep shop --output labels/ --group-by shop
      review-consumer batch imdb --output labels.duckdb
      review-consumer batch --topic reviews.submitted.v1 --since 2026-01-31 --output postgresql://me@db/reviews
      zcat reviews.jsonl.gz | review-consumer batch - --output labels.jsonl
    """  # noqa: D301 - click wants the control character
    configure_logs(log_settings.log_level, log_settings.log_format)
    request = BatchRequest(places, model_settings, batch_settings, kafka_settings, ColumnMapping.parse(columns), keep)
    with StopSignals() as stop, choose_display() as display:
        summary = run_batch(request, stop, display, SystemClock())
    if as_json:
        click.echo(msgspec.json.encode(batch_object(summary)))
    else:
        print_batch(summary, Console())
    return 0
