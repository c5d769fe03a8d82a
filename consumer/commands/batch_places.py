"""Where a bounded job reads and writes: the options for it, and what they stand for."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

from consumer.bounded.finding.aggregation import aggregate_path, aggregate_results, require_group_name
from consumer.bounded.finding.results_port import ResultFilter
from consumer.bounded.outputs import OutputOptions, open_results, open_store
from consumer.bounded.ports import Input, Mode, Store
from consumer.bounded.progress import Progress
from consumer.bounded.reading.inputs import ReadAs, open_inputs
from consumer.bounded.reading.topic_tables import PartitionTables
from consumer.bounded.storing.databases.table_store import DEFAULT_TABLE
from consumer.bounded.storing.dry_run import NoRejects, NoStore
from consumer.bounded.storing.rejects import RejectsFile
from consumer.bounded.storing.table_files import write_table_file
from consumer.commands.places import parse_moment, parse_places
from consumer.kafka.label_store import LabelStore
from consumer.kafka.range_reader import open_reader
from consumer.kafka.topic_inputs import topic_inputs
from consumer.kafka.topic_ranges import RangeRequest, choose_ranges
from shared.clock import Clock
from shared.datasets import Split
from shared.errors import ConfigurationError
from shared.kafka_client import KafkaSettings, wait_for_broker
from shared.review_files import FileFormat
from shared.stop_signals import StopSignals

KAFKA = "kafka:"


@dataclass(frozen=True, slots=True)
class BatchPlaces:
    """What a job reads and where it writes, as it was asked for."""

    inputs: tuple[str, ...]
    output: str
    resume: bool
    append: bool
    dry_run: bool
    rejects: str | None
    group_by: str | None
    partition_by: str | None
    table: str | None
    format: str | None
    split: str
    topic: str | None
    starts: dict[int, int]
    ends: dict[int, int]
    since: datetime | None
    until: datetime | None

    @property
    def mode(self) -> Mode:
        """What is made of an output that is there already."""
        if self.resume and self.append:
            raise ConfigurationError(
                "--resume and --append exclude each other", hint="--resume goes on with a job that appends, too"
            )
        return Mode.RESUME if self.resume else Mode.APPEND if self.append else Mode.FRESH

    @property
    def options(self) -> OutputOptions:
        """What only some outputs know."""
        return OutputOptions(self.table, self.partition_by)

    @property
    def file_format(self) -> FileFormat | None:
        """How the rows are written, None where the names tell it."""
        return FileFormat(self.format) if self.format else None


OPTIONS = (
    click.argument("inputs", nargs=-1, metavar="[INPUT]..."),
    click.option("--output", "-o", required=True, help="Where the labels go."),
    click.option("--resume", is_flag=True, help="Go on with an interrupted job, or start where there is none."),
    click.option("--append", is_flag=True, help="Add to a table that is there."),
    click.option("--dry-run", is_flag=True, help="Read and label everything, store nothing."),
    click.option("--rejects", metavar="FILE", help="Where rows without a review go.  [default: beside the output]"),
    click.option("--group-by", metavar="COLUMN", help="Write what the labels say of each of its values, too."),
    click.option("--partition-by", metavar="COLUMN", help="A folder for each of its values (Parquet)."),
    click.option("--table", help="Name of the table in a database.  [default: sentiment]"),
    click.option(
        "--format", type=click.Choice([kind.value for kind in FileFormat]), help="Format, where no name tells it."
    ),
    click.option(
        "--split", type=click.Choice([part.value for part in Split]), default=Split.ALL.value, show_default=True,
        help="Part of the sample data.",
    ),
    click.option("--topic", help="Label what this topic holds, or a part of it."),
    click.option(
        "--from", "starts", metavar="PARTITION:OFFSET", multiple=True, callback=parse_places,
        help="With --topic: first review of a partition; repeatable.",
    ),
    click.option(
        "--to", "ends", metavar="PARTITION:OFFSET", multiple=True, callback=parse_places,
        help="With --topic: end of a partition, not included; repeatable.",
    ),
    click.option("--since", metavar="TIME", callback=parse_moment, help="With --topic: from this time on (ISO 8601)."),
    click.option("--until", metavar="TIME", callback=parse_moment, help="With --topic: before this time."),
)  # fmt: skip


def place_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options above, and what they say as argument `places`."""
    names = BatchPlaces.__slots__

    @wraps(command)
    def build(*args: Any, **given: Any) -> Any:
        return command(*args, places=BatchPlaces(**{name: given.pop(name) for name in names}), **given)

    decorated: Callable[..., Any] = build
    for option in reversed(OPTIONS):
        decorated = option(decorated)
    return decorated


