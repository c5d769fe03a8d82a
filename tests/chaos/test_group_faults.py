"""Members come, go, freeze and come back; partitions are added."""

import contextlib
import signal

import pytest
from confluent_kafka.admin import AdminClient, NewPartitions

from shared.errors import FencedError
from tests.support.breakable import Finish
from tests.support.experiment import REQUEST_S, Experiment, Setting
from tests.support.invariants import Case
from tests.support.ways import DELIVERIES, PROTOCOLS

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.chaos,
    pytest.mark.parametrize("protocol", PROTOCOLS),
    pytest.mark.parametrize("delivery", DELIVERIES),
]

# Longer than the classic protocol's session, the newer one's, and a transaction's time-out.
FROZEN_S = 16.0
STORM_ROUNDS = 6
ROUND_S = 2.0


def test_members_that_join_and_leave_every_two_seconds_cost_nothing(
    direct: Setting, finish: Finish, delivery: str, protocol: str
) -> None:
    with Experiment(Case("members join and leave every 2 s", delivery, protocol), direct) as experiment:
        experiment.underway()
        for number in range(STORM_ROUNDS):
            with contextlib.closing(Leaver(experiment, number)):
                experiment.hold(ROUND_S)
        experiment.fault_ended()
        experiment.hold(ROUND_S)
        finish(experiment)


class Leaver:
    """A member that is asked to leave when it is closed, wherever it stands by then."""

    def __init__(self, experiment: Experiment, number: int) -> None:
        self._experiment = experiment
        self._program = experiment.start_consumer(f"guest-{number}")
        self._program.wait_for("started")

    def close(self) -> None:
        self._program.signal(signal.SIGTERM)
        self._experiment.expect_exit(self._program, 0)


def test_a_frozen_member_that_comes_back_after_its_replacement_does_no_harm(
    direct: Setting, finish: Finish, delivery: str, protocol: str
) -> None:
    with Experiment(Case(f"member frozen {FROZEN_S:g} s, replaced, back", delivery, protocol), direct) as experiment:
        (zombie,) = experiment.underway()
        zombie.signal(signal.SIGSTOP)
        experiment.start_consumer("member-0")
        experiment.hold(FROZEN_S)
        zombie.signal(signal.SIGCONT)
        experiment.fault_ended()
        if delivery == "exactly-once":
            experiment.expect_exit(zombie, FencedError.exit_code)
            experiment.expect_said(zombie, "--instance")
        experiment.hold(ROUND_S)
        finish(experiment)


def test_a_member_frozen_for_a_moment_goes_on(direct: Setting, finish: Finish, delivery: str, protocol: str) -> None:
    with Experiment(Case("member frozen 3 s", delivery, protocol), direct) as experiment:
        (consumer,) = experiment.underway()
        consumer.signal(signal.SIGSTOP)
        experiment.hold(3)
        consumer.signal(signal.SIGCONT)
        experiment.fault_ended()
        experiment.hold(1)
        finish(experiment)


def test_partitions_that_are_added_are_read_from_their_beginning(
    direct: Setting, finish: Finish, delivery: str, protocol: str
) -> None:
    # With `--start latest`, which is about a new group, a partition found late must not lose its first records.
    environment = {"REVIEWS_START": "latest"}
    with Experiment(Case("partitions added, found late", delivery, protocol), direct) as experiment:
        consumer = experiment.start_consumer(**environment)
        consumer.wait_for("partitions_assigned")
        experiment.publish()
        experiment.labelled.wait_for(500)
        admin = AdminClient({"bootstrap.servers": experiment.kafka.bootstrap_servers})
        topic = experiment.topics.input_topic
        admin.create_partitions([NewPartitions(topic, 6)])[topic].result(REQUEST_S)
        experiment.fault_ended()
        experiment.hold(ROUND_S)
        finish(experiment)
