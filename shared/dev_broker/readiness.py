"""Waits until brokers answer."""

import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from shared.errors import BrokerUnavailable


def await_brokers(address: str, expected: AbstractSet[int], deadline: float, pause: Callable[[], None]) -> None:
    """Return when the broker at this address knows all the expected ones; `pause` separates the attempts."""
    # Refused connections are what is expected here: try again soon, and say nothing about them.
    client = AdminClient(
        {
            "bootstrap.servers": address,
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 200,
            "log_level": 0,
        }
    )
    while not expected <= _known_brokers(client):
        if time.monotonic() > deadline:
            raise BrokerUnavailable(f"{address} did not answer in time for the brokers {sorted(expected)}")
        pause()


def _known_brokers(client: AdminClient) -> AbstractSet[int]:
    try:
        return client.list_topics(timeout=1.0).brokers.keys()
    except KafkaException:
        return frozenset()
