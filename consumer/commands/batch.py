"""`batch`: label bounded data in bulk, into files, tables or a topic."""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from functools import partial
from typing import Any

import click
import msgspec
from rich.console import Console

from consumer.bounded.inputs import ReadAs
from consumer.bounded.job_run import BoundedJob
from consumer.bounded.label_table import label_columns
from consumer.bounded.outputs import shown
from consumer.bounded.ports import Input, Store
from consumer.bounded.progress import Job, Progress
from consumer.bounded.ray_job import RayJob, require_readable_anywhere
from consumer.bounded.rejects import RejectsLimit
from consumer.bounded.steps import Step, Steps
from consumer.bounded.table_sink import Rejects
from consumer.commands.batch_display import choose_display
from consumer.commands.batch_places import (
    BatchOutput,
    BatchPlaces,
    open_batch_store,
    open_job_inputs,
    place_options,
    share_of,
)
from consumer.commands.batch_settings import BatchSettings, Engine, kept_columns
from consumer.measuring.process_use import memory_peak_mb
from consumer.model.load import LoadedModel, load_same, load_scorer
from consumer.reports.batch_summary import BatchSummary, batch_object, print_batch
from shared.clock import SystemClock
from shared.datasets import Split
from shared.kafka_client import KafkaSettings
from shared.logs import configure_logs
from shared.review_rows import ColumnMapping
from shared.settings import LogSettings, with_settings
from shared.stop_signals import StopSignals


@click.command()
@place_options
@with_settings(BatchSettings)
@with_settings(KafkaSettings)
@with_settings(LogSettings)
@click.option("--column", "columns", multiple=True, help="FIELD=COLUMN: where a field of the review is; repeatable.")
@click.option(
    "--keep", multiple=True, metavar="COLUMN[=NAME]", help="Store this column of the input with the labels; repeatable."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
def batch(  # noqa: PLR0913 - one argument a group of flags
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
    configure_logs(log_settings.log_level)
    clock = SystemClock()
    started_s = clock.monotonic()
    with StopSignals() as stop, choose_display() as display, ExitStack() as held:
        steps = Steps(clock, display.progressed)
        with steps.timing(Step.PREPARE):
            loaded = load_scorer(batch_settings.model, batch_settings.band())
            taken = label_columns(loaded.manifest.classes, ())
            kept = kept_columns(keep, taken)
            read_as = ReadAs(ColumnMapping.parse(columns), kept, places.file_format, Split(places.split))
            inputs = held.enter_context(
                open_job_inputs(places, read_as, kafka_settings, batch_settings.review_bytes_max, stop)
            )
            output = BatchOutput(places, open_batch_store(places, kafka_settings, inputs, clock))
            output.require_group_column(label_columns(loaded.manifest.classes, list(read_as.keep.values())))
            store = held.enter_context(closing(output.store))
            what = _job(loaded, places, batch_settings, read_as, inputs)
            job = _job_on(batch_settings, what, inputs, loaded, store)
            start = job.begin()
            log = held.enter_context(closing(output.rejects(start)))
        display.share = lambda: share_of(inputs)
        rejects = Rejects(log, RejectsLimit(batch_settings.rejects_ratio_max))
        end = job.run(start, rejects, steps, clock, stop.requested)
        log.finish()
        job.finish(end, steps)
        # Some engines let nobody read what somebody may still write.
        store.close()
        groups = output.aggregate()
    total_s = clock.monotonic() - started_s
    summary = _summary(
        loaded,
        "nowhere: a dry run" if places.dry_run else shown(places.output),
        batch_settings,
        start,
        end,
        steps,
        total_s,
    )
    summary = msgspec.structs.replace(
        summary, rejects=str(log.path) if end.rejected and log.path else None, groups=groups
    )
    if as_json:
        click.echo(msgspec.json.encode(batch_object(summary)))
    else:
        print_batch(summary, Console())
    return 0


def _job_on(
    settings: BatchSettings, what: Job, inputs: Sequence[Input], loaded: LoadedModel, store: Store
) -> BoundedJob | RayJob:
    limits = settings.limits()
    if settings.engine == Engine.LOCAL:
        return BoundedJob(what, inputs, loaded.scorer, store, limits)
    require_readable_anywhere(inputs)
    load = partial(load_same, settings.model, settings.band(), loaded.manifest.digest())
    return RayJob(what, inputs, loaded.scorer, store, limits, load, settings.ray_address)


def _job(
    loaded: LoadedModel, places: BatchPlaces, settings: BatchSettings, read_as: ReadAs, inputs: Sequence[Input]
) -> Job:
    band = settings.band()
    found: dict[str, Any] = {
        "model": loaded.manifest.digest(),
        "neutral band": "as trained" if band is None else f"{band:g}",
        "columns": str(read_as.columns),
        "kept columns": str(dict(read_as.keep)),
        "longest text in bytes": str(settings.review_bytes_max),
        "output": shown(places.output),
    }
    return Job(found | {f"input {number}": one.identity() for number, one in enumerate(inputs)})


def _summary(  # noqa: PLR0913, PLR0917 - what a summary is made of
    loaded: LoadedModel,
    output: str,
    settings: BatchSettings,
    start: Progress,
    end: Progress,
    steps: Steps,
    total_s: float,
) -> BatchSummary:
    return BatchSummary(
        output=output,
        model=loaded.manifest.name,
        digest=loaded.manifest.digest(),
        rows=end.rows,
        labelled=end.labelled,
        rejected=end.rejected,
        resumed_rows=start.rows,
        labels=dict(steps.labels),
        seconds={step.value: seconds for step, seconds in steps.seconds.items()},
        total_seconds=total_s,
        rows_per_second=(end.rows - start.rows) / total_s,
        workers=settings.limits().workers,
        peak_memory_mb=round(memory_peak_mb()),
    )
