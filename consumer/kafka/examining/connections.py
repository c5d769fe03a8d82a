"""Whether the Kafka client takes its properties, may log in, and reaches the addresses that brokers advertise."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import libversion

from consumer.examining.addresses import reach_all
from consumer.examining.finding import Note, failure, passed
from consumer.examining.transport import Transport
from consumer.kafka.examining.cluster import Cluster
from shared.errors import BrokerUnavailable
from shared.kafka_client import KafkaSettings

LOGIN_S_MAX = 4.0
BROKERS_ASKED_MAX = 20
# librdkafka names a broker that it knows from the cluster by address and number, one that it was given otherwise.
ADVERTISED_FAILS = re.compile(r"(\S+:\d+)/\d+: (.*)")
ADVERTISED_FIX = (
    "brokers send their clients to this address: set advertised.listeners of the broker to one that this machine "
    "reaches, or use the listener (port) that is meant for it"
)


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

    cluster: Cluster
    transport: Transport
    name: str = "SASL"
    after: Sequence[str] = ("TLS",)
    limit_s: float = LOGIN_S_MAX + 4

    def run(self) -> list[Note]:
        """Ask for the cluster's metadata; raises ConfigurationError where we are refused, BrokerUnavailable."""
        try:
            metadata = self.cluster.enter(LOGIN_S_MAX)
        except BrokerUnavailable as error:
            # The client may leave the address it was given for an advertised one before it has the whole answer.
            advertised = ADVERTISED_FAILS.search(str(error))
            if advertised is None:
                raise
            return [failure(f"{advertised[1]}: {advertised[2]}", "an answer", ADVERTISED_FIX)]
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
        brokers = list(self.cluster.first_answer().brokers.values())[:BROKERS_ASKED_MAX]
        return reach_all([(broker.host, broker.port) for broker in brokers], ADVERTISED_FIX)
