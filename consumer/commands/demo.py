"""`demo`: the whole stream on real reviews, from a broker of its own to the proof that nothing was lost."""

import tempfile
import time
import uuid
from pathlib import Path

import click
import numpy as np
from confluent_kafka import Producer
from numpy.typing import NDArray
from rich.console import Console

from consumer.commands.demo_processes import ConsumerProbe, DemoProcess, stream_environment
from consumer.commands.own_topics import own_topics
from consumer.commands.run_settings import RunSettings
from consumer.kafka.audit import Audit
from consumer.kafka.dead_letters import read_dead_letter_headers
from consumer.kafka.range_reader import headers_or_none, open_reader
from consumer.model.manifest import MANIFEST, read_manifest
from consumer.model.train import Reporter, TrainingPlan, train
from consumer.model.training_data import sample_data
from consumer.reports.demo_summary import DemoResult, print_summary
from consumer.scoring.record import Batch, Record
from shared.codec import decode_label
from shared.datasets import DATASETS, Split, read_dataset
from shared.dev_broker.choice import DevBroker, Purpose, choose_broker
from shared.dev_broker.ports import free_ports
from shared.kafka_client import KafkaSettings
from shared.logs import configure_logs
from shared.settings import with_settings
from shared.topics import TopicSettings

# Sentences first, at a rate; then long reviews, all at once: together 5,000.
STEADY, STEADY_REVIEWS, STEADY_PER_S = "rotten-tomatoes", 1600, 200
BURST, BURST_REVIEWS = "imdb", 3400
BAD_EVENTS = (b"this is no JSON", b'{"review_id": "no-text"}', b"")
READY_S_MAX = 60.0
LABELLED_S_MAX = 180.0


@click.command()
@click.option(
    "--bootstrap-servers",
    envvar="REVIEWS_KAFKA_BOOTSTRAP_SERVERS",
    show_envvar=True,
    help="A broker to use; without one, Docker, a local Kafka, or one inside this process, in this order.",
)
@with_settings(RunSettings)
def demo(bootstrap_servers: str | None, run_settings: RunSettings) -> int:
    """See it all at work: 5,000 real reviews through Kafka, labelled, counted and proved, in a minute or so."""
    configure_logs("WARNING")
    console = Console()
    started = time.monotonic()
    _train_if_missing(run_settings.model, console)
    console.print("[dim]choosing a broker …")
    with choose_broker(bootstrap_servers, Purpose.DEMO) as broker, tempfile.TemporaryDirectory() as folder:
        console.print(f"broker: {broker.choice}")
        result = _Stage(broker, run_settings.model, Path(folder), console, started).play()
    print_summary(result, console)
    return 0 if result.succeeded else 1


def _train_if_missing(model: Path, console: Console) -> None:
    if (model / MANIFEST).exists():
        console.print(f"model: {model}, trained before")
        return
    with console.status("training") as status:
        started = time.monotonic()
        reporter = Reporter(lambda step: status.update(f"training the model: {step}"))
        train(model, "1", sample_data(), TrainingPlan(), reporter)
    console.print(f"model: trained in {time.monotonic() - started:.0f} s, kept in {model}")


