"""What the brokers of a development cluster are told: listeners, folders, replication."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shared.dev_broker.ports import HOST


@dataclass(frozen=True, slots=True)
class Listener:
    """One kind of connection that every node accepts; `settings` hold for this listener only.

    `advertised_ports` names, by node, the port that clients are told to connect to, where that is not the node's own:
    something that stands between them and the node listens there.
    """

    name: str
    protocol: str = "PLAINTEXT"
    settings: Mapping[str, str] = field(default_factory=dict)
    advertised_ports: Mapping[int, int] = field(default_factory=dict)


CLIENTS = Listener("CLIENTS")
BROKERS = Listener("BROKERS")
CONTROLLERS = Listener("CONTROLLERS")


@dataclass(frozen=True, slots=True)
class Node:
    """A broker that is a controller too: its number, its data folder and its port for each listener."""

    number: int
    data: Path
    ports: Mapping[str, int]

    def address(self, listener: Listener) -> str:
        """Return host and port of one of its listeners."""
        return f"{HOST}:{self.ports[listener.name]}"

    def advertised(self, listener: Listener) -> str:
        """Return the address under which clients are told to reach this listener."""
        return f"{HOST}:{listener.advertised_ports.get(self.number, self.ports[listener.name])}"


@dataclass(frozen=True, slots=True)
class Cluster:
    """The nodes, what they listen on beside the three usual listeners, and further settings."""

    nodes: Sequence[Node]
    extra_listeners: Sequence[Listener] = ()
    extra_settings: Mapping[str, str] = field(default_factory=dict)

    def properties(self, node: Node) -> dict[str, str]:
        """Return the settings of one node; further settings win."""
        usual = _roles(self.nodes, node) | self._listeners(node) | replication(len(self.nodes))
        return usual | dict(self.extra_settings)

    def _listeners(self, node: Node) -> dict[str, str]:
        reachable = [CLIENTS, BROKERS, *self.extra_listeners]
        every = [*reachable, CONTROLLERS]
        settings = {
            "listeners": ",".join(f"{each.name}://{node.address(each)}" for each in every),
            "advertised.listeners": ",".join(f"{each.name}://{node.advertised(each)}" for each in reachable),
            "listener.security.protocol.map": ",".join(f"{each.name}:{each.protocol}" for each in every),
            # On a listener shared with clients, transactions hang once its address is not the broker's own.
            "inter.broker.listener.name": BROKERS.name,
            "controller.listener.names": CONTROLLERS.name,
        }
        for each in self.extra_listeners:
            prefix = f"listener.name.{each.name.lower()}"
            settings |= {f"{prefix}.{name}": value for name, value in each.settings.items()}
        return settings


def replication(brokers: int) -> dict[str, str]:
    """Return the settings that follow from the number of brokers, and those that make a small cluster quick."""
    copies = str(brokers)
    in_sync = str(max(1, brokers - 1))
    return {
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
        # 50 partitions, the default, make the first transaction and the first group wait.
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.num.partitions": "4",
        "group.initial.rebalance.delay.ms": "0",
        # A killed member's partitions are given to others after 10 s, not after the default 45 s, and a member
        # learns of a change within a second, not within five.
        "group.consumer.session.timeout.ms": "10000",
        "group.consumer.min.session.timeout.ms": "5000",
        "group.consumer.heartbeat.interval.ms": "1000",
        "group.consumer.min.heartbeat.interval.ms": "500",
        "auto.create.topics.enable": "false",
        # A killed node may come back only when the controller has given it up: after 9 s by default.
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        # The default takes 128 MB of the heap before the first record.
        "log.cleaner.dedupe.buffer.size": str(8 * 1024 * 1024),
    }


def render(properties: Mapping[str, str]) -> str:
    """Return the text of a Java properties file."""
    return "".join(f"{name}={_escaped(value)}\n" for name, value in properties.items())


def _roles(nodes: Sequence[Node], node: Node) -> dict[str, str]:
    return {
        "process.roles": "broker,controller",
        "node.id": str(node.number),
        "controller.quorum.voters": ",".join(f"{each.number}@{each.address(CONTROLLERS)}" for each in nodes),
        "log.dirs": str(node.data),
    }


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")
