"""Makes the topics, and says where they are not as they should be; it never alters one that exists."""

from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from shared.errors import ConfigurationError, RetriableError
from shared.kafka_client import KafkaSettings, create_client, wait_for_broker
from shared.topics import TopicSpec

REQUEST_S = 30.0


@dataclass(frozen=True, slots=True)
class Drift:
    """One property of a topic that is not as it should be."""

    topic: str
    what: str
    found: str
    expected: str


class TopicAdmin:
    """Topics on one cluster."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._admin: AdminClient = create_client(AdminClient, kafka.client_config())

    def missing(self, specs: Sequence[TopicSpec]) -> list[TopicSpec]:
        """Return those that do not exist; waits for a broker."""
        existing = wait_for_broker(self._kafka).topics
        return [spec for spec in specs if spec.name not in existing]

    def partitions(self, topic: str) -> int:
        """Return how many partitions a topic has, 0 where it does not exist; waits for a broker."""
        found = wait_for_broker(self._kafka).topics.get(topic)
        return 0 if found is None else len(found.partitions)

    def create(self, specs: Sequence[TopicSpec]) -> None:
        """Make topics; one that exists by now, since somebody else made it, is left alone."""
        if not specs:
            return
        wanted = [
            NewTopic(
                spec.name,
                num_partitions=spec.partitions,
                replication_factor=spec.replication_factor,
                config=dict(spec.config),
            )
            for spec in specs
        ]
        for name, future in self._admin.create_topics(wanted, operation_timeout=REQUEST_S).items():
            try:
                future.result(REQUEST_S)
            except KafkaException as exception:
                error = exception.args[0]
                if error.name() == "TOPIC_ALREADY_EXISTS":
                    continue
                hint = "--replication-factor and --partitions must suit the cluster, and Create must be granted"
                raise ConfigurationError(f"can't make topic {name}: {error.str()}", hint=hint) from exception

    def delete(self, specs: Sequence[TopicSpec]) -> None:
        """Remove topics that were made for a short while."""
        for name, future in self._admin.delete_topics([spec.name for spec in specs]).items():
            try:
                future.result(REQUEST_S)
            except KafkaException as exception:
                raise RetriableError(f"can't delete topic {name}: {exception.args[0].str()}") from exception

    def drift(self, specs: Sequence[TopicSpec]) -> list[Drift]:
        """Return where existing topics differ from what they should be; missing ones are a drift of their own."""
        existing = wait_for_broker(self._kafka).topics
        found: list[Drift] = []
        for spec in specs:
            topic = existing.get(spec.name)
            if topic is None:
                found.append(Drift(spec.name, "topic", "missing", "present"))
                continue
            copies = len(topic.partitions[0].replicas)
            found += _differences(spec.name, "partitions", len(topic.partitions), spec.partitions)
            found += _differences(spec.name, "replication factor", copies, spec.replication_factor)
            config = self._config(spec.name)
            for key, expected in sorted(spec.config.items()):
                found += _differences(spec.name, key, config.get(key, "unknown"), expected)
        return found

    def _config(self, topic: str) -> dict[str, str]:
        try:
            return topic_config(self._admin, topic, REQUEST_S)
        except KafkaException as exception:
            raise RetriableError(f"can't read the configuration of {topic}: {exception.args[0].str()}") from exception


def topic_config(admin: AdminClient, topic: str, answer_s_max: float) -> dict[str, str]:
    """Return a topic's configuration; KafkaException or TimeoutError without an answer."""
    resource = ConfigResource(ResourceType.TOPIC, topic)
    entries = admin.describe_configs([resource])[resource].result(answer_s_max)
    return {name: str(entry.value) for name, entry in entries.items()}


def _differences(topic: str, what: str, found: object, expected: object) -> list[Drift]:
    return [] if str(found) == str(expected) else [Drift(topic, what, str(found), str(expected))]
