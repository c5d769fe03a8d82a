"""Topics for one performance: made before it, and taken away again where the broker stays."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from confluent_kafka import Producer

from consumer.kafka.topic_admin import TopicAdmin
from shared.dev_broker.choice import BrokerKind, DevBroker
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings

METADATA_S_MAX = 10.0


@contextmanager
def own_topics(broker: DevBroker, kafka: KafkaSettings, topics: TopicSettings) -> Iterator[None]:
    """Give topics that nobody else uses; a broker that was given is left as it was."""
    reviews, labels, dead_letters = topics.specs()
    # The broker stamps each label when it stores it: that is when its way ends.
    stamped = replace(labels, config={**labels.config, "message.timestamp.type": "LogAppendTime"})
    specs = (reviews, stamped, dead_letters)
    if broker.kind is BrokerKind.EMBEDDED:
        # It knows no requests for topics: asking for one by name makes it.
        producer = Producer(kafka.producer_config())
        for spec in specs:
            producer.list_topics(spec.name, METADATA_S_MAX)
        yield
        return
    admin = TopicAdmin(kafka)
    admin.create(specs)
    try:
        yield
    finally:
        if broker.kind is BrokerKind.GIVEN:
            admin.delete(specs)
