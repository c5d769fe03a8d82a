"""Asks what a topic is like, at the start and again every few minutes, in a thread beside the loop."""

import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from consumer.kafka.topic_admin import topic_config
from shared.errors import ReviewstreamError
from shared.kafka_client import KafkaSettings, create_client
from shared.logs import get_logger

ASK_EVERY_S = 300.0
ANSWER_S_MAX = 10.0
# What a stop waits for a question that is under way.
END_S_MAX = 1.0
FOREVER_MS = -1


class TopicObserver(Protocol):
    """Told what a topic is like."""

    def partitions_are(self, topic: str, partitions: int) -> None:
        """Note how many partitions it has."""
        ...

    def retention_is(self, topic: str, seconds: float) -> None:
        """Note how long it keeps records, in seconds; infinite where it removes none for their age."""
        ...


class TopicFacts:
    """Tells an observer what a topic is like; a question that fails leaves what it was told before."""

    def __init__(self, kafka: KafkaSettings, topic: str, observer: TopicObserver) -> None:
        self._kafka = kafka
        self._topic = topic
        self._observer = observer

    @contextmanager
    def asked_again_and_again(self) -> Iterator[None]:
        """Ask at once and every few minutes, in a thread of its own, until the context is left."""
        ended = threading.Event()
        thread = threading.Thread(target=self._keep_asking, args=(ended,), name="topic facts", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(END_S_MAX)

    def ask(self) -> None:
        """Ask once, with a client that is gone afterwards; KafkaException or ReviewstreamError without an answer."""
        # It is asked seldom: nothing to keep connections for, and one that lasts would tell of an outage once more.
        admin: AdminClient = create_client(AdminClient, self._kafka.client_config() | {"error_cb": _stay_quiet})
        found = admin.list_topics(self._topic, ANSWER_S_MAX).topics.get(self._topic)
        if found is None or found.error is not None:
            # Who reads it finds out what that means.
            return
        self._observer.partitions_are(self._topic, len(found.partitions))
        self._observer.retention_is(self._topic, retention_s(topic_config(admin, self._topic, ANSWER_S_MAX)))

    def _keep_asking(self, ended: threading.Event) -> None:
        while not ended.is_set():
            try:
                self.ask()
            except (KafkaException, ReviewstreamError, TimeoutError) as error:
                get_logger("topic").info(
                    "topic_facts_not_known",
                    topic=self._topic,
                    because=str(error),
                    hint="the metrics reviews_topic_* stay as they were; Describe and DescribeConfigs on the topic "
                    "must be granted",
                )
            ended.wait(ASK_EVERY_S)


def retention_s(config: Mapping[str, str]) -> float:
    """Return the age in seconds at which a topic of this configuration removes records; infinite where never."""
    if "delete" not in config.get("cleanup.policy", "delete"):
        return math.inf
    retention_ms = int(config.get("retention.ms", FOREVER_MS))
    return math.inf if retention_ms == FOREVER_MS else retention_ms / 1000


def _stay_quiet(error: object) -> None:
    del error
