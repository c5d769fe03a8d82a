"""The embedded broker takes and gives records; nothing more is asked of it."""

import pytest
from confluent_kafka import Consumer, Producer

from shared.dev_broker.embedded import EmbeddedBroker
from shared.errors import ConfigurationError


def test_record_sent_to_the_embedded_broker_comes_back() -> None:
    with EmbeddedBroker() as broker:
        producer = Producer({"bootstrap.servers": broker.bootstrap_servers})
        producer.produce("reviews", b"a fine film")
        assert producer.flush(20) == 0
        consumer = Consumer(
            {"bootstrap.servers": broker.bootstrap_servers, "group.id": "readers", "auto.offset.reset": "earliest"}
        )
        consumer.subscribe(["reviews"])
        message = consumer.poll(20)
        consumer.close()
        assert message is not None
        assert message.value() == b"a fine film"


def test_stopped_embedded_broker_has_no_addresses_and_can_be_started_again() -> None:
    broker = EmbeddedBroker()
    with broker:
        pass
    with pytest.raises(ConfigurationError, match="does not run"):
        _ = broker.bootstrap_servers
    with broker:
        assert broker.bootstrap_servers
