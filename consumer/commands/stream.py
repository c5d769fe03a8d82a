"""The stream put together: here the concrete classes meet."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from confluent_kafka import Producer

from consumer.commands.observers import loop_observer
from consumer.commands.run_settings import RunSettings
from consumer.kafka import labels
from consumer.kafka.at_least_once import AtLeastOnceSink
from consumer.kafka.client_statistics import reporting
from consumer.kafka.delivery import Delivery, DeliverySettings
from consumer.kafka.group import GroupSettings, ReadTo
from consumer.kafka.source import KafkaSource
from consumer.kafka.topic_facts import TopicFacts
from consumer.kafka.transaction_steps import RETRY_S_MAX
from consumer.kafka.transactions import ExactlyOnceSink
from consumer.scoring.batching import BatchPolicy
from consumer.scoring.decoding import decode
from consumer.scoring.lane import ThreadLane
from consumer.scoring.loop import ScoringLoop
from consumer.scoring.outcome import ReadableRecords
from consumer.scoring.ports import Scorer, Sink
from consumer.telemetry.metrics import ConsumerMetrics
from shared.clock import SystemClock
from shared.errors import FatalError
from shared.kafka_client import KafkaSettings, create_client
from shared.topics import TopicSettings

# A revoke must be answered before the group takes the member for dead.
REVOKE_DRAIN_S = 10.0
# A batch makes tens of thousands of objects and frees them by itself: nothing is looked for until far more are alive.
COLLECT_AFTER = (1_000_000, 20, 50)


@dataclass(frozen=True, slots=True)
class Stream:
    """A source and the loop over it."""

    source: KafkaSource
    loop: ScoringLoop[ReadableRecords]

    def run(self, stop_requested: Callable[[], bool]) -> None:
        """Join the group and label until a stop is requested or the source is exhausted; FatalError without memory."""
        self.source.subscribe(
            before_revoke=lambda: self.loop.settle(REVOKE_DRAIN_S), rebalancing=self.loop.time.rebalancing
        )
        try:
            self.loop.run(stop_requested)
        except (MemoryError, SystemError) as error:
            if not ended_by_memory(error):
                raise
            raise FatalError(
                "no memory is left; what was not committed is read again by the next process",
                hint="allow the process more, or let it hold less: --batch-bytes-max (REVIEWS_BATCH_BYTES_MAX), "
                "--batch-records-max (REVIEWS_BATCH_RECORDS_MAX)",
            ) from error


def ended_by_memory(error: BaseException) -> bool:
    """Return whether memory ran out; the Kafka client, written in C, may return a result and that error at once."""
    return isinstance(error, MemoryError) or isinstance(error.__cause__, MemoryError)


@contextmanager
def assembled_stream(  # noqa: PLR0913, PLR0917 - what a stream is made of
    kafka: KafkaSettings,
    topics: TopicSettings,
    settings: RunSettings,
    read_to: ReadTo,
    scorer: Scorer,
    metrics: ConsumerMetrics,
) -> Iterator[Stream]:
    """Give a stream that is ready to run; it leaves its group and lets go of its transaction whatever happens."""
    # As the model was: the first review waits for no compiler.
    labels.warm_up()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    delivery = Delivery(settings.delivery)
    group = GroupSettings(settings.group, settings.group_protocol, settings.start, read_to, delivery)
    policy = BatchPolicy(settings.batch_bounds())
    metrics.batch_costs.read_from(policy)
    with (
        _source(kafka, group, topics.input_topic, metrics) as source,
        _sink(kafka, topics, settings, source, policy, metrics) as sink,
        ThreadLane("scoring") as lane,
        TopicFacts(kafka, topics.input_topic, metrics.topic_state).asked_again_and_again(),
    ):
        limits = settings.loop_limits()
        observer = loop_observer(metrics, topics.input_topic, settings.group)
        loop = ScoringLoop(source, decode, scorer, sink, observer, SystemClock(), policy, limits, lane)
        metrics.loop_time.read_from(loop.time)
        # The loop may come to use another: only it shall hold this one.
        del scorer
        yield Stream(source, loop)


@contextmanager
def _source(kafka: KafkaSettings, group: GroupSettings, topic: str, metrics: ConsumerMetrics) -> Iterator[KafkaSource]:
    source = KafkaSource(kafka, group, topic, metrics, metrics.kafka_clients.consumer_reports)
    metrics.lag.read_from(source)
    try:
        yield source
    finally:
        metrics.lag.read_from(None)
        source.close()


@contextmanager
def _sink(  # noqa: PLR0913, PLR0917 - what a sink is made of
    kafka: KafkaSettings,
    topics: TopicSettings,
    settings: RunSettings,
    source: KafkaSource,
    policy: BatchPolicy,
    metrics: ConsumerMetrics,
) -> Iterator[Sink[ReadableRecords]]:
    delivery = DeliverySettings(topics.output_topic, topics.dead_letters, settings.inflight_records_max)
    if settings.delivery == Delivery.AT_LEAST_ONCE:
        config = reporting(kafka.producer_config(), metrics.kafka_clients.producer_reports)
        yield AtLeastOnceSink(create_client(Producer, config), source, delivery, metrics, policy, SystemClock())
        return
    # Longer than a transaction and the steps that end it may take.
    delivery = replace(delivery, room_wait_s_max=settings.transaction_timeout + 2 * RETRY_S_MAX)
    transactional = kafka.transactional_config(settings.transactional_id, settings.transaction_timeout)
    config = reporting(transactional, metrics.kafka_clients.producer_reports)
    with ThreadLane("transactions") as lane:
        sink = ExactlyOnceSink(
            create_client(Producer, config), delivery, metrics, policy, SystemClock(), lane, source.note_delivered
        )
        try:
            sink.start()
            yield sink
        finally:
            sink.close()
