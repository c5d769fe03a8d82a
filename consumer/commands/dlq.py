"""`dlq`: what could not be read or scored: list it, look at it, and put it back once the cause is mended."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import click
import msgspec
from confluent_kafka import Producer
from rich.console import Console

from consumer.commands.places import parse_moment, parse_offsets, parse_place
from consumer.commands.reading_display import choose_display
from consumer.kafka.range_reader import RangeReader, Ranges, offsets_in, open_reader
from consumer.kafka.replay_plan import Fate, ReplayedRecords, ReplayPlan, ReplayRules, ReplayTarget
from consumer.kafka.replay_sender import ReplaySender
from consumer.kafka.stored_dead_letters import DeadLetterFilter, StoredDeadLetter, read_dead_letter
from consumer.reports.dead_letter_summary import listed, print_list, print_whole, whole
from shared.clock import SystemClock
from shared.errors import InputError, Reason
from shared.kafka_client import KafkaSettings, create_client, wait_for_broker
from shared.logs import configure_logs
from shared.settings import LogSettings, with_settings
from shared.topics import TopicSettings

ROWS_SHOWN = 100
# Wide enough for a row where no terminal says how wide it is.
COLUMNS_ELSEWHERE = 160

# What is said of those that were not put back.
WORDS = {
    Fate.ALREADY: "put back before",
    Fate.UNVERIFIABLE: "held back: the topic no longer tells whether they were put back before (--unverifiable)",
    Fate.OTHER_TOPIC: "left alone: they failed in another topic (--input-topic)",
    Fate.FILTERED: "not asked for",
    Fate.NO_SOURCE: "left alone: their headers name no source",
}

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which dead letters are meant."""
    options = [
        click.option(
            "--reason",
            "reasons",
            multiple=True,
            type=click.Choice([reason.value for reason in Reason]),
            help="Why; repeatable.",
        ),
        click.option("--since", metavar="TIME", callback=parse_moment, help="Failed at this time or later (ISO 8601)."),
        click.option("--until", metavar="TIME", callback=parse_moment, help="Failed before this time."),
        click.option(
            "--partition", "of_partitions", multiple=True, type=click.IntRange(0), help="Of the source; repeatable."
        ),
        click.option("--offset", "offsets", metavar="N|N-M", callback=parse_offsets, help="Of the source."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def dlq() -> None:
    """Look at dead letters, and put them back once the cause is mended."""


@dlq.command("list")
@with_settings(KafkaSettings)
@with_settings(TopicSettings)
@with_settings(LogSettings)
@filter_options
@click.option("--limit", type=click.IntRange(1), help=f"Most that are shown.  [default: {ROWS_SHOWN}, with --json all]")
@json_option
def list_(
    kafka_settings: KafkaSettings,
    topic_settings: TopicSettings,
    log_settings: LogSettings,
    *,
    limit: int | None,
    as_json: bool,
    **wanted: Any,
) -> int:
    """List dead letters with reason, stage, source, time and size; never what a review says.

    With --json one object a line. `show` takes what stands in the first column.

    \b
    Examples:
      review-consumer dlq list --reason schema --reason not_json
      review-consumer dlq list --since 2026-01-31 --json
    """  # noqa: D301 - click wants the control character
    configure_logs(log_settings.log_level, log_settings.log_format)
    wait_for_broker(kafka_settings)
    shown: list[dict[str, Any]] = []
    reasons: Counter[str] = Counter()
    with open_reader(kafka_settings, topic_settings.dead_letters) as reader:
        for letter in _matching(reader, reader.bounds(), _filter(**wanted)):
            reasons[letter.reason] += 1
            if as_json and (limit is None or reasons.total() <= limit):
                click.echo(msgspec.json.encode(listed(letter)))
            elif not as_json and len(shown) < (limit or ROWS_SHOWN):
                shown.append(listed(letter))
    if not reasons:
        click.echo(f"no dead letter in {topic_settings.dead_letters} matches", err=True)
    elif not as_json:
        print_list(shown, reasons, _console())
    return 0


@dlq.command()
@with_settings(KafkaSettings)
@with_settings(TopicSettings)
@with_settings(LogSettings)
@click.argument("place", metavar="PARTITION:OFFSET", callback=parse_place)
@click.option("--raw", is_flag=True, help="Write the record's own bytes, and nothing else.")
@json_option
def show(  # noqa: PLR0913 - one argument a flag
    kafka_settings: KafkaSettings,
    topic_settings: TopicSettings,
    log_settings: LogSettings,
    place: tuple[int, int],
    *,
    raw: bool,
    as_json: bool,
) -> int:
    """Show one dead letter whole, the review in it included; it is named by its place in the dead-letter topic.

    \b
    Examples:
      review-consumer dlq show 0:17
      review-consumer dlq show 0:17 --raw > record.bin
    """  # noqa: D301 - click wants the control character
    configure_logs(log_settings.log_level, log_settings.log_format)
    wait_for_broker(kafka_settings)
    with open_reader(kafka_settings, topic_settings.dead_letters) as reader:
        letter = _letter_at(reader, *place)
    if raw:
        sys.stdout.buffer.write(letter.stored.value or b"")
        sys.stdout.buffer.flush()
    elif as_json:
        click.echo(msgspec.json.encode(whole(letter)))
    else:
        print_whole(letter, _console())
    return 0


@dlq.command()
@with_settings(KafkaSettings)
@with_settings(TopicSettings)
@with_settings(LogSettings)
@filter_options
@click.option("--limit", type=click.IntRange(1), help="Most that are put back.")
@click.option("--to", "to", metavar="TOPIC", help="Put them here.  [default: the input topic]")
@click.option("--unverifiable", is_flag=True, help="Also those that may have been put back before, see above.")
@click.option("--dry-run", is_flag=True, help="Say what would be put back, and put nothing.")
@json_option
def replay(  # noqa: PLR0913 - one argument a flag
    kafka_settings: KafkaSettings,
    topic_settings: TopicSettings,
    log_settings: LogSettings,
    *,
    limit: int | None,
    to: str | None,
    unverifiable: bool,
    dry_run: bool,
    as_json: bool,
    **wanted: Any,
) -> int:
    """Put dead letters back into the input topic: same partition, key, value, headers and time stamp.

    Each is put back once, however often you ask: a replayed record names in its headers (`__dlq.replayed.*`) the one
    that failed, and the topic is read for such headers first. This holds as far as the topic reaches back: where
    retention removed what came after the failed record, nobody can tell, and the dead letter is held back unless
    --unverifiable is given. Two replays at the same time do not see each other. What fails again is a new dead letter.

    Exits with 0 when all that was sent is acknowledged, with 1 otherwise.

    \b
    Examples:
      review-consumer dlq replay --dry-run
      review-consumer dlq replay --reason too_large --since 2026-01-31
    """  # noqa: D301 - click wants the control character
    configure_logs(log_settings.log_level, log_settings.log_format)
    wait_for_broker(kafka_settings)
    topic = to or topic_settings.input_topic
    if topic == topic_settings.dead_letters:
        raise click.UsageError("--to names the dead-letter topic itself")
    meant = _filter(**wanted)
    with (
        open_reader(kafka_settings, topic_settings.dead_letters) as letters,
        open_reader(kafka_settings, topic) as there,
    ):
        bounds = letters.bounds()
        target = ReplayTarget(topic, there.bounds(), topic_settings.input_topic)
        replayed = _replayed_before(letters, bounds, there, target, meant)
        plan = ReplayPlan(target, replayed, ReplayRules(meant, limit, unverifiable))
        sender = ReplaySender(create_client(Producer, kafka_settings.producer_config()), target, SystemClock())
        for letter in map(read_dead_letter, letters.read(bounds)):
            if plan.full():
                break
            if plan.accept(letter) and not dry_run:
                sender.send(letter, datetime.now(UTC))
        sender.finish()
    _tell_replay(plan, sender, dry_run=dry_run, as_json=as_json)
    return 1 if sender.failed else 0


def _replayed_before(
    letters: RangeReader, bounds: Ranges, there: RangeReader, target: ReplayTarget, meant: DeadLetterFilter
) -> ReplayedRecords:
    sources = (letter.source for letter in _matching(letters, bounds, meant))
    candidates = (source for source in sources if source is not None and source.topic == target.from_topic)
    ranges = target.ranges_to_read(candidates)
    replayed = ReplayedRecords()
    with choose_display() as display:
        chunks = display.track("looking for what was replayed before", there.read_chunks(ranges), offsets_in(ranges))
        for chunk in chunks:
            replayed.add_from(chunk)
    return replayed


def _tell_replay(plan: ReplayPlan, sender: ReplaySender, *, dry_run: bool, as_json: bool) -> None:
    counts: dict[str, Any] = {str(fate): plan.counts[fate] for fate in Fate}
    if not dry_run:
        counts[Fate.REPLAYED] = sender.acknowledged
    summary = {"topic": plan.target.topic, "dry_run": dry_run, **counts, "failed": sender.failed}
    if as_json:
        click.echo(msgspec.json.encode(summary | {"failures": sender.failures}))
    elif not plan.counts.keys() - {Fate.FILTERED}:
        click.echo("no dead letter matches", err=True)
    else:
        verb = "would be put back" if dry_run else "put back"
        click.echo(f"{counts[Fate.REPLAYED]:,} {verb} into {plan.target.topic}")
        for fate, words in WORDS.items():
            if plan.counts[fate]:
                click.echo(f"{plan.counts[fate]:,} {words}")
        if sender.failed:
            click.echo(f"{sender.failed:,} failed", err=True)
        for failure in sender.failures:
            click.echo(f"  {failure.partition}:{failure.offset}  {failure.error}", err=True)


def _filter(
    reasons: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    of_partitions: tuple[int, ...],
    offsets: range | None,
) -> DeadLetterFilter:
    return DeadLetterFilter(frozenset(map(Reason, reasons)), since, until, frozenset(of_partitions), offsets)


def _matching(reader: RangeReader, bounds: Ranges, meant: DeadLetterFilter) -> Iterator[StoredDeadLetter]:
    return filter(meant.matches, map(read_dead_letter, reader.read(bounds)))


def _letter_at(reader: RangeReader, partition: int, offset: int) -> StoredDeadLetter:
    low, high = reader.bounds().get(partition, (0, 0))
    found = reader.read({partition: (offset, offset + 1)}) if low <= offset < high else iter(())
    for stored in found:
        return read_dead_letter(stored)
    raise InputError(
        f"{reader.topic} holds no dead letter at {partition}:{offset}",
        hint="`review-consumer dlq list` names them in its first column",
    )


def _console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=COLUMNS_ELSEWHERE)
