"""`lag`: how far the group is behind, asked from outside, whether it runs or not."""

import click
import msgspec
from rich.console import Console

from consumer.commands.group_settings import GroupNameSettings
from consumer.commands.lag_display import choose_display, json_display
from consumer.kafka.group_lag import LagLimits
from consumer.kafka.lag_reader import open_lag_reader
from consumer.reports.lag_summary import lag_object, lag_table
from shared.clock import SystemClock
from shared.kafka_client import KafkaSettings, wait_for_broker
from shared.logs import configure_logs
from shared.settings import LogSettings, with_settings
from shared.stop_signals import StopSignals
from shared.topics import TopicSettings


@click.command()
@with_settings(KafkaSettings)
@with_settings(TopicSettings)
@with_settings(GroupNameSettings)
@with_settings(LogSettings)
@click.option("--max-records", type=click.IntRange(0), help="Exit with 1 where more records than this are not done.")
@click.option(
    "--max-seconds", type=click.FloatRange(0), help="Exit with 1 where a record has waited for longer than this."
)
@click.option("--watch", is_flag=True, help="Ask again and again; with a limit, until lag is within it.")
@click.option("--every", type=click.FloatRange(0.1), default=2, show_default=True, help="Seconds between two askings.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON; with --watch a document a line.")
def lag(  # noqa: PLR0913 - one argument a flag
    kafka_settings: KafkaSettings,
    topic_settings: TopicSettings,
    group_name_settings: GroupNameSettings,
    log_settings: LogSettings,
    *,
    max_records: int | None,
    max_seconds: float | None,
    watch: bool,
    every: float,
    as_json: bool,
) -> int:
    """Say how far the consumer group is behind: records, and the age of the oldest that waits.

    The broker is asked, not the consumers: it also tells of a group that is not running, and of partitions that nobody
    holds. One record of each partition is read for its time stamp. Markers of transactions and records that were
    compacted away count as records where one waits before them; 0 is always exact. Records of transactions that are
    still open can't be read yet, and do not count.

    With --max-records or --max-seconds the exit code is 0 within the limits and 1 beyond them; what is not known is
    beyond. With --watch it waits until lag is within the limits, and leaves with 1 where it is stopped before.

    \b
    Examples:
      review-consumer lag
      review-consumer lag --max-seconds 30 --broker-wait-s-max 5      as a probe
      review-consumer lag --watch --max-records 0                     wait until all is done
    """  # noqa: D301 - click wants the control character
    configure_logs(log_settings.log_level)
    limits = LagLimits(max_records, max_seconds)
    wait_for_broker(kafka_settings)
    with open_lag_reader(
        kafka_settings, topic_settings.input_topic, group_name_settings.group, SystemClock()
    ) as reader:
        if watch:
            with StopSignals() as stop, json_display(limits) if as_json else choose_display(limits) as display:
                return display.watch(reader.read, every, stop)
        found = reader.read()
    if as_json:
        click.echo(msgspec.json.encode(lag_object(found, limits)))
    else:
        Console().print(lag_table(found, limits))
    return 0 if found.within(limits) else 1
