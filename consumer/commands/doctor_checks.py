"""What `doctor` looks at, in order: here the settings meet the checks."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from consumer.bounded.storing.databases.postgres_url import PASSWORD_SETTING
from consumer.commands.run_settings import RunSettings
from consumer.examining.addresses import NamesCheck, ReachCheck, own_addresses
from consumer.examining.encryption import EncryptionCheck
from consumer.examining.finding import Check
from consumer.examining.machine_checks import DiskCheck, MemoryCheck
from consumer.examining.port_check import PortCheck
from consumer.examining.settings_check import SettingsCheck
from consumer.examining.transport import transport_of
from consumer.kafka.delivery import Delivery
from consumer.kafka.examining.abilities import AbilitiesCheck
from consumer.kafka.examining.access import AccessCheck
from consumer.kafka.examining.clock_check import ClockCheck
from consumer.kafka.examining.cluster import Cluster
from consumer.kafka.examining.connections import AdvertisedCheck, ClientCheck, LoginCheck
from consumer.kafka.examining.group_check import GroupCheck
from consumer.kafka.examining.topic_checks import TopicsCheck
from consumer.kafka.group import GroupSettings
from consumer.model.compiled.kernel import score_batch
from consumer.model.model_check import ModelCheck
from consumer.native.code_cache import kept_in
from shared.clock import SystemClock
from shared.errors import ConfigurationError
from shared.kafka_client import KafkaSettings
from shared.settings import ENVIRONMENT_PREFIX
from shared.topics import TopicSettings

# The batch that is read, the one being scored, the one being delivered.
BATCHES_HELD = 3
ORIGINS = {ParameterSource.COMMANDLINE: "flag", ParameterSource.DEFAULT_MAP: "file"}
# Their values may hold passwords.
MASKED = {"kafka_property"}

Built = TypeVar("Built")


@dataclass(frozen=True, slots=True)
class SettingsRead:
    """The settings, those that were given with their origin, and why they can't be, where they contradict."""

    kafka: KafkaSettings
    topics: TopicSettings
    run: RunSettings
    refusal: ConfigurationError | None
    given: Sequence[str]
    context: click.Context

    @classmethod
    def of(
        cls,
        context: click.Context,
        kafka: Callable[[], KafkaSettings],
        topics: Callable[[], TopicSettings],
        run: Callable[[], RunSettings],
    ) -> "SettingsRead":
        """Build all three; those that contradict themselves stay as by default, and nothing looks at them."""
        given = list(_given(context))
        try:
            return cls(kafka(), topics(), run(), None, given, context)
        except ConfigurationError as error:
            return cls(KafkaSettings(), TopicSettings(), RunSettings(), error, given, context)


def checks_of(settings: SettingsRead) -> list[Check]:
    """Return the checks in the order in which one builds on another."""
    kafka, topics, run = settings.kafka, settings.topics, settings.run
    cluster, clock, delivery = Cluster(kafka), SystemClock(), Delivery(run.delivery)
    servers, transport = kafka.bootstrap_servers, transport_of(kafka.client_config())
    own = set(_names_of(settings.context, settings.context.command))
    known = partial(known_names, settings.context.find_root())
    return [
        SettingsCheck(settings.refusal, settings.given, tuple(os.environ), own, known),
        ClientCheck(cluster, kafka),
        NamesCheck(servers),
        ReachCheck(servers),
        EncryptionCheck(servers, transport),
        LoginCheck(cluster, transport),
        AdvertisedCheck(cluster),
        AbilitiesCheck(cluster, servers, transport, run.group_protocol, delivery, run.transaction_timeout),
        AccessCheck(cluster, topics, run.group, run.transactional_id, delivery),
        TopicsCheck(cluster, topics, run.review_bytes_max),
        GroupCheck(
            *(cluster, topics.input_topic, run.group, run.group_protocol, delivery, run.transactional_id),
            own_addresses=partial(own_addresses, servers),
        ),
        ClockCheck(cluster, topics.input_topic, clock),
        DiskCheck(lambda: kept_in(score_batch)),
        PortCheck(run.metrics_host, run.metrics_port),
        # Late: without kept code it compiles for tens of seconds.
        ModelCheck(run.model, run.neutral_band, clock),
        MemoryCheck(buffers_bytes(kafka, run)),
    ]


def buffers_bytes(kafka: KafkaSettings, run: RunSettings) -> int:
    """Return what the Kafka clients' queues and the batches under way may hold at most."""
    read = GroupSettings(run.group, run.group_protocol, run.start).consumer_config(kafka)
    queues = (read["queued.max.messages.kbytes"], kafka.producer_config()["queue.buffering.max.kbytes"])
    # From -X they come as text; what is no number is refused by the client.
    kbytes = [int(size) for size in map(str, queues) if size.isdigit()]
    return sum(kbytes) * 1024 + BATCHES_HELD * run.batch_bytes_max


def known_names(root: click.Context) -> set[str]:
    """Return the names in the environment that any of the program's commands reads."""
    secret = f"{ENVIRONMENT_PREFIX}{PASSWORD_SETTING}"
    return {*_names_of(root, root.command), secret, f"{secret}_FILE"}


def _names_of(context: click.Context, command: click.Command) -> Iterator[str]:
    yield from (str(parameter.envvar) for parameter in command.params if parameter.envvar)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from _names_of(context, child)


def _given(context: click.Context) -> Iterator[str]:
    for parameter in context.command.params:
        source = context.get_parameter_source(str(parameter.name))
        if not isinstance(parameter, click.Option) or not parameter.envvar or source is None:
            continue
        if source is ParameterSource.ENVIRONMENT:
            origin = str(parameter.envvar)
        elif source in ORIGINS:
            origin = ORIGINS[source]
        else:
            continue
        value = "" if parameter.name in MASKED else f" {_text(context.params.get(str(parameter.name)))}"
        yield f"{parameter.opts[0]}{value} ({origin})"


def _text(value: Any) -> str:
    return str(value) if isinstance(value, Path | str | int | float) else repr(value)
