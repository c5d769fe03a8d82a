"""Told to stop in any state, the consumer leaves with the exit code that state calls for."""

import signal

import pytest

from shared.errors import RetriableError
from tests.support.breakable import Breakable, Finish
from tests.support.experiment import Experiment, Setting
from tests.support.invariants import Case
from tests.support.killable_consumer import SCORE_DELAY_S
from tests.support.ways import DELIVERIES

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.parametrize("delivery", DELIVERIES)]

INTERRUPTED = 130
SHUTDOWN_S = "5"


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_busy_consumer_finishes_what_it_has_and_leaves_with_0(
    direct: Setting, finish: Finish, delivery: str, stop: signal.Signals
) -> None:
    with Experiment(Case(f"{stop.name} while busy", delivery, "consumer"), direct) as experiment:
        (consumer,) = experiment.underway()
        consumer.signal(stop)
        experiment.expect_exit(consumer, 0)
        experiment.expect_said(consumer, '"event": "stopped"')
        experiment.start_consumer("member-0")
        verdict = finish(experiment)
        assert verdict.repeats == 0


def test_an_idle_consumer_leaves_with_0(direct: Setting, finish: Finish, delivery: str) -> None:
    with Experiment(Case("SIGTERM while idle", delivery, "consumer"), direct) as experiment:
        consumer = experiment.start_consumer()
        consumer.wait_for("partitions_assigned")
        consumer.signal(signal.SIGTERM)
        experiment.expect_exit(consumer, 0)
        finish(experiment)


def test_a_consumer_whose_broker_is_away_leaves_within_its_deadline_and_says_what_it_left(
    breakable: Breakable, direct: Setting, finish: Finish, delivery: str
) -> None:
    with Experiment(Case("SIGTERM while the broker is away", delivery, "consumer"), direct) as experiment:
        # Slow, so that something is under way whenever the broker goes.
        consumer = experiment.start_consumer(**{"REVIEWS_SHUTDOWN_TIMEOUT": SHUTDOWN_S, SCORE_DELAY_S: "0.3"})
        experiment.publish()
        experiment.labelled.wait_for(500)
        breakable.broker.pause(1)
        experiment.hold(1)
        consumer.signal(signal.SIGTERM)
        experiment.expect_exit(consumer, RetriableError.exit_code)
        breakable.broker.resume(1)
        experiment.fault_ended()
        experiment.start_consumer("member-0")
        finish(experiment)


def test_a_second_interrupt_ends_it_at_once(direct: Setting, finish: Finish, delivery: str) -> None:
    with Experiment(Case("SIGINT twice", delivery, "consumer"), direct) as experiment:
        consumer = experiment.start_consumer(**{SCORE_DELAY_S: "5"})
        experiment.publish()
        consumer.wait_for("partitions_assigned")
        experiment.hold(1)
        consumer.signal(signal.SIGINT)
        experiment.hold(0.5)
        consumer.signal(signal.SIGINT)
        experiment.expect_exit(consumer, INTERRUPTED)
        experiment.fault_ended()
        experiment.start_consumer("member-0")
        finish(experiment)
