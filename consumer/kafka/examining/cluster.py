"""Questions to a Kafka cluster that change nothing there, each with a time limit.

Each raises Refused where we may not ask, Missing where there is no such topic, BrokerUnavailable for any other answer.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, ConfigResource, OffsetSpec, ResourceType

from shared.errors import BrokerUnavailable, ConfigurationError
from shared.kafka_client import KafkaSettings, create_client

ANSWER_S_MAX = 5.0

EARLIEST: OffsetSpec = OffsetSpec.earliest()  # type: ignore[no-untyped-call]
LATEST: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]
NEWEST: OffsetSpec = OffsetSpec.max_timestamp()  # type: ignore[no-untyped-call]
REFUSALS = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    }
)

Answer = TypeVar("Answer")


class Refused(ConfigurationError):  # noqa: N818 - named after what happened, as the errors above it are
    """We may not ask this."""


class Missing(ConfigurationError):  # noqa: N818 - see above
    """There is no such topic."""


class Cluster:
    """One cluster, asked through one client that is made when the first question comes."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._admin: AdminClient | None = None

    def client(self) -> AdminClient:
        """Return the client; ConfigurationError where librdkafka refuses its properties."""
        if self._admin is None:
            # Its errors stay quiet: the checks say what they mean.
            self._admin = create_client(AdminClient, self._kafka.client_config() | {"error_cb": lambda _error: None})
        return self._admin

    def metadata(self) -> Any:
        """Return the ClusterMetadata: brokers under their advertised addresses, and topics."""
        return _answered(lambda: self.client().list_topics(timeout=ANSWER_S_MAX), "which brokers and topics there are")

    def topic(self, name: str) -> Any:
        """Return a TopicDescription with what we may do there."""
        asked = self.client().describe_topics(
            TopicCollection([name]), include_authorized_operations=True, request_timeout=ANSWER_S_MAX
        )
        return _result(asked[name], f"what topic {name} is")

    def group(self, name: str) -> Any:
        """Return a ConsumerGroupDescription with what we may do there."""
        asked = self.client().describe_consumer_groups(
            [name], include_authorized_operations=True, request_timeout=ANSWER_S_MAX
        )
        return _result(asked[name], f"what group {name} is")

    def topic_config(self, name: str) -> Mapping[str, str]:
        """Return a topic's configuration."""
        return self._config(ConfigResource(ResourceType.TOPIC, name))

    def broker_config(self, number: int) -> Mapping[str, str]:
        """Return a broker's configuration; often refused."""
        return self._config(ConfigResource(ResourceType.BROKER, str(number)))

    def committed(self, group: str, topic: str, partitions: Sequence[int]) -> Mapping[int, int]:
        """Return where a group stands, by partition; those where it stands nowhere are left out."""
        places = [TopicPartition(topic, number) for number in partitions]
        asked = self.client().list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group, places)], request_timeout=ANSWER_S_MAX
        )
        found = _result(asked[group], f"where group {group} stands").topic_partitions
        return {place.partition: place.offset for place in found if place.offset >= 0}

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
        asked = self.client().list_offsets(
            {TopicPartition(topic, number): which for number in partitions},
            isolation_level=IsolationLevel.READ_COMMITTED,
            request_timeout=ANSWER_S_MAX,
        )
        what = f"which offsets {topic} holds"
        return {place.partition: _result(future, what) for place, future in asked.items()}

    def _config(self, resource: ConfigResource) -> Mapping[str, str]:
        asked = self.client().describe_configs([resource], request_timeout=ANSWER_S_MAX)
        entries = _result(asked[resource], f"how {resource.name} is configured")
        return {name: str(entry.value) for name, entry in entries.items()}


def _result(future: "Future[Any]", what: str) -> Any:
    return _answered(lambda: future.result(ANSWER_S_MAX + 1), what)


def _answered(ask: Callable[[], Answer], what: str) -> Answer:
    try:
        return ask()
    except TimeoutError as silence:
        raise BrokerUnavailable(f"the broker did not say {what}", hint="is it overloaded?") from silence
    except KafkaException as exception:
        error = exception.args[0]
        told = f"the broker did not say {what}: {error.str()}"
        if error.code() in REFUSALS:
            raise Refused(told, hint="grant Describe (of a configuration DescribeConfigs)") from exception
        if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise Missing(told, hint="`review-consumer topics apply` makes the topics") from exception
        raise BrokerUnavailable(told, hint="is it overloaded, or going away?") from exception
