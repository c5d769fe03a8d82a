"""One fault from beginning to verdict: reviews flow in, consumers label them, something breaks, all is counted."""

import contextlib
import dataclasses
import re
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, KafkaException, TopicPartition

from consumer.kafka.topic_admin import TopicAdmin
from consumer.model.load import load_scorer
from shared.dev_broker.ports import is_free
from shared.errors import FatalError, FencedError
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.independent_reader import Found, LabelCount, read_everything
from tests.support.invariants import Case, Evidence, Verdict, judge
from tests.support.killable_consumer import MODULE
from tests.support.memory_samples import MemorySamples
from tests.support.metrics_page import read_metrics
from tests.support.processes import Program, settings_in_environment
from tests.support.steady_publisher import SteadyPublisher

CATCH_UP_S_MAX = 120.0
ASK_EVERY_S = 0.1
REQUEST_S = 10.0
PER_SECOND = 800
LINES_SHOWN = 12
RESTARTS_MAX = 3


@dataclass(frozen=True, slots=True)
class Setting:
    """Where an experiment happens; `consumers_reach` is their bootstrap address where something stands in between."""

    kafka: KafkaSettings
    model: Path
    consumers_reach: str = ""
    partitions: int = 3
    copies: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)


class Experiment:
    """Topics, a publisher and consumers of its own; leaves nothing behind but its verdict."""

    def __init__(self, case: Case, setting: Setting) -> None:
        self.case = case
        self.kafka = setting.kafka
        self.topics = made_topics(setting)
        self.labelled = LabelCount(setting.kafka.bootstrap_servers, self.topics)
        self._model = setting.model
        self._memory = MemorySamples()
        self._open = contextlib.ExitStack()
        self._publisher: SteadyPublisher | None = None
        self._consumers: list[Program] = []
        self._restarts = 0
        self._faults_ended_at: list[float] = []
        self._published_in_faults = 0
        self._unsaid: list[str] | None = None
        reached = setting.consumers_reach or setting.kafka.bootstrap_servers
        self.environment = {
            **settings_in_environment(setting.kafka, self.topics),
            "REVIEWS_KAFKA_BOOTSTRAP_SERVERS": reached,
            "REVIEWS_MODEL": str(setting.model),
            "REVIEWS_GROUP": self.topics.input_topic,
            "REVIEWS_DELIVERY": case.delivery,
            "REVIEWS_GROUP_PROTOCOL": case.protocol,
            "REVIEWS_BATCH_RECORDS_MAX": "200",
            **setting.environment,
        }

    def __enter__(self) -> Self:
        self._open.enter_context(self._memory)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def start_consumer(self, instance: str = "one", **environment: str) -> Program:
        """Start a member of the group."""
        own = {**self.environment, "REVIEWS_INSTANCE": f"{self.topics.input_topic}-{instance}", **environment}
        program = self._open.enter_context(Program(MODULE, ["run"], own))
        self._memory.watch(program.process_id)
        self._consumers.append(program)
        return program

    def publish(self, per_second: float = PER_SECOND, count_max: int = sys.maxsize) -> SteadyPublisher:
        """Start to publish numbered reviews."""
        self._publisher = SteadyPublisher(self.kafka, self.topics.input_topic, per_second, count_max)
        return self._open.enter_context(self._publisher)

    def underway(self, consumers: int = 1, labels: int = 500) -> list[Program]:
        """Start consumers and a publisher, and return when so many labels are there."""
        started = [self.start_consumer(f"member-{number}") for number in range(consumers)]
        self.publish()
        self.labelled.wait_for(labels)
        return started

    def hold(self, seconds: float) -> None:
        """Let a fault last; its length is what the case is about, so no event could be awaited instead."""
        threading.Event().wait(seconds)

    def fault_ended(self) -> None:
        """Note that from this moment on it should recover."""
        self._faults_ended_at.append(time.time())
        self._published_in_faults = self._publisher.published if self._publisher is not None else 0

    def kill(self, consumer: Program) -> None:
        """Kill a consumer as a crash would: the fault ends with it."""
        consumer.kill()
        self.fault_ended()

    def expect_said(self, consumer: Program, *patterns: str) -> None:
        """Note which of these regular expressions its log does not have."""
        log = "\n".join(consumer.said)
        self._unsaid = (self._unsaid or []) + [pattern for pattern in patterns if not re.search(pattern, log)]

    def expect_moved(self, metrics_port: int, *metrics: str) -> None:
        """Note which of these metrics stand at 0."""
        found = read_metrics(metrics_port)
        self._unsaid = (self._unsaid or []) + [f"{name} is 0" for name in metrics if not found.get(name)]

    def expect_exit(self, consumer: Program, code: int) -> None:
        """Wait for its end, and note where it leaves with another exit code."""
        found = consumer.wait()
        self._unsaid = (self._unsaid or []) + ([] if found == code else [f"exit code {found}, not {code}"])

    def settle(self) -> tuple[int, list[int]]:
        """Stop publishing, wait until nothing is waiting, stop the consumers; return the lag left and exit codes."""
        if self._publisher is not None:
            if self._faults_ended_at:
                self._await_recovery(self._publisher)
            self._publisher.stop()
        lag_records = self.await_caught_up()
        running = [consumer for consumer in self._consumers if consumer.running()]
        for consumer in running:
            consumer.signal(signal.SIGTERM)
        return lag_records, [consumer.wait() for consumer in running]

    def finish(self) -> Verdict:
        """Settle, and judge what is there."""
        lag_records, exits = self.settle()
        found = read_everything(answering(self.kafka.bootstrap_servers), self.topics)
        return judge(
            self.case,
            Evidence(
                found=found,
                offline=offline_labels(self._model, found),
                lag_records=lag_records,
                exits=exits,
                unsaid=self._unsaid,
                recoveries_s=[first_after(found.stored_at_ms, moment) for moment in self._faults_ended_at],
                peak_memory_mb=self._memory.peak_mb(),
            ),
        )

    def last_words(self) -> str:
        """Return the end of each consumer's log, for those who look into a failure."""
        logs = [f"{number}: " + "\n".join(each.said[-LINES_SHOWN:]) for number, each in enumerate(self._consumers)]
        return "\n".join(logs)

    def await_caught_up(self) -> int:
        """Wait until the group has committed everything; return how many records are left where it does not."""
        deadline = time.monotonic() + CATCH_UP_S_MAX
        while (lag_records := self.lag_records()) and time.monotonic() < deadline:
            if not self._anyone_runs() and not self._started_again():
                break
            threading.Event().wait(ASK_EVERY_S)
        return lag_records

    def _await_recovery(self, publisher: SteadyPublisher) -> None:
        """Go on publishing until a review from after the last fault is done with: else no label could tell of it."""
        deadline = time.monotonic() + CATCH_UP_S_MAX
        while publisher.publishing() and self._committed_records() <= self._published_in_faults:
            if time.monotonic() > deadline or not (self._anyone_runs() or self._started_again()):
                break
            threading.Event().wait(ASK_EVERY_S)

    def _anyone_runs(self) -> bool:
        return any(consumer.running() for consumer in self._consumers)

    def _started_again(self) -> bool:
        """Do what a supervisor does: start a member again that left because another process can go on, and it can't."""
        left_so = self._consumers[-1].wait() in {FatalError.exit_code, FencedError.exit_code}
        if not left_so or self._restarts >= RESTARTS_MAX:
            return False
        self._restarts += 1
        self.start_consumer("member-0")
        return True

    def lag_records(self) -> int:
        """Return how many records the group has not committed; -1 where the broker does not say."""
        return self._ask(_left)

    def _committed_records(self) -> int:
        return self._ask(_done)

    def _ask(self, records: Callable[[Consumer, TopicPartition], int]) -> int:
        asking = {"bootstrap.servers": self.kafka.bootstrap_servers, "group.id": self.topics.input_topic}
        consumer = Consumer(asking)
        try:
            topic = self.topics.input_topic
            partitions = consumer.list_topics(topic, timeout=REQUEST_S).topics[topic].partitions
            committed = consumer.committed([TopicPartition(topic, number) for number in partitions], REQUEST_S)
            return sum(records(consumer, place) for place in committed)
        except KafkaException:
            # It may still be coming back.
            return -1
        finally:
            consumer.close()


