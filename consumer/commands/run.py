"""`run`: the stream. Here the concrete classes meet."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import click
from confluent_kafka import Producer
from prometheus_client import CollectorRegistry, disable_created_metrics

from consumer.kafka.at_least_once import AtLeastOnceSink, DeliverySettings
from consumer.kafka.group import GroupSettings, ReadTo
from consumer.kafka.source import KafkaSource
from consumer.kafka.topic_admin import TopicAdmin
from consumer.model.load import LoadedModel, load_scorer
from consumer.scoring.loop import LoopLimits, ScoringLoop
from consumer.scoring.ports import BatchLimits
from consumer.telemetry.metrics import ConsumerMetrics
from shared.clock import SystemClock
from shared.errors import ConfigurationError
from shared.kafka_client import KafkaSettings, create_client
from shared.logs import configure_logs, get_logger
from shared.probes import Check, ProbeServer
from shared.settings import LogSettings, setting, with_settings
from shared.stop_signals import StopSignals
from shared.topics import TopicSettings

# A revoke must be answered before the group takes the member for dead.
REVOKE_DRAIN_S = 10.0


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How the stream runs."""

    model: Path = setting(Path("models/default"), "Folder of the trained model.")
    neutral_band: float | None = setting(
        None, "A review whose probability is nearer to 0.5 than this is neutral; as trained where it is not given."
    )
    group: str = setting("reviewstream", "Consumer group; members share the topic's partitions.")
    group_protocol: str = setting(
        "consumer", "Group protocol: `consumer` needs Kafka 4.0 or newer.", choices=("consumer", "classic")
    )
    start: str = setting("earliest", "Where a new group starts.", choices=("earliest", "latest"))
    batch_records_max: int = setting(1000, "Most records in a micro-batch.", minimum=1)
    batch_bytes_max: int = setting(8 * 1024 * 1024, "Most bytes of reviews in a micro-batch.", minimum=1)
    review_bytes_max: int = setting(1024 * 1024, "A larger review becomes a dead letter.", minimum=1)
    inflight_records_max: int = setting(20_000, "Most records waiting for the broker's acknowledgement.", minimum=1)
    shutdown_timeout: float = setting(30, "Seconds to finish what is in flight when told to stop.", minimum=0)
    live_within: float = setting(60, "Seconds without a turn of the loop after which /livez fails.", minimum=1)
    metrics_host: str = setting("127.0.0.1", "Address that /metrics, /livez and /readyz are served on.")
    metrics_port: int = setting(9464, "Port of the same; 0 takes a free one.", minimum=0)

    def __post_init__(self) -> None:
        """Refuse bounds that contradict each other."""
        if self.inflight_records_max < self.batch_records_max:
            raise ConfigurationError(
                f"--inflight-records-max ({self.inflight_records_max}) is less than one batch "
                f"(--batch-records-max, {self.batch_records_max})",
                hint="raise the first or lower the second",
            )

    def loop_limits(self) -> LoopLimits:
        """Return the bounds of the loop."""
        batch = BatchLimits(self.batch_records_max, self.batch_bytes_max)
        return LoopLimits(batch=batch, value_bytes_max=self.review_bytes_max, drain_s_max=self.shutdown_timeout)


@click.command()
@with_settings(KafkaSettings)
@with_settings(TopicSettings)
@with_settings(RunSettings)
@with_settings(LogSettings)
@click.option("--until-caught-up", is_flag=True, help="Stop at what is the end of the topic at the start.")
def run(
    kafka_settings: KafkaSettings,
    topic_settings: TopicSettings,
    run_settings: RunSettings,
    log_settings: LogSettings,
    *,
    until_caught_up: bool,
) -> int:
    """Label reviews as they arrive, until told to stop (SIGTERM, Ctrl-C).

    A label is published before its review counts as done: nothing is lost, and a crash repeats at most what was in
    flight, under the same label ids. What can't be read goes to the dead-letter topic with the reason.

    \b
    Examples:
      review-consumer run --bootstrap-servers broker:9092
      review-consumer run --until-caught-up        label what is there, then stop
    """  # noqa: D301 - click wants the control character
    configure_logs(log_settings.log_level)
    loaded = load_model(run_settings)
    require_topics(kafka_settings, topic_settings)
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    metrics = ConsumerMetrics(registry, SystemClock())
    metrics.serving(version("reviewstream"), loaded.manifest.model())
    group = GroupSettings(
        run_settings.group,
        run_settings.group_protocol,
        run_settings.start,
        ReadTo.END if until_caught_up else ReadTo.FOREVER,
    )
    with StopSignals() as stop, kafka_source(kafka_settings, group, topic_settings.input_topic, metrics) as source:
        server = ProbeServer(
            registry, run_settings.metrics_host, run_settings.metrics_port, checks(run_settings, metrics, source)
        )
        with server:
            get_logger("run").info("started", input=topic_settings.input_topic, metrics_port=server.port)
            sink = at_least_once_sink(kafka_settings, topic_settings, run_settings, source, metrics)
            source.subscribe(before_revoke=lambda: sink.drain(REVOKE_DRAIN_S))
            loop = ScoringLoop(source, loaded.scorer, sink, metrics, SystemClock(), run_settings.loop_limits())
            loop.run(stop.requested)
            get_logger("run").info("stopped", **metrics.totals())
    return 0


def load_model(settings: RunSettings) -> LoadedModel:
    """Return the model, checked and warm: the first review waits for no compiler."""
    loaded = load_scorer(settings.model, settings.neutral_band)
    manifest = loaded.manifest
    get_logger("run").info(
        "model_loaded",
        model=manifest.name,
        version=manifest.version,
        digest=manifest.digest()[:12],
        scored_by=loaded.scored_by,
    )
    return loaded


def at_least_once_sink(
    kafka: KafkaSettings, topics: TopicSettings, settings: RunSettings, source: KafkaSource, metrics: ConsumerMetrics
) -> AtLeastOnceSink:
    """Return the sink that publishes labels and commits through the source's consumer."""
    delivery = DeliverySettings(topics.output_topic, topics.dead_letters, settings.inflight_records_max)
    producer = create_client(Producer, kafka.producer_config())
    return AtLeastOnceSink(producer, source, delivery, metrics, SystemClock())


def require_topics(kafka: KafkaSettings, topics: TopicSettings) -> None:
    """Raise ConfigurationError where a topic is missing; waits for a broker."""
    missing = TopicAdmin(kafka).missing(topics.specs())
    if missing:
        raise ConfigurationError(
            f"missing on {kafka.bootstrap_servers}: {', '.join(spec.name for spec in missing)}",
            hint="`review-consumer topics apply` makes the topics",
        )


def checks(settings: RunSettings, metrics: ConsumerMetrics, source: KafkaSource) -> dict[str, Check]:
    """Return what /livez and /readyz ask: whether the loop turns, whether we are a member of the group."""

    def live() -> str:
        silent_s = metrics.silent_for_s()
        return f"the loop has not turned for {silent_s:.0f} s" if silent_s > settings.live_within else ""

    def ready() -> str:
        return "" if source.joined else "not a member of the group yet"

    return {"/livez": live, "/readyz": ready}


@contextmanager
def kafka_source(
    kafka: KafkaSettings, group: GroupSettings, topic: str, metrics: ConsumerMetrics
) -> Iterator[KafkaSource]:
    """Give a source that leaves its group whatever happens."""
    source = KafkaSource(kafka, group, topic, metrics)
    metrics.lag.read_from(source)
    try:
        yield source
    finally:
        metrics.lag.read_from(None)
        source.close()
