"""Chooses the broker for tests and the demo: a given one, Docker, local Kafka, or one inside this process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

from shared.dev_broker.container import ContainerBroker, docker_obstacle
from shared.dev_broker.embedded import EmbeddedBroker
from shared.dev_broker.jars import local_kafka_obstacle
from shared.dev_broker.local_kafka import LocalKafka
from shared.errors import ConfigurationError, ReviewstreamError


class BrokerKind(StrEnum):
    """What a broker is."""

    GIVEN = "given"
    DOCKER = "docker"
    LOCAL = "local"
    EMBEDDED = "embedded"


class Purpose(StrEnum):
    """What a broker is for: test and measurement need one that keeps Kafka's promises, a demo takes what there is."""

    TEST = "test"
    MEASUREMENT = "measurement"
    DEMO = "demo"


class Broker(Protocol):
    """A broker of ours: after `start` clients reach it, after `stop` nothing of it is left."""

    @property
    def bootstrap_servers(self) -> str:
        """The addresses for clients, while it runs."""

    def start(self) -> None:
        """Start it; a `ReviewstreamError` means that it can't run here."""

    def stop(self) -> None:
        """End it and remove its data; does nothing when it does not run."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A kind of broker that may be started: `obstacle` says in a second or two why it can't, if so."""

    kind: BrokerKind
    purposes: frozenset[Purpose]
    obstacle: Callable[[], str | None]
    make: Callable[[], Broker]


@dataclass(frozen=True, slots=True)
class DevBroker:
    """The broker that was chosen, running; `choice` says which and why. Leaving the context stops it."""

    kind: BrokerKind
    bootstrap_servers: str
    choice: str
    stop: Callable[[], None]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


_ANY = frozenset(Purpose)

CANDIDATES = (
    Candidate(BrokerKind.DOCKER, _ANY, docker_obstacle, ContainerBroker),
    Candidate(BrokerKind.LOCAL, _ANY, local_kafka_obstacle, LocalKafka),
    Candidate(BrokerKind.EMBEDDED, frozenset({Purpose.DEMO}), lambda: None, EmbeddedBroker),
)

_NAMES = {
    BrokerKind.DOCKER: "Kafka in Docker",
    BrokerKind.LOCAL: "local Kafka",
    BrokerKind.EMBEDDED: "the embedded broker",
}


def choose_broker(given: str | None, purpose: Purpose, candidates: Sequence[Candidate] = CANDIDATES) -> DevBroker:
    """Return the given broker, or start the first candidate that runs here and serves the purpose."""
    if given:
        return DevBroker(BrokerKind.GIVEN, given, f"the broker at {given}, which was given", _nothing_to_stop)
    obstacles = ["no bootstrap servers were given"]
    for candidate in candidates:
        name = _NAMES[candidate.kind]
        if purpose not in candidate.purposes:
            obstacles.append(f"{name} is not good enough for a {purpose}")
            continue
        obstacle = candidate.obstacle()
        if obstacle is None:
            broker = candidate.make()
            try:
                broker.start()
            except ReviewstreamError as error:
                obstacle = str(error)
            else:
                choice = f"{name}, because {'; '.join(obstacles)}"
                return DevBroker(candidate.kind, broker.bootstrap_servers, choice, broker.stop)
        obstacles.append(f"{name} can't run: {obstacle}")
    raise ConfigurationError(
        f"there is no broker for a {purpose}: {'; '.join(obstacles)}",
        hint="set REVIEWS_KAFKA_BOOTSTRAP_SERVERS, start Docker, or install Java 17 and Maven",
    )


def _nothing_to_stop() -> None:
    # Whoever gave the broker stops it.
    pass
