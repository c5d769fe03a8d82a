"""The stream as `compare` measures it: a consumer process, reviews published to it, and its labels read back."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from confluent_kafka import Consumer, Producer, TopicPartition

from consumer.commands.demo_processes import ConsumerProbe, DemoProcess, stream_environment
from consumer.commands.own_topics import own_topics
from consumer.measuring.answers import Answers
from consumer.measuring.comparing import ALL_AT_ONCE, ONE_AT_A_TIME, StreamRun
from consumer.measuring.rounds import ROUNDS_MIN, WARMING_REVIEWS, reviews_that_fit
from consumer.measuring.timing import Round
from shared.codec import decode_label, encode_review
from shared.dev_broker.choice import DevBroker
from shared.dev_broker.ports import free_ports
from shared.errors import FatalError
from shared.kafka_client import KafkaSettings, create_client
from shared.process_use import memory_peak_mb_of, processor_s_of
from shared.reviews import Label, Review
from shared.topics import TopicSettings

PARTITIONS = 4
READY_S_MAX = 60.0
SILENCE_S_MAX = 30.0
# Calls into librdkafka end so often, so that Ctrl-C is noticed.
WAIT_S = 1.0
CHUNK_RECORDS = 1000


@dataclass(frozen=True, slots=True)
class Arrival:
    """A label, and when it could be read, in seconds on the monotonic clock."""

    label: Label
    at_s: float


class Exchange:
    """Publishes numbered reviews and reads their labels, from outside the consumer's group."""

    def __init__(self, kafka: KafkaSettings, topics: TopicSettings) -> None:
        self._topics = topics
        self._producer: Producer = create_client(Producer, kafka.producer_config())
        reading = {"group.id": "reviewstream-compare", "enable.auto.commit": False, "fetch.queue.backoff.ms": 5}
        self._consumer: Consumer = create_client(Consumer, reading | kafka.client_config())
        self._sent = 0

    def open(self) -> None:
        """Start to read where the topic of labels begins."""
        self._consumer.assign([TopicPartition(self._topics.output_topic, number, 0) for number in range(PARTITIONS)])

    def close(self) -> None:
        """Let go of the connections."""
        self._consumer.close()

    def reserve(self, count: int) -> int:
        """Return the first of so many numbers that no review has yet."""
        first, self._sent = self._sent, self._sent + count
        return first

    def publish(self, number: int, text: str) -> None:
        """Hand a review to the client, waiting for room where it has none."""
        name = str(number)
        value = encode_review(Review(name, text))
        while True:
            try:
                return self._producer.produce(self._topics.input_topic, value, name)
            except BufferError:
                self._producer.poll(WAIT_S)

    def read(self, count: int) -> Iterator[Arrival]:
        """Yield so many labels as they come; FatalError where they stay away."""
        silent_since = time.monotonic()
        while count:
            first = self._consumer.poll(min(WAIT_S, 0.05))
            now_s = time.perf_counter()
            messages = [] if first is None else [first, *self._consumer.consume(CHUNK_RECORDS, 0)]
            for message in messages:
                if message.error() is None:
                    silent_since = time.monotonic()
                    count -= 1
                    yield Arrival(decode_label(message.value() or b""), now_s)
            if time.monotonic() - silent_since > SILENCE_S_MAX:
                raise FatalError(
                    f"{count} labels did not come, and nothing for {SILENCE_S_MAX:g} s",
                    hint="is the broker up? `--modes batch,real-time,micro-batch` does without one",
                )


