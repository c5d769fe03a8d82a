"""A broker that tests may break, with a proxy before it; and what ends a fault test."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from shared.dev_broker.jars import local_kafka_obstacle
from shared.dev_broker.local_kafka import LocalKafka
from shared.dev_broker.server_properties import Listener
from shared.kafka_client import KafkaSettings
from tests.support.experiment import Experiment
from tests.support.fault_proxy import FaultProxy
from tests.support.invariants import Verdict

Finish = Callable[[Experiment], Verdict]

# A killed member is missed after this long, the least that the broker allows: tests wait for it.
SHORT_SESSION = {"group.consumer.session.timeout.ms": "5000"}
# Everybody may do everything until a rule about a topic says otherwise.
RULES = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "true",
}


@dataclass(frozen=True, slots=True)
class Breakable:
    """One broker and the proxy that its second listener advertises."""

    broker: LocalKafka
    proxy: FaultProxy

    @property
    def kafka(self) -> KafkaSettings:
        """The way that leads past the proxy."""
        return KafkaSettings(bootstrap_servers=self.broker.bootstrap_servers)

    def mend(self) -> None:
        """End every fault of the broker and of the proxy."""
        self.proxy.heal()
        self.broker.resume(1)
        if 1 not in self.broker.process_ids:
            self.broker.restart(1)
        self.broker.wait_ready()


@contextmanager
def breakable_broker() -> Iterator[Breakable]:
    """Run a broker whose second listener leads through a proxy; skips the test where Kafka can't run here."""
    require_local_kafka()
    with FaultProxy() as proxy:
        proxied = Listener("PROXIED", advertised_ports={1: proxy.port})
        with LocalKafka(extra_listeners=[proxied], extra_settings=SHORT_SESSION | RULES) as broker:
            proxy.forward_to(broker.addresses(proxied))
            yield Breakable(broker, proxy)


def require_local_kafka() -> None:
    """Skip the test where local Kafka can't run; in CI let it fail."""
    obstacle = local_kafka_obstacle()
    if obstacle is not None and not os.environ.get("CI"):
        pytest.skip(f"local Kafka can't run: {obstacle}")