def made_topics(setting: Setting) -> TopicSettings:
    """Make three topics that nobody else uses; the broker stamps labels when it stores them."""
    name = f"chaos-{uuid.uuid4().hex[:10]}"
    topics = TopicSettings(
        input_topic=f"{name}.reviews",
        output_topic=f"{name}.labels",
        partitions=setting.partitions,
        replication_factor=setting.copies,
    )
    source, output, dead_letters = topics.specs()
    stamped = dataclasses.replace(output, config={**output.config, "message.timestamp.type": "LogAppendTime"})
    TopicAdmin(setting.kafka).create([source, stamped, dead_letters])
    return topics


def offline_labels(model: Path, found: Found) -> dict[tuple[int, int], str]:
    """Return what the model says to each review when it is asked without a stream."""
    places = list(found.texts)
    labels = load_scorer(model).scorer.score([found.texts[place] for place in places]).labels
    return dict(zip(places, labels, strict=True))


def answering(bootstrap_servers: str) -> str:
    """Return those that take a connection: kafka-python leaks a socket at each one that refuses."""
    return ",".join(server for server in bootstrap_servers.split(",") if not is_free(int(server.rpartition(":")[2])))


def first_after(stored_at_ms: Sequence[int], moment_s: float) -> float | None:
    """Return how long after a moment the first label was stored; None where none was."""
    later = [stamp / 1000 - moment_s for stamp in stored_at_ms if stamp / 1000 > moment_s]
    return min(later, default=None)


def _left(consumer: Consumer, place: TopicPartition) -> int:
    low, high = consumer.get_watermark_offsets(TopicPartition(place.topic, place.partition), REQUEST_S)
    return high - (place.offset if place.offset >= 0 else low)


def _done(_consumer: Consumer, place: TopicPartition) -> int:
    return max(place.offset, 0)