class KafkaStream:
    """A Stream (consumer.measuring.comparing) through a broker; each model gets topics and a consumer of its own."""

    def __init__(self, broker: DevBroker, folder: Path, per_s: float, budget_s: float) -> None:
        self._broker = broker
        self._folder = folder
        self._per_s = per_s
        self._budget_s = budget_s

    def measure(self, folder: Path, texts: Sequence[str]) -> list[StreamRun]:
        """Send texts through a consumer with this model; see the port."""
        kafka = KafkaSettings(bootstrap_servers=self._broker.bootstrap_servers)
        name = f"compare-{uuid.uuid4().hex[:8]}"
        topics = TopicSettings(f"{name}.reviews", f"{name}.labels", partitions=PARTITIONS)
        (port,) = free_ports(1)
        environment = stream_environment(kafka, topics, folder, name)
        log = self._folder / f"{name}.log"
        arguments = ["run", "--metrics-port", str(port)]
        with (
            own_topics(self._broker, kafka, topics),
            _exchange(kafka, topics) as exchange,
            DemoProcess("consumer", arguments, environment, log) as process,
        ):
            ConsumerProbe(process, port).wait_until_ready(READY_S_MAX)
            runs = self._runs(_Sender(exchange, process), texts)
            process.stop()
        return runs

    def _runs(self, sender: "_Sender", texts: Sequence[str]) -> list[StreamRun]:
        some = texts[:WARMING_REVIEWS]
        sender.round(some, sender.all_at_once)
        alone_s = sender.round(some[:10], sender.one_at_a_time)[0].seconds / len(some[:10])
        together_s = sender.round(some, sender.all_at_once)[0].seconds / len(some)
        ways: list[tuple[str, Callable[[Sequence[str], int], list[float]], float]] = [
            (ALL_AT_ONCE, sender.all_at_once, together_s),
            (ONE_AT_A_TIME, sender.one_at_a_time, alone_s),
            (f"{self._per_s:,g} a second", sender.at(self._per_s), max(together_s, 1 / self._per_s)),
        ]
        runs = []
        for way, send, expected_s in ways:
            fitting = texts[: reviews_that_fit(expected_s, self._budget_s, len(texts))]
            found = [sender.round(fitting, send) for _ in range(ROUNDS_MIN)]
            runs.append(StreamRun(way, [one for one, _ in found], found[-1][1], memory_peak_mb_of(sender.process_id)))
        return runs


class _Sender:
    """Sends the same reviews once more, in one of three ways, and makes a round of what comes back.

    A way takes the texts and their first number, and returns when each was published or meant to be, in seconds.
    """

    def __init__(self, exchange: Exchange, process: DemoProcess) -> None:
        self._exchange = exchange
        self.process_id = process.process_id
        self._arrived: list[Arrival] = []

    def round(self, texts: Sequence[str], send: Callable[[Sequence[str], int], list[float]]) -> tuple[Round, Answers]:
        """Return what one round took and what was answered, in the order of the texts."""
        first = self._exchange.reserve(len(texts))
        self._arrived = []
        processor, started = processor_s_of(self.process_id), time.perf_counter()
        published_s = send(texts, first)
        self._arrived += self._exchange.read(len(texts) - len(self._arrived))
        seconds, after = time.perf_counter() - started, processor_s_of(self.process_id)
        arrived = sorted(self._arrived, key=lambda arrival: int(arrival.label.review_id))
        latencies_s = [arrival.at_s - sent for arrival, sent in zip(arrived, published_s, strict=True)]
        work_s = seconds if send == self.all_at_once else sum(latencies_s)
        cpu_seconds = None if processor is None or after is None else after - processor
        return Round(seconds, cpu_seconds, work_s, None, latencies_s), _answers([one.label for one in arrived])

    def all_at_once(self, texts: Sequence[str], first: int) -> list[float]:
        """Publish as fast as can be; all count as published at the start."""
        start_s = time.perf_counter()
        for number, text in enumerate(texts, first):
            self._exchange.publish(number, text)
        return [start_s] * len(texts)

    def one_at_a_time(self, texts: Sequence[str], first: int) -> list[float]:
        """Publish the next when the label of the one before is there."""
        published_s = []
        for number, text in enumerate(texts, first):
            published_s.append(time.perf_counter())
            self._exchange.publish(number, text)
            self._arrived += self._exchange.read(1)
        return published_s

    def at(self, per_s: float) -> Callable[[Sequence[str], int], list[float]]:
        """Return the way that publishes so many a second, whatever comes back; what is late counts as due."""

        def send(texts: Sequence[str], first: int) -> list[float]:
            start_s = time.perf_counter()
            due_s = [start_s + number / per_s for number in range(len(texts))]

            def publish() -> None:
                for number, (text, due) in enumerate(zip(texts, due_s, strict=True), first):
                    time.sleep(max(0.0, due - time.perf_counter()))
                    self._exchange.publish(number, text)

            thread = threading.Thread(target=publish, daemon=True)
            thread.start()
            self._arrived += self._exchange.read(len(texts))
            thread.join()
            return due_s

        return send


@contextmanager
def _exchange(kafka: KafkaSettings, topics: TopicSettings) -> Iterator[Exchange]:
    exchange = Exchange(kafka, topics)
    try:
        exchange.open()
        yield exchange
    finally:
        exchange.close()


def _answers(labels: Sequence[Label]) -> Answers:
    classes = tuple(labels[0].scores)
    probabilities = np.array([[label.scores[name] for name in classes] for label in labels])
    return Answers(classes, [label.label for label in labels], probabilities)
