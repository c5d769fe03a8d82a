"""A stream under load that a real Prometheus watches, with everything switched on that a board can show."""

import json
import re
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from prometheus_client import CollectorRegistry

from consumer.telemetry.comparison_metrics import ComparisonCollector, ComparisonFigures
from shared.dev_broker.ports import HOST, free_ports, is_free
from shared.kafka_client import KafkaSettings
from shared.probes import ProbeServer
from shared.topics import TopicSettings
from tests.support.grafana_boards import TimeRange
from tests.support.memory_limits import allow_only
from tests.support.processes import Program, settings_in_environment
from tests.support.prometheus_server import PrometheusServer, installed_prometheus
from tests.support.reviews import publish, review_values
from tests.support.stream_under_test import Deadline

RULES = Path(__file__).parents[2] / "deploy/prometheus/rules.yml"
SCRAPE_S = 1.0
ANSWER_S_MAX = 10.0
ASK_EVERY_S = 0.1
WORKERS = 2
UNREADABLE = (b"this is no JSON", b'{"review_id": "no-text"}', b"")
# Far more than a consumer needs: there is a limit to show, and nobody meets it.
MEMORY_LIMIT_MB = 16 * 1024


@dataclass(frozen=True, slots=True)
class Models:
    """The folder of the model that labels, and that of the one that only scores beside it."""

    serving: Path
    shadow: Path


class ObservedStream:
    """Consumers of one group, one of them exactly-once with a shadow model, the others workers of one command.

    A Prometheus scrapes them every second, and what exports a comparison, too.
    """

    def __init__(self, kafka: KafkaSettings, topics: TopicSettings, models: Models, comparison_port: int) -> None:
        self._kafka = kafka
        self._topics = topics
        self._environment = settings_in_environment(kafka, topics) | {
            "REVIEWS_MODEL": str(models.serving.resolve()),
            "REVIEWS_GROUP": topics.input_topic,
        }
        self._shadow = str(models.shadow.resolve())
        self._comparison_port = comparison_port
        self._opened = ExitStack()
        self._ports: list[int] = []
        self._server: PrometheusServer | None = None
        self._started_s = 0.0

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            rules = opening.enter_context(_rules_without_intervals())
            self._server = opening.enter_context(installed_prometheus([rules], SCRAPE_S))
            self._server.scrape("comparison", [self._comparison_port])
            first, second, *_ = _ports_in_a_row(2 + WORKERS)
            shadow = {"REVIEWS_DELIVERY": "exactly-once", "REVIEWS_SHADOW_MODEL": self._shadow}
            self.steady = opening.enter_context(self._program(first, shadow | {"REVIEWS_INSTANCE": "steady"}))
            workers = {"REVIEWS_WORKERS": f"{WORKERS}", "REVIEWS_INSTANCE": "many"}
            self.workers = opening.enter_context(self._program(second, workers))
            for program, port in ((self.steady, first), (self.workers, second)):
                await_ready(program, port)
                self._ports += _targets(port)
            allow_only(self.steady.process_id, MEMORY_LIMIT_MB)
            self._server.scrape("consumer", self._ports)
            self._started_s = time.time()
            self._opened = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    @property
    def prometheus(self) -> PrometheusServer:
        """Who watches."""
        assert self._server is not None
        return self._server

    def looked_at(self) -> TimeRange:
        """Return the time from the first scrape of the consumers until now."""
        return TimeRange(self._started_s, time.time(), SCRAPE_S)

    def send_what_cannot_be_read(self) -> None:
        """Publish a few records that become dead letters."""
        publish(self._kafka, self._topics.input_topic, UNREADABLE)

    def join(self) -> Program:
        """Start one more member of the group: its partitions are taken from the others."""
        (port,) = free_ports(1)
        program = self._opened.enter_context(self._program(port, {"REVIEWS_INSTANCE": "late"}))
        await_ready(program, port)
        self._ports.append(port)
        self.prometheus.scrape("consumer", self._ports)
        return program

    def _program(self, port: int, settings: dict[str, str]) -> Program:
        return Program("consumer", ["run"], self._environment | {"REVIEWS_METRICS_PORT": f"{port}"} | settings)


def await_ready(program: Program, port: int, seconds: float = 60.0) -> None:
    """Wait until a program says on this port that it is ready."""
    deadline = Deadline(seconds)
    while _get(port, "/readyz") is None:
        assert program.running(), "\n".join(program.said[-20:])
        deadline.check(f"a program is ready that said {program.said[-3:]}")
        # Nothing tells but the next answer.
        threading.Event().wait(ASK_EVERY_S)


def rated_reviews(count: int, first: int) -> list[bytes]:
    """Return numbered reviews with a star rating each, which is right about as often as not."""
    return [
        json.dumps(json.loads(value) | {"rating": 1 + number % 5}).encode()
        for number, value in enumerate(review_values(count, first), first)
    ]


@contextmanager
def exporter(comparison: ComparisonFigures) -> Iterator[int]:
    """Export a comparison, and give the port."""
    collector, registry = ComparisonCollector(), CollectorRegistry()
    collector.show(comparison)
    registry.register(collector)
    with ProbeServer(registry, HOST, 0, {}) as server:
        yield server.port


def _ports_in_a_row(count: int) -> range:
    """Return ports that are free: workers take those that follow their parent's."""
    deadline = Deadline()
    while True:
        (first,) = free_ports(1)
        if all(map(is_free, range(first, first + count))):
            return range(first, first + count)
        deadline.check("ports in a row are free")


def _targets(port: int) -> list[int]:
    """Return where a program says that it and its workers are found; one without workers says nothing."""
    said = _get(port, "/targets")
    groups = [] if said is None else json.loads(said)
    found = [int(target.rpartition(":")[2]) for group in groups for target in group["targets"]]
    return found or [port]


def _get(port: int, path: str) -> str | None:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}{path}", timeout=ANSWER_S_MAX) as answer:
            text: str = answer.read().decode()
            return text
    except (urllib.error.URLError, OSError):
        return None


@contextmanager
def _rules_without_intervals() -> Iterator[Path]:
    """Give the rules as they are, but each evaluated with every scrape: nobody waits minutes for the slow ones."""
    with tempfile.TemporaryDirectory() as folder:
        quick = Path(folder) / RULES.name
        quick.write_text(re.sub(r"^    interval: .*\n", "", RULES.read_text("utf-8"), flags=re.MULTILINE), "utf-8")
        yield quick
