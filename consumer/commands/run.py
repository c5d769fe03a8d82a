"""`run`: the stream, until told to stop."""

import click
from prometheus_client import CollectorRegistry, disable_created_metrics

from consumer.commands.model_watch import watched_models
from consumer.commands.run_probes import RunProbes
from consumer.commands.run_settings import RunSettings
from consumer.commands.stream import assembled_stream
from consumer.commands.workers import run_workers, stop_s_max
from consumer.kafka.group import ReadTo
from consumer.kafka.topic_admin import TopicAdmin
from consumer.model.load import LoadedModel, load_scorer
from consumer.supervising.worker_process import end_with_parent, tell_port
from consumer.telemetry.metrics import ConsumerMetrics
from shared.clock import SystemClock
from shared.errors import ConfigurationError
from shared.kafka_client import KafkaSettings
from shared.logs import configure_logs, get_logger
from shared.probes import ProbeServer
from shared.settings import LogSettings, with_settings
from shared.stop_signals import StopSignals, stop_ends_the_start
from shared.topics import TopicSettings


@click.command()
@with_settings(KafkaSettings)
@with_settings(TopicSettings)
@with_settings(RunSettings)
@with_settings(LogSettings)
@click.option("--until-caught-up", is_flag=True, help="Stop at what is the end of the topic at the start.")
@click.option("--worker", default="", hidden=True, help="Which worker of `--workers` this process is.")
def run(  # noqa: PLR0913 - each is a group of flags, or one
    kafka_settings: KafkaSettings,
    topic_settings: TopicSettings,
    run_settings: RunSettings,
    log_settings: LogSettings,
    *,
    until_caught_up: bool,
    worker: str,
) -> int:
    """Label reviews as they arrive, until told to stop (SIGTERM, Ctrl-C).

    A label is published before its review counts as done: nothing is lost. With --delivery at-least-once a crash
    repeats at most what was in flight, under the same label ids; with exactly-once readers with the isolation level
    read_committed see each label once. What can't be read goes to the dead-letter topic with the reason.

    \b
    Examples:
      review-consumer run --bootstrap-servers broker:9092
      review-consumer run --until-caught-up        label what is there, then stop
      review-consumer run --delivery exactly-once --instance a
      review-consumer run --workers 4              four processes, started again when they fail
    """  # noqa: D301 - click wants the control character
    if run_settings.workers > 1:
        return run_workers(run_settings, log_settings)
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    metrics = ConsumerMetrics(registry, SystemClock())
    fields = {"worker": worker} if worker else None
    configure_logs(log_settings.log_level, log_settings.log_format, metrics.log_counts.count, fields)
    probes = RunProbes(run_settings, metrics)
    read_to = ReadTo.END if until_caught_up else ReadTo.FOREVER
    with ProbeServer(registry, run_settings.metrics_host, run_settings.metrics_port, probes.checks()) as server:
        if worker:
            end_with_parent(stop_s_max(run_settings))
            tell_port(server.port)
        probes.awaiting("the model")
        get_logger("run").info("listening", metrics_port=server.port)
        loaded = make_ready(kafka_settings, topic_settings, run_settings, probes)
        try:
            with (
                StopSignals() as stop,
                assembled_stream(
                    kafka_settings, topic_settings, run_settings, read_to, loaded.scorer, metrics
                ) as stream,
                watched_models(run_settings, loaded, stream.loop, metrics),
            ):
                probes.running(stream.source)
                get_logger("run").info(
                    "started",
                    input=topic_settings.input_topic,
                    delivery=run_settings.delivery,
                    metrics_port=server.port,
                )
                # Held by the loop alone: a newer one takes its place, and its memory.
                del loaded
                stream.run(stop.requested)
                get_logger("run").info("stopped", **metrics.totals())
        finally:
            server.await_last_scrape(run_settings.last_scrape_within)
    return 0


def make_ready(kafka: KafkaSettings, topics: TopicSettings, settings: RunSettings, probes: RunProbes) -> LoadedModel:
    """Return the model once the broker has its topics; a stop meanwhile ends the process, which has begun nothing."""
    with stop_ends_the_start():
        loaded = load_model(settings)
        probes.awaiting("the broker")
        require_topics(kafka, topics)
    probes.awaiting("the group and its transactions")
    return loaded


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


def require_topics(kafka: KafkaSettings, topics: TopicSettings) -> None:
    """Raise ConfigurationError where a topic is missing, warn where labels crowd together; waits for a broker."""
    admin = TopicAdmin(kafka)
    missing = admin.missing(topics.specs())
    if missing:
        raise ConfigurationError(
            f"missing on {kafka.bootstrap_servers}: {', '.join(spec.name for spec in missing)}",
            hint="`review-consumer topics apply` makes the topics",
        )
    read, written = admin.partitions(topics.input_topic), admin.partitions(topics.output_topic)
    if written < read:
        get_logger("run").warning(
            "output_has_fewer_partitions",
            input=topics.input_topic,
            input_partitions=read,
            output=topics.output_topic,
            output_partitions=written,
            meaning="labels of one key stay in order; fewer readers than consumers can share the labels",
        )
