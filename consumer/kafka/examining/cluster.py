"""Questions to a Kafka cluster that change nothing there, each with a time limit.

Each raises Refused where we may not ask, Missing where there is no such topic, BrokerUnavailable for any other answer.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, ConfigResource, OffsetSpec, ResourceType

from consumer.kafka.group import ACCESS_REFUSED
from shared.errors import BrokerUnavailable, ConfigurationError, ReviewstreamError
from shared.kafka_client import KafkaSettings, create_client, wait_for_broker

ANSWER_S_MAX = 5.0

EARLIEST: OffsetSpec = OffsetSpec.earliest()  # type: ignore[no-untyped-call]
LATEST: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]
NEWEST: OffsetSpec = OffsetSpec.max_timestamp()  # type: ignore[no-untyped-call]
# What a coordinator says that has just come up.
COMING_UP = frozenset(
    {
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
    }
)
ASK_AGAIN_S = 0.1


class Refused(ConfigurationError):  # noqa: N818 - named after what happened, as the errors above it are
    """We may not ask this."""


class Missing(ConfigurationError):  # noqa: N818 - see above
    """There is no such topic."""


class Cluster:
    """One cluster, asked through one client that is made when the first question comes."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._admin: AdminClient | None = None
        self._first_answer: Any = None

    def client(self) -> AdminClient:
        """Return the client; ConfigurationError where librdkafka refuses its properties."""
        if self._admin is None:
            # Its errors stay quiet: the checks say what they mean.
            self._admin = create_client(AdminClient, self._kafka.client_config() | {"error_cb": lambda _error: None})
        return self._admin

    def enter(self, within_s: float) -> Any:
        """Return the ClusterMetadata as soon as a broker lets us in and answers; see `wait_for_broker`."""
        self._first_answer = wait_for_broker(replace(self._kafka, broker_wait_s_max=within_s))
        return self._first_answer

    def first_answer(self) -> Any:
        """Return what `enter` did: by now the client may know the brokers by addresses that lead nowhere."""
        return self._first_answer or self.metadata()

    def metadata(self) -> Any:
        """Return the ClusterMetadata: brokers under their advertised addresses, and topics."""
        what = "which brokers and topics there are"
        try:
            return self.client().list_topics(timeout=ANSWER_S_MAX)
        except KafkaException as exception:
            raise _reaction(exception.args[0], what) from exception

    def topic(self, name: str) -> Any:
        """Return a TopicDescription with what we may do there."""
        return _answered(
            lambda: self.client().describe_topics(
                TopicCollection([name]), include_authorized_operations=True, request_timeout=ANSWER_S_MAX
            )[name],
            f"what topic {name} is",
        )

    def group(self, name: str) -> Any:
        """Return a ConsumerGroupDescription with what we may do there."""
        return _answered(
            lambda: self.client().describe_consumer_groups(
                [name], include_authorized_operations=True, request_timeout=ANSWER_S_MAX
            )[name],
            f"what group {name} is",
        )

    def topic_config(self, name: str) -> Mapping[str, str]:
        """Return a topic's configuration."""
        return self._config(ConfigResource(ResourceType.TOPIC, name))

    def broker_config(self, number: int) -> Mapping[str, str]:
        """Return a broker's configuration; often refused."""
        return self._config(ConfigResource(ResourceType.BROKER, str(number)))

    def committed(self, group: str, topic: str, partitions: Sequence[int]) -> Mapping[int, int]:
        """Return where a group stands, by partition; those where it stands nowhere are left out."""
        places = [TopicPartition(topic, number) for number in partitions]
        found = _answered(
            lambda: self.client().list_consumer_group_offsets(
                [ConsumerGroupTopicPartitions(group, places)], request_timeout=ANSWER_S_MAX
            )[group],
            f"where group {group} stands",
        )
        return {place.partition: place.offset for place in found.topic_partitions if place.offset >= 0}

    def bounds(self, topic: str, partitions: Sequence[int]) -> Mapping[int, tuple[int, int]]:
        """Return each partition's first offset and the one behind its last."""
        first = self._offsets(topic, partitions, EARLIEST)
        last = self._offsets(topic, partitions, LATEST)
        return {number: (first[number].offset, last[number].offset) for number in partitions}

    def newest_ms(self, topic: str, partitions: Sequence[int]) -> int | None:
        """Return the newest time stamp in a topic, in milliseconds since 1970; None where it holds no record."""
        newest = self._offsets(topic, partitions, NEWEST).values()
        stamps = [each.timestamp for each in newest if each.offset >= 0]
        return max(stamps, default=None)

    def _offsets(self, topic: str, partitions: Sequence[int], which: OffsetSpec) -> Mapping[int, Any]:
        def ask(number: int) -> "Future[Any]":
            place = TopicPartition(topic, number)
            asked: dict[TopicPartition, Future[Any]] = self.client().list_offsets(
                {place: which}, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=ANSWER_S_MAX
            )
            return asked[place]

        return {number: _answered(partial(ask, number), f"which offsets {topic} holds") for number in partitions}

    def _config(self, resource: ConfigResource) -> Mapping[str, str]:
        entries = _answered(
            lambda: self.client().describe_configs([resource], request_timeout=ANSWER_S_MAX)[resource],
            f"how {resource.name} is configured",
        )
        return {name: str(entry.value) for name, entry in entries.items()}


def _answered(ask: "Callable[[], Future[Any]]", what: str) -> Any:
    deadline_s = time.monotonic() + ANSWER_S_MAX
    while True:
        try:
            return ask().result(ANSWER_S_MAX + 1)
        except TimeoutError as silence:
            raise BrokerUnavailable(f"the broker did not say {what}", hint="is it overloaded?") from silence
        except KafkaException as exception:
            error = exception.args[0]
            if error.code() not in COMING_UP or time.monotonic() >= deadline_s:
                raise _reaction(error, what) from exception
            time.sleep(ASK_AGAIN_S)


def _reaction(error: KafkaError, what: str) -> ReviewstreamError:
    told = f"the broker did not say {what}: {error.name()}: {error.str()}".rstrip(": ")
    if error.code() in ACCESS_REFUSED:
        return Refused(told, hint="grant Describe (of a configuration DescribeConfigs)")
    if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
        return Missing(told, hint="`review-consumer topics apply` makes the topics")
    return BrokerUnavailable(told, hint="is it overloaded, or going away?")
