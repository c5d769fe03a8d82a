"""`doctor`: check, one after another, all that the stream needs, and say how to mend what is wrong."""

from collections.abc import Callable

import click
import msgspec
from rich.console import Console

from consumer.commands.doctor_checks import SettingsRead, checks_of
from consumer.commands.durations import parse_duration
from consumer.commands.run_settings import RunSettings
from consumer.examining.examination import examine
from consumer.examining.finding import Status
from consumer.reports.examination_summary import Lines, Waiting, examination_object
from shared.clock import SystemClock
from shared.kafka_client import KafkaSettings
from shared.logs import configure_logs
from shared.settings import with_unchecked_settings
from shared.topics import TopicSettings


@click.command()
@with_unchecked_settings(KafkaSettings)
@with_unchecked_settings(TopicSettings)
@with_unchecked_settings(RunSettings)
@click.option(
    "--within",
    "within_s",
    default="30s",
    show_default=True,
    callback=parse_duration,
    help="Time that all checks together may take.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@click.pass_context
def doctor(  # noqa: PLR0913 - each is an option of the command line
    context: click.Context,
    kafka_settings: Callable[[], KafkaSettings],
    topic_settings: Callable[[], TopicSettings],
    run_settings: Callable[[], RunSettings],
    *,
    within_s: float,
    as_json: bool,
) -> int:
    """Check all that `run` needs: settings, network, rights, topics, group, model, machine.

    Takes the settings of `run`. Nothing is changed: no topic is made, no group joined, no offset committed. The exit
    code is 0 where the stream could run, warnings or not, and 1 where a check failed.

    \b
    Examples:
      review-consumer doctor --bootstrap-servers broker:9092
      review-consumer doctor --json | jq '.checks[] | select(.status == "failed")'
    """  # noqa: D301 - click wants the control character
    # What clients log of their troubles is what the checks tell.
    configure_logs("CRITICAL")
    checks = checks_of(SettingsRead.of(context, kafka_settings, topic_settings, run_settings))
    clock = SystemClock()
    started_s = clock.monotonic()
    if as_json:
        findings = examine(checks, within_s, Waiting(Console(stderr=True), len(checks)), clock)
        click.echo(msgspec.json.encode(examination_object(findings, clock.monotonic() - started_s)))
    else:
        lines = Lines(Console(), len(checks))
        findings = examine(checks, within_s, lines, clock)
        lines.end(findings, clock.monotonic() - started_s)
    return 1 if any(finding.status is Status.FAILED for finding in findings) else 0
