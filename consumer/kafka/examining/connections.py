"""Whether the Kafka client takes its properties, may log in, and reaches the addresses that brokers advertise."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from confluent_kafka import libversion

from consumer.examining.addresses import reach_all
from consumer.examining.finding import Note, passed
from consumer.examining.transport import Transport
from consumer.kafka.examining.cluster import Cluster
from shared.kafka_client import KafkaSettings, wait_for_broker

LOGIN_S_MAX = 4.0
BROKERS_ASKED_MAX = 20


@dataclass(frozen=True, slots=True)
class ClientCheck:
    """Whether librdkafka takes the properties of `-X`."""

    cluster: Cluster
    kafka: KafkaSettings
    name: str = "client"
    after: Sequence[str] = ("config",)
    limit_s: float = 5.0

    def run(self) -> list[Note]:
        """Make a client."""
        self.cluster.client()
        # Names only: a value may be a password.
        names = sorted({text.partition("=")[0] for text in self.kafka.kafka_property})
        return [passed(f"librdkafka {libversion()[0]}" + (f" with -X {', '.join(names)}" if names else ""))]


@dataclass(frozen=True, slots=True)
class LoginCheck:
    """Whether a broker lets the client in and answers it."""

    kafka: KafkaSettings
    transport: Transport
    name: str = "SASL"
    after: Sequence[str] = ("TLS",)
    limit_s: float = LOGIN_S_MAX + 4

    def run(self) -> list[Note]:
        """Ask for the cluster's metadata; raises ConfigurationError where we are refused, BrokerUnavailable."""
        metadata = wait_for_broker(replace(self.kafka, broker_wait_s_max=LOGIN_S_MAX))
        how = "no login is asked for"
        if self.transport.logs_in:
            properties = self.transport.properties
            mechanism = properties.get("sasl.mechanism") or properties.get("sasl.mechanisms") or "GSSAPI"
            how = f"logged in by {mechanism}"
        brokers = "1 broker" if len(metadata.brokers) == 1 else f"{len(metadata.brokers)} brokers"
        return [passed(f"{how}; cluster {metadata.cluster_id}, {brokers}")]


@dataclass(frozen=True, slots=True)
class AdvertisedCheck:
    """Whether the addresses that brokers give to clients can be reached from here."""

    cluster: Cluster
    name: str = "advertised listeners"
    after: Sequence[str] = ("SASL",)
    limit_s: float = 10.0

    def run(self) -> list[Note]:
        """Connect to each broker's advertised address."""
        brokers = list(self.cluster.metadata().brokers.values())[:BROKERS_ASKED_MAX]
        return reach_all(
            [(broker.host, broker.port) for broker in brokers],
            "brokers send their clients to this address: set advertised.listeners of the broker to one that this "
            "machine reaches, or use the listener (port) that is meant for it",
        )
