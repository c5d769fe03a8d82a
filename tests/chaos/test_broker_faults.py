"""Brokers die, freeze and come back; the consumer waits for them and goes on."""

import pytest
from confluent_kafka.admin import AdminClient

from shared.dev_broker.local_kafka import LocalKafka
from tests.support.breakable import Breakable, Finish
from tests.support.experiment import REQUEST_S, Experiment, Setting
from tests.support.invariants import Case
from tests.support.ways import DELIVERIES, PROTOCOLS

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

PAUSED_S = 20.0
DOWN_S = 3.0


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("delivery", DELIVERIES)
def test_a_broker_that_is_killed_and_comes_back_costs_nothing(
    breakable: Breakable, direct: Setting, finish: Finish, delivery: str, protocol: str
) -> None:
    with Experiment(Case("broker killed and restarted", delivery, protocol), direct) as experiment:
        (consumer,) = experiment.underway()
        breakable.broker.kill(1)
        experiment.hold(DOWN_S)
        breakable.broker.restart(1)
        breakable.broker.wait_ready()
        experiment.fault_ended()
        experiment.hold(DOWN_S)
        experiment.expect_said(consumer, "client_error")
        finish(experiment)


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_a_broker_that_freezes_is_waited_for(
    breakable: Breakable, direct: Setting, finish: Finish, delivery: str
) -> None:
    with Experiment(Case(f"broker paused {PAUSED_S:g} s", delivery, "consumer"), direct) as experiment:
        experiment.underway()
        breakable.broker.pause(1)
        experiment.hold(PAUSED_S)
        breakable.broker.resume(1)
        experiment.fault_ended()
        experiment.hold(DOWN_S)
        finish(experiment)


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_one_of_three_brokers_dies_and_the_others_carry_on(
    three_brokers: LocalKafka, copied: Setting, finish: Finish, delivery: str
) -> None:
    with Experiment(Case("one of three brokers killed", delivery, "consumer"), copied) as experiment:
        experiment.underway()
        victim = next(node for node in (1, 2, 3) if node != coordinator(experiment))
        three_brokers.kill(victim)
        experiment.fault_ended()
        experiment.hold(DOWN_S)
        finish(experiment)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("delivery", DELIVERIES)
def test_the_group_moves_to_another_coordinator(
    three_brokers: LocalKafka, copied: Setting, finish: Finish, delivery: str, protocol: str
) -> None:
    with Experiment(Case("coordinator of the group killed", delivery, protocol), copied) as experiment:
        experiment.underway()
        three_brokers.kill(coordinator(experiment))
        experiment.fault_ended()
        experiment.hold(DOWN_S)
        finish(experiment)


def coordinator(experiment: Experiment) -> int:
    """Return the broker that coordinates the experiment's group."""
    admin = AdminClient({"bootstrap.servers": experiment.kafka.bootstrap_servers})
    group = experiment.topics.input_topic
    found = admin.describe_consumer_groups([group])[group].result(REQUEST_S).coordinator
    assert found is not None
    return int(found.id)
