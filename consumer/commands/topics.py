"""`topics`: make the three topics, and check that they are as the settings say."""

import sys

import click
import msgspec
from rich.console import Console
from rich.table import Table

from consumer.kafka.topic_admin import Drift, TopicAdmin
from shared.kafka_client import KafkaSettings
from shared.settings import with_settings
from shared.topics import TopicSettings

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group()
def topics() -> None:
    """Make and check the topics for reviews, labels and dead letters."""


@topics.command()
@with_settings(KafkaSettings)
@with_settings(TopicSettings)
@click.option("--dry-run", is_flag=True, help="Say what would be made, and make nothing.")
@json_option
def apply(kafka_settings: KafkaSettings, topic_settings: TopicSettings, *, dry_run: bool, as_json: bool) -> int:
    """Make the topics that are missing.

    One that exists is never altered: where it differs from the settings, that is shown and the exit code is 1.
    """
    admin = TopicAdmin(kafka_settings)
    specs = topic_settings.specs()
    missing = admin.missing(specs)
    if not dry_run:
        admin.create(missing)
    made = [spec.name for spec in missing]
    present = [spec for spec in specs if spec not in missing]
    drift = admin.drift(present)
    if as_json:
        click.echo(msgspec.json.encode({"made": made, "dry_run": dry_run, "drift": drift}))
    else:
        for name in made:
            click.echo(f"{'would make' if dry_run else 'made'} {name}")
        for spec in present:
            click.echo(f"{spec.name} is there")
        _show(drift)
    return 1 if drift else 0


@topics.command()
@with_settings(KafkaSettings)
@with_settings(TopicSettings)
@json_option
def verify(kafka_settings: KafkaSettings, topic_settings: TopicSettings, *, as_json: bool) -> int:
    """Compare the topics with the settings: exit code 0 where they agree, 1 where they differ."""
    specs = topic_settings.specs()
    drift = TopicAdmin(kafka_settings).drift(specs)
    if as_json:
        click.echo(msgspec.json.encode({"drift": drift}))
    elif drift:
        _show(drift)
    else:
        click.echo(f"{len(specs)} topics are as the settings say")
    return 1 if drift else 0


def _show(drift: list[Drift]) -> None:
    if not drift:
        return
    table = Table("topic", "what", "found", "expected", title="not as the settings say", title_justify="left")
    for difference in drift:
        table.add_row(difference.topic, difference.what, difference.found, difference.expected)
    Console(file=sys.stderr).print(table)
    click.echo("how to fix: change the settings, or the topic with kafka-topics / kafka-configs --alter", err=True)
