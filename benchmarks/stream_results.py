"""What the stream's benchmarks share: a broker to measure on, and where results go."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from shared.dev_broker.java_commands import Life
from shared.dev_broker.local_kafka import LocalKafka
from shared.kafka_client import KafkaSettings
from shared.machine import machine_facts

BROKER = "REVIEWS_KAFKA_BOOTSTRAP_SERVERS"
RESULTS = Path(__file__).parent / "results"
PACKAGES = ("confluent-kafka", "msgspec", "numba", "numpy")


@contextmanager
def broker_to_measure() -> Iterator[KafkaSettings]:
    """Give a real broker: the one in the environment, else one that is started here, compiled as in production."""
    given = os.environ.get(BROKER)
    if given:
        yield KafkaSettings(given)
        return
    with LocalKafka(life=Life.LONG) as broker:
        yield KafkaSettings(broker.bootstrap_servers)


def machine() -> dict[str, Any]:
    """Return what the measurement is made on; asked for before it begins, for the load that it met."""
    return machine_facts(PACKAGES)


def write_result(file: Path, document: Mapping[str, Any]) -> None:
    """Write a result, for people to read too."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