class _Stage:
    """One performance: topics of its own, a consumer process, producer processes, and a look at what came out."""

    def __init__(self, broker: DevBroker, model: Path, folder: Path, console: Console, started: float) -> None:
        self._broker = broker
        self._model = model
        self._folder = folder
        self._console = console
        self._started = started
        self._kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
        name = f"demo-{uuid.uuid4().hex[:8]}"
        self._topics = TopicSettings(input_topic=f"{name}.reviews", output_topic=f"{name}.labels", partitions=4)
        self._environment = stream_environment(self._kafka, self._topics, model, name)

    def play(self) -> DemoResult:
        """Run it all and return what was found."""
        with own_topics(self._broker, self._kafka, self._topics):
            (port,) = free_ports(1)
            arguments = ["run", "--metrics-port", str(port)]
            with DemoProcess("consumer", arguments, self._environment, self._folder / "consumer.log") as consumer:
                probe = ConsumerProbe(consumer, port)
                with self._console.status("starting the consumer"):
                    probe.wait_until_ready(READY_S_MAX)
                self._publish(probe)
                exit_code = consumer.stop()
            with self._console.status("reading back inputs, labels and dead letters"):
                return self._examine(exit_code)

    def _publish(self, probe: ConsumerProbe) -> None:
        with self._console.status(f"publishing {STEADY_REVIEWS:,} sentences, {STEADY_PER_S} a second"):
            self._replay(STEADY, STEADY_REVIEWS, STEADY_PER_S)
            probe.wait_until_consumed(STEADY_REVIEWS, LABELLED_S_MAX)
        with self._console.status(
            f"publishing {BURST_REVIEWS:,} long reviews at once, and {len(BAD_EVENTS)} bad events"
        ):
            self._throw_in_bad_events()
            self._replay(BURST, BURST_REVIEWS, 0)
            probe.wait_until_consumed(STEADY_REVIEWS + BURST_REVIEWS + len(BAD_EVENTS), LABELLED_S_MAX)

    def _replay(self, dataset: str, limit: int, rate: float) -> None:
        arguments = ["replay", dataset, "--split", Split.HELD_OUT.value, "--limit", str(limit), "--rate", str(rate)]
        with DemoProcess("producer", arguments, self._environment, self._folder / "producer.log") as producer:
            producer.wait(LABELLED_S_MAX)

    def _throw_in_bad_events(self) -> None:
        producer = Producer(self._kafka.producer_config())
        for value in BAD_EVENTS:
            producer.produce(self._topics.input_topic, value, b"bad")
        producer.flush(LABELLED_S_MAX)

    def _examine(self, exit_code: int) -> DemoResult:
        inputs, ranges = self._read_all(self._topics.input_topic)
        stored, _ = self._read_all(self._topics.output_topic)
        letters, _ = self._read_all(self._topics.dead_letters)
        audit = Audit(self._topics.input_topic, ranges)
        audit.add_inputs(inputs)
        audit.add_labels(stored)
        audit.add_dead_letters(letters)
        rows = _Journeys(inputs, stored)
        manifest = read_manifest(self._model)
        return DemoResult(
            broker=self._broker.kind.value,
            model=f"{manifest.name}, digest {manifest.digest()[:12]}",
            labels=rows.labels,
            truth={r.review_id: r.sentiment for name in DATASETS for r in read_dataset(name, Split.HELD_OUT)},
            latencies_s=rows.latencies_s(STEADY),
            rate_per_s=STEADY_PER_S,
            burst_per_s=rows.throughput_per_s(BURST),
            dead_letter_reasons=[read_dead_letter_headers(headers_or_none(letter))["reason"] for letter in letters],
            audit=audit.result(),
            exit_code=exit_code,
            seconds=time.monotonic() - self._started,
        )

    def _read_all(self, topic: str) -> tuple[list[Record], dict[int, tuple[int, int]]]:
        with open_reader(self._kafka, topic) as reader:
            ranges = reader.bounds()
            return [record for chunk in reader.read_chunks(ranges) for record in chunk], ranges


class _Journeys:
    """Each label beside the moment its review was published and the moment the label was stored."""

    def __init__(self, inputs: list[Record], stored: list[Record]) -> None:
        published = {(record.partition(), record.offset()): record.timestamp()[1] for record in inputs}
        self.labels = [decode_label(record.value() or b"") for record in stored]
        self._stored_ms = Batch(stored).timestamps_ms
        sources = [label.source for label in self.labels]
        self._published_ms = np.array([published[source.partition, source.offset] for source in sources])

    def latencies_s(self, dataset: str) -> NDArray[np.float64]:
        """Return published to stored, in seconds, for one data set's reviews (n,)."""
        rows = self._rows(dataset)
        waited: NDArray[np.float64] = (self._stored_ms[rows] - self._published_ms[rows]) / 1000
        return waited

    def throughput_per_s(self, dataset: str) -> float:
        """Return reviews labelled per second, from the first published to the last label stored."""
        rows = self._rows(dataset)
        seconds = (self._stored_ms[rows].max() - self._published_ms[rows].min()) / 1000
        return float(rows.sum() / max(seconds, 0.001))

    def _rows(self, dataset: str) -> NDArray[np.bool_]:
        return np.array([label.review_id.startswith(dataset) for label in self.labels])
