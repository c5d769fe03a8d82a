"""The ways to get from the input topic to the output topic, each run as a process of its own.

python -m benchmarks.stream_ways WAY [--records N]     settings come from the environment, as those of `run`

A way stops after so many records, or when told to (SIGTERM), and prints what it saw as one line of JSON.
"""

import gc
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click
import msgspec
import numpy as np
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from prometheus_client import CollectorRegistry

from benchmarks.pass_through import ConsumeOnly, Flushed, PassThrough, Pipelined, Transacted, ready_labels
from consumer.commands.run_settings import RunSettings
from consumer.commands.stream import COLLECT_AFTER, assembled_stream
from consumer.kafka.delivery import Delivery
from consumer.kafka.group import GroupSettings, ReadTo
from consumer.scoring.outcome import Scores
from consumer.telemetry.metrics import ConsumerMetrics
from shared.clock import SystemClock
from shared.kafka_client import KafkaSettings, create_client
from shared.reviews import Model
from shared.settings import with_settings
from shared.stop_signals import StopSignals
from shared.topics import TopicSettings

CONSUME_ONLY = "consume only"
FLUSHED = "pass-through, flush a batch"
PIPELINED = "pass-through, pipelined"
DISTINCT = "pass-through, distinct labels"
TRANSACTED = "pass-through, transactions"
CONSTANT = "our loop, constant scorer"
AT_LEAST_ONCE = "run, at-least-once"
EXACTLY_ONCE = "run, exactly-once"
PASS_THROUGHS = (CONSUME_ONLY, FLUSHED, PIPELINED, DISTINCT, TRANSACTED)
# What stands for the least work there is between input and output.
REFERENCES = (FLUSHED, PIPELINED)

# More than a client keeps in flight: no two alike are compressed together.
DISTINCT_LABELS = 25_000
# With a backlog a transaction may be large: it costs the same whatever its size.
TRANSACTION_RECORDS_MAX = 10_000
OUR_DELIVERIES: dict[str, list[str]] = {AT_LEAST_ONCE: [], EXACTLY_ONCE: ["--delivery", Delivery.EXACTLY_ONCE.value]}
OUR_COMMAND = (sys.executable, "-m", "consumer", "run")
LOG_LEVEL = "WARNING"


@dataclass(frozen=True, slots=True)
class Setup:
    """What every way is given."""

    kafka: KafkaSettings
    topics: TopicSettings
    run: RunSettings
    records: int | None
    stop_requested: Callable[[], bool]


class ConstantScorer:
    """A Scorer that knows the answer before it has seen the text."""

    def __init__(self, texts_max: int) -> None:
        self._model = Model("default", "1", "0" * 64)
        self._probabilities = np.tile([0.0712345678901234, 0.9287654321098766], (texts_max, 1))
        self._labels = ["positive"] * texts_max

    def score(self, texts: Sequence[str]) -> Scores:
        """Return the same row for each text."""
        rows = self._probabilities[: len(texts)]
        return Scores(self._model, ("negative", "positive"), self._labels[: len(texts)], rows[:, 1], rows)


def command(way: str, records: int | None) -> list[str]:
    """Return the command line of a way; without a number of records it goes on until it is told to stop."""
    if way in OUR_DELIVERIES:
        return [*OUR_COMMAND, *OUR_DELIVERIES[way], *(["--until-caught-up"] if records else [])]
    limit = ["--records", str(records)] if records else []
    return [sys.executable, "-m", "benchmarks.stream_ways", way, *limit]


def environment(kafka: KafkaSettings, topics: TopicSettings, group: str) -> dict[str, str]:
    """Return the settings that all ways share."""
    return {
        "REVIEWS_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "REVIEWS_INPUT_TOPIC": topics.input_topic,
        "REVIEWS_OUTPUT_TOPIC": topics.output_topic,
        "REVIEWS_DEAD_LETTER_TOPIC": topics.dead_letters,
        "REVIEWS_PARTITIONS": str(topics.partitions),
        "REVIEWS_GROUP": group,
        # A part of the transactional id: nobody else has it.
        "REVIEWS_INSTANCE": group,
        "REVIEWS_METRICS_PORT": "0",
        "REVIEWS_LOG_LEVEL": LOG_LEVEL,
    }


def _consumer(setup: Setup) -> Consumer:
    group = GroupSettings(setup.run.group, setup.run.group_protocol, setup.run.start, ReadTo.FOREVER)
    consumer: Consumer = create_client(Consumer, group.consumer_config(setup.kafka))

    def assigned(member: Consumer, partitions: list[TopicPartition]) -> None:
        # A new group every time: there is nothing that it could go on from.
        member.incremental_assign([TopicPartition(p.topic, p.partition, OFFSET_BEGINNING) for p in partitions])

    consumer.subscribe([setup.topics.input_topic], on_assign=assigned)
    return consumer


def _pass_through(setup: Setup, way: str, consumer: Consumer) -> PassThrough:
    config, topic = setup.kafka.producer_config(), setup.topics.output_topic
    if way == CONSUME_ONLY:
        return ConsumeOnly(consumer)
    if way == FLUSHED:
        return Flushed(consumer, config, topic, ready_labels(1))
    if way == TRANSACTED:
        config = setup.kafka.transactional_config(setup.run.transactional_id, setup.run.transaction_timeout)
        return Transacted(consumer, config, topic, ready_labels(1), TRANSACTION_RECORDS_MAX)
    return Pipelined(consumer, config, topic, ready_labels(DISTINCT_LABELS if way == DISTINCT else 1))


def _pass(setup: Setup, way: str) -> dict[str, Any]:
    """Run a pass-through; return when it had read how much, and its commits where it counts them."""
    consumer = _consumer(setup)
    pass_through = _pass_through(setup, way, consumer)
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    read = 0
    at_s: list[float] = []
    totals: list[int] = []

    def enough() -> bool:
        return setup.stop_requested() or (setup.records is not None and read >= setup.records)

    for size in pass_through.run(enough):
        read += size
        if setup.records is not None:
            at_s.append(time.time())
            totals.append(read)
    consumer.close()
    commits = list(pass_through.commits) if isinstance(pass_through, Transacted) else []
    return {"at_s": at_s, "read": totals, "commits": commits}


def _constant(setup: Setup) -> dict[str, Any]:
    """Run our loop as `run` does, with a scorer that costs nothing."""
    metrics = ConsumerMetrics(CollectorRegistry(), SystemClock())
    read_to = ReadTo.END if setup.records else ReadTo.FOREVER
    scorer = ConstantScorer(setup.run.batch_records_max)
    with assembled_stream(setup.kafka, setup.topics, setup.run, read_to, scorer, metrics) as stream:
        stream.run(setup.stop_requested)
    return metrics.totals()


@click.command()
@with_settings(KafkaSettings)
@with_settings(TopicSettings)
@with_settings(RunSettings)
@click.argument("way", type=click.Choice([*PASS_THROUGHS, CONSTANT]))
@click.option("--records", type=int, help="Stop after so many records.")
def main(
    kafka_settings: KafkaSettings,
    topic_settings: TopicSettings,
    run_settings: RunSettings,
    way: str,
    records: int | None,
) -> None:
    """Run one way."""
    with StopSignals() as stop:
        setup = Setup(kafka_settings, topic_settings, run_settings, records, stop.requested)
        seen = _constant(setup) if way == CONSTANT else _pass(setup, way)
    sys.stdout.buffer.write(msgspec.json.encode(seen))


if __name__ == "__main__":
    main()