@contextmanager
def open_job_inputs(
    places: BatchPlaces, read_as: ReadAs, kafka: KafkaSettings, value_bytes_max: int, stop: StopSignals
) -> Iterator[list[Input]]:
    """Give what a job reads: files and the like, or a topic's ranges."""
    in_topic = bool(places.starts or places.ends or places.since or places.until)
    if places.topic is None:
        if in_topic:
            raise click.UsageError("--from, --to, --since and --until are for a --topic")
        if not places.inputs:
            raise click.UsageError("name an INPUT: a file, a folder, a pattern, a URI, - or sample data; or a --topic")
        yield open_inputs(places.inputs, read_as, stop.standard_input)
        return
    if places.inputs:
        raise click.UsageError("inputs and --topic exclude each other: label them in two jobs")
    if read_as.keep:
        raise click.UsageError("--keep is for files: a topic's reviews have no further columns")
    wait_for_broker(kafka)
    request = RangeRequest(places.starts, places.ends, places.since, places.until)
    with open_reader(kafka, places.topic) as reader:
        yield [*topic_inputs(reader, choose_ranges(kafka, reader, request), value_bytes_max)]


def share_of(inputs: Sequence[Input]) -> float | None:
    """Return which share of all inputs was read, each taken for as long as another; None before anything was."""
    shares = [one.share_read() for one in inputs]
    return None if all(share is None for share in shares) else sum(share or 0.0 for share in shares) / len(shares)


def open_batch_store(places: BatchPlaces, kafka: KafkaSettings, inputs: Sequence[Input], clock: Clock) -> Store:
    """Return the store of a job's labels."""
    if places.dry_run:
        return NoStore()
    if not places.output.startswith(KAFKA):
        return open_store(places.output, places.mode, places.options)
    if places.partition_by:
        raise ConfigurationError("--partition-by makes folders, a topic has none", hint="leave it out")
    if places.topic is None:
        wait_for_broker(kafka)
    ranges = [one.place for one in inputs if isinstance(one, PartitionTables)]
    return LabelStore(kafka, places.output.removeprefix(KAFKA), places.mode, ranges, clock)


class BatchOutput:
    """What a job writes beside its labels: rejects and groups."""

    def __init__(self, places: BatchPlaces) -> None:
        self._places = places
        self._target = places.output

    def rejects(self, start: Progress) -> RejectsFile | NoRejects:
        """Return the file for rows that can't be labelled, opened where the job stands."""
        if self._places.dry_run:
            return NoRejects()
        named = self._places.rejects
        path = Path(named) if named else self._beside().with_name(f"{self._beside().name}.rejects.jsonl")
        log = RejectsFile(path, self._places.mode)
        log.begin(start)
        return log

    def aggregate(self) -> str | None:
        """Write what the stored labels say of each group, and return where; None where nobody asked."""
        column = self._places.group_by
        if column is None or self._places.dry_run:
            return None
        groups = aggregate_results(open_results(self._target, self._places.options), ResultFilter(), [column])
        path = aggregate_path(self._beside(), [column])
        write_table_file(path, groups.schema, [groups])
        return str(path)

    def require_group_column(self, columns: Sequence[str]) -> None:
        """Raise ConfigurationError where the column to group by is not stored."""
        column = self._places.group_by
        if column is None:
            return
        require_group_name(column)
        if column in columns:
            if self._target.startswith(KAFKA):
                raise ConfigurationError(
                    "--group-by reads stored labels again, which is not for topics", hint="name a file or a table"
                )
            return
        raise ConfigurationError(
            f"--group-by {column}: there is no such column among the labels",
            hint=f"stored are {', '.join(columns)}; --keep {column} stores it, too",
        )

    def _beside(self) -> Path:
        """Return the path that further files stand beside: a database elsewhere has none, its table's name will do."""
        if "://" in self._target:
            return Path(self._places.table or DEFAULT_TABLE)
        return Path(self._target.removeprefix(KAFKA).rstrip("/"))
