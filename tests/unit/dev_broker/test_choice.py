"""The order in which brokers are chosen, and what the choice says."""

from dataclasses import dataclass, field

import pytest

from shared.dev_broker.choice import CANDIDATES, BrokerKind, Candidate, Purpose, choose_broker
from shared.errors import BrokerUnavailable, ConfigurationError


@dataclass
class FakeBroker:
    """Remembers what was asked of it; fails to start when it was given an error."""

    bootstrap_servers: str
    error: BrokerUnavailable | None = None
    calls: list[str] = field(default_factory=list)

    def start(self) -> None:
        self.calls.append("start")
        if self.error is not None:
            raise self.error

    def stop(self) -> None:
        self.calls.append("stop")


@dataclass
class Machine:
    """What runs on an imaginary machine: an obstacle for each kind, or none."""

    docker_obstacle: str | None = None
    local_obstacle: str | None = None
    docker: FakeBroker = field(default_factory=lambda: FakeBroker("docker:1"))
    local: FakeBroker = field(default_factory=lambda: FakeBroker("local:1"))
    embedded: FakeBroker = field(default_factory=lambda: FakeBroker("embedded:1"))

    @property
    def candidates(self) -> list[Candidate]:
        everything = frozenset(Purpose)
        return [
            Candidate(BrokerKind.DOCKER, everything, lambda: self.docker_obstacle, lambda: self.docker),
            Candidate(BrokerKind.LOCAL, everything, lambda: self.local_obstacle, lambda: self.local),
            Candidate(BrokerKind.EMBEDDED, frozenset({Purpose.DEMO}), lambda: None, lambda: self.embedded),
        ]


def test_given_broker_is_used_and_nothing_is_started_or_stopped() -> None:
    machine = Machine()
    with choose_broker("kafka:9092", Purpose.TEST, machine.candidates) as broker:
        assert (broker.kind, broker.bootstrap_servers) == (BrokerKind.GIVEN, "kafka:9092")
    assert machine.docker.calls == machine.local.calls == machine.embedded.calls == []


@pytest.mark.parametrize("nothing", [None, ""])
def test_docker_comes_first_when_no_broker_is_given(nothing: str | None) -> None:
    machine = Machine()
    broker = choose_broker(nothing, Purpose.TEST, machine.candidates)
    assert (broker.kind, broker.bootstrap_servers) == (BrokerKind.DOCKER, "docker:1")
    assert machine.local.calls == []


def test_local_kafka_is_chosen_where_docker_has_an_obstacle_and_the_choice_names_it() -> None:
    machine = Machine(docker_obstacle="no engine answers")
    broker = choose_broker(None, Purpose.TEST, machine.candidates)
    assert broker.kind is BrokerKind.LOCAL
    assert broker.choice.startswith("local Kafka, because no bootstrap servers were given")
    assert "Kafka in Docker can't run: no engine answers" in broker.choice
    assert machine.docker.calls == []


def test_candidate_that_fails_to_start_is_passed_over_and_its_reason_is_told() -> None:
    machine = Machine(docker=FakeBroker("docker:1", BrokerUnavailable("the image is not here")))
    broker = choose_broker(None, Purpose.TEST, machine.candidates)
    assert broker.kind is BrokerKind.LOCAL
    assert "the image is not here" in broker.choice


def test_leaving_the_context_stops_the_chosen_broker() -> None:
    machine = Machine()
    with choose_broker(None, Purpose.DEMO, machine.candidates):
        assert machine.docker.calls == ["start"]
    assert machine.docker.calls == ["start", "stop"]


def test_demo_falls_back_to_the_embedded_broker() -> None:
    machine = Machine(docker_obstacle="no engine", local_obstacle="no java")
    assert choose_broker(None, Purpose.DEMO, machine.candidates).kind is BrokerKind.EMBEDDED


def test_test_never_runs_on_the_embedded_broker_and_the_error_says_what_is_missing() -> None:
    machine = Machine(docker_obstacle="no engine", local_obstacle="no java")
    with pytest.raises(ConfigurationError, match=r"no engine.*no java.*not good enough for a test") as caught:
        choose_broker(None, Purpose.TEST, machine.candidates)
    assert "REVIEWS_KAFKA_BOOTSTRAP_SERVERS" in caught.value.hint
    assert machine.embedded.calls == []


def test_real_candidates_are_docker_then_local_kafka_then_for_demos_only_the_embedded_broker() -> None:
    assert [each.kind for each in CANDIDATES] == [BrokerKind.DOCKER, BrokerKind.LOCAL, BrokerKind.EMBEDDED]
    assert [each.kind for each in CANDIDATES if Purpose.TEST in each.purposes] == [BrokerKind.DOCKER, BrokerKind.LOCAL]
