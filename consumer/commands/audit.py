"""`audit`: the proof, on any topic and while the stream runs, that every input was answered once and rightly."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click
import msgspec
from rich.console import Console

from consumer.commands.model_settings import ModelSettings
from consumer.commands.places import parse_moment, parse_places
from consumer.commands.reading_display import ReadingDisplay, choose_display
from consumer.kafka.audit import Audit
from consumer.kafka.audit_result import Finding
from consumer.kafka.range_reader import RangeReader, offsets_in, open_reader
from consumer.kafka.rescoring import Rescoring
from consumer.kafka.topic_ranges import RangeRequest, choose_ranges
from consumer.reports.audit_summary import audit_object, print_audit
from consumer.scoring.ports import Scorer
from shared.kafka_client import KafkaSettings, wait_for_broker
from shared.logs import configure_logs
from shared.settings import LogSettings, with_settings
from shared.topics import TopicSettings


@click.command()
@with_settings(KafkaSettings)
@with_settings(TopicSettings)
@with_settings(ModelSettings)
@with_settings(LogSettings)
@click.option(
    "--from",
    "starts",
    metavar="PARTITION:OFFSET",
    multiple=True,
    callback=parse_places,
    help="First input of a partition; repeatable.",
)
@click.option(
    "--to",
    "ends",
    metavar="PARTITION:OFFSET",
    multiple=True,
    callback=parse_places,
    help="End of a partition, not included; repeatable.",
)
@click.option("--since", metavar="TIME", callback=parse_moment, help="Inputs from this time on (ISO 8601).")
@click.option("--until", metavar="TIME", callback=parse_moment, help="Inputs before this time.")
@click.option("--group", help="Only what this group has committed: a stream that is running audits clean.")
@click.option("--rescore", is_flag=True, help="Score the reviews again with --model, and compare every label.")
@click.option(
    "--other-model",
    "other_models",
    type=click.Path(path_type=Path),
    multiple=True,
    help="With --rescore: another model that has labelled some, as before a new one was taken; repeatable.",
)
@click.option("--allow-repeats", is_flag=True, help="A repeat under the same id, as at-least-once may give, is right.")
@click.option("--allow-other-models", is_flag=True, help="With --rescore: labels by other models are left unproved.")
@click.option("--show", type=click.IntRange(0), default=20, show_default=True, help="Places named for each finding.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def audit(  # noqa: PLR0913 - one argument a flag
    kafka_settings: KafkaSettings,
    topic_settings: TopicSettings,
    model_settings: ModelSettings,
    log_settings: LogSettings,
    *,
    starts: dict[int, int],
    ends: dict[int, int],
    since: datetime | None,
    until: datetime | None,
    group: str | None,
    rescore: bool,
    other_models: tuple[Path, ...],
    allow_repeats: bool,
    allow_other_models: bool,
    show: int,
    as_json: bool,
) -> int:
    """Prove that every input was answered exactly once: inputs = labels + dead letters.

    Looks at all that the input topic holds, or at a part of it. Exits with 0 where the proof holds, with 1 where an
    input has no answer, more than one, or a wrong one. While the stream runs, --group says how far it claims to be;
    without it, what is still on its way counts as missing.

    With --rescore each label must be what the model says offline (probabilities to 1e-9), and each dead letter must
    still be unreadable; size is not judged. Where the model has changed, --other-model names those before: each label
    is held against the model that it names. Labels by none of them can't be proved: they fail, unless
    --allow-other-models. Takes three bytes of memory for each input, and reads the whole output topic.

    \b
    Examples:
      review-consumer audit
      review-consumer audit --group reviewstream --rescore
      review-consumer audit --rescore --other-model models/default.previous
      review-consumer audit --since 2026-01-31 --allow-repeats --json
    """  # noqa: D301 - click wants the control character
    if group is not None and (ends or until is not None):
        raise click.UsageError("--group says where to end: leave out --to and --until")
    if other_models and not rescore:
        raise click.UsageError("--other-model is for --rescore")
    configure_logs(log_settings.log_level, log_settings.log_format)
    wait_for_broker(kafka_settings)
    request = RangeRequest(starts, ends, since, until, group)
    with choose_display() as display, _readers(kafka_settings, topic_settings) as (inputs, labels, dead_letters):
        ranges = choose_ranges(kafka_settings, inputs, request)
        found = Audit(inputs.topic, ranges, show)
        count_answers(found, inputs, labels, dead_letters, display)
        if rescore:
            scorers = _scorers([model_settings.model, *other_models], model_settings.neutral_band)
            rescoring = Rescoring(found, scorers)
            for _ in display.track("rescoring", rescoring.run(inputs, labels), offsets_in(found.ranges)):
                pass
    tolerated = {Finding.REPEATED_SAME_ID} if allow_repeats else set()
    result = found.result(tolerated | ({Finding.OTHER_MODEL} if allow_other_models else set()))
    if as_json:
        click.echo(msgspec.json.encode(audit_object(result, found.topic, ranges, dict(found.labels_by_model))))
    else:
        print_audit(result, found.topic, ranges, Console())
    return 0 if result.holds else 1


def count_answers(
    found: Audit, inputs: RangeReader, labels: RangeReader, dead_letters: RangeReader, display: ReadingDisplay
) -> None:
    """Count the answers to an audit's inputs that the topics hold now."""
    # What a group has committed may still wait for its transaction's marker in the output topic: read that far.
    label_ranges, letter_ranges = labels.written_bounds(), dead_letters.written_bounds()
    for chunk in display.track("inputs", inputs.read_chunks(found.ranges), offsets_in(found.ranges)):
        found.add_inputs(chunk)
    for chunk in display.track("labels", labels.read_chunks(label_ranges), offsets_in(label_ranges)):
        found.add_labels(chunk)
    for chunk in display.track("dead letters", dead_letters.read_chunks(letter_ranges), offsets_in(letter_ranges)):
        found.add_dead_letters(chunk)


def _scorers(folders: Iterable[Path], neutral_band: float | None) -> dict[str, Scorer]:
    """Return the scorer of each model, by its digest."""
    # Brings in the compiler, which counting does without.
    from consumer.model.load import load_scorer  # noqa: PLC0415

    loaded = [load_scorer(folder, neutral_band) for folder in folders]
    return {model.manifest.digest(): model.scorer for model in loaded}


@contextmanager
def _readers(kafka: KafkaSettings, topics: TopicSettings) -> Iterator[tuple[RangeReader, RangeReader, RangeReader]]:
    with (
        open_reader(kafka, topics.input_topic) as inputs,
        open_reader(kafka, topics.output_topic) as labels,
        open_reader(kafka, topics.dead_letters) as dead_letters,
    ):
        yield inputs, labels, dead_letters
