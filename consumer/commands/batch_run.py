"""One bounded job put together and run: here the concrete classes meet."""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial

from consumer.bounded.cluster.ray_job import RayJob, require_readable_anywhere
from consumer.bounded.job_run import BoundedJob
from consumer.bounded.label_table import label_columns
from consumer.bounded.outputs import shown
from consumer.bounded.ports import Input, Store
from consumer.bounded.progress import Job
from consumer.bounded.reading.inputs import ReadAs
from consumer.bounded.steps import Step, Steps
from consumer.bounded.storing.rejects import RejectsLimit
from consumer.bounded.storing.table_sink import Rejects
from consumer.commands.batch_display import BatchDisplay
from consumer.commands.batch_places import BatchOutput, BatchPlaces, open_batch_store, open_job_inputs, share_of
from consumer.commands.batch_settings import BatchSettings, Engine, kept_columns
from consumer.commands.model_settings import ModelSettings
from consumer.model.load import LoadedModel, load_same, load_scorer
from consumer.reports.batch_summary import BatchSummary
from shared.clock import Clock
from shared.datasets import Split
from shared.kafka_client import KafkaSettings
from shared.process_use import memory_peak_mb
from shared.review_rows import ColumnMapping
from shared.stop_signals import StopSignals

NOWHERE = "nowhere: a dry run"


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """What a person asks for; `keep` names columns of the input to be stored with the labels."""

    places: BatchPlaces
    model: ModelSettings
    settings: BatchSettings
    kafka: KafkaSettings
    columns: ColumnMapping
    keep: tuple[str, ...]

    @property
    def band(self) -> float | None:
        """The neutral band that stands in for the model's."""
        return self.settings.band(self.model.neutral_band)

    def read_as(self, classes: Sequence[str]) -> ReadAs:
        """Return how rows are read for a model of these classes."""
        kept = kept_columns(self.keep, label_columns(classes, ()))
        return ReadAs(self.columns, kept, self.places.file_format, Split(self.places.split))


def run_batch(request: BatchRequest, stop: StopSignals, display: BatchDisplay, clock: Clock) -> BatchSummary:
    """Label everything, and return what came of it."""
    started_s = clock.monotonic()
    steps = Steps(clock, display.progressed)
    with ExitStack() as held:
        with steps.timing(Step.PREPARE):
            loaded = load_scorer(request.model.model, request.band)
            read_as = request.read_as(loaded.manifest.classes)
            inputs = held.enter_context(
                open_job_inputs(request.places, read_as, request.kafka, request.settings.review_bytes_max, stop)
            )
            output = BatchOutput(request.places)
            output.require_group_column(label_columns(loaded.manifest.classes, list(read_as.keep.values())))
            store = held.enter_context(closing(open_batch_store(request.places, request.kafka, inputs, clock)))
            job = _job(request, loaded, read_as, inputs, store)
            start = job.begin()
            log = held.enter_context(closing(output.rejects(start)))
        display.share = lambda: share_of(inputs)
        rejects = Rejects(log, RejectsLimit(request.settings.rejects_ratio_max))
        end = job.run(start, rejects, steps, clock, stop.requested)
        log.finish()
        job.finish(end, steps)
    # Everything is let go of by now: some engines let nobody read what somebody may still write.
    return BatchSummary(
        output=NOWHERE if request.places.dry_run else shown(request.places.output),
        model=loaded.manifest.name,
        digest=loaded.manifest.digest(),
        rows=end.rows,
        labelled=end.labelled,
        rejected=end.rejected,
        resumed_rows=start.rows,
        labels=dict(steps.labels),
        seconds={step.value: seconds for step, seconds in steps.seconds.items()},
        groups=output.aggregate(),
        rejects=str(log.path) if end.rejected and log.path else None,
        total_seconds=(total_s := clock.monotonic() - started_s),
        rows_per_second=(end.rows - start.rows) / total_s,
        workers=request.settings.limits().workers,
        peak_memory_mb=round(memory_peak_mb()),
    )


def _job(
    request: BatchRequest, loaded: LoadedModel, read_as: ReadAs, inputs: Sequence[Input], store: Store
) -> BoundedJob | RayJob:
    settings = request.settings
    what = _description(request, loaded, read_as, inputs)
    if settings.engine == Engine.LOCAL:
        return BoundedJob(what, inputs, loaded.scorer, store, settings.limits())
    require_readable_anywhere(inputs)
    load = partial(load_same, request.model.model, request.band, loaded.manifest.digest())
    return RayJob(what, inputs, loaded.scorer, store, settings.limits(), load, settings.ray_address)


def _description(request: BatchRequest, loaded: LoadedModel, read_as: ReadAs, inputs: Sequence[Input]) -> Job:
    band = request.band
    settings = {
        "model": loaded.manifest.digest(),
        "neutral band": "as trained" if band is None else f"{band:g}",
        "columns": str(read_as.columns),
        "kept columns": str(dict(read_as.keep)),
        "longest text in bytes": str(request.settings.review_bytes_max),
        "output": shown(request.places.output),
    }
    return Job(settings | {f"input {number}": one.identity() for number, one in enumerate(inputs)})
