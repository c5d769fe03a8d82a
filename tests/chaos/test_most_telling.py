"""The faults that tell most, in a minute: part of `make test`; `make chaos` tries them all."""

import signal

import pytest

from shared.errors import FencedError
from tests.support import kafka_frames
from tests.support.breakable import Breakable, Finish
from tests.support.experiment import Experiment, Setting
from tests.support.fail_points import Step
from tests.support.invariants import Case
from tests.support.killable_consumer import kill_at

pytestmark = [pytest.mark.kafka]

DOWN_S = 2.0
LOST_S_MAX = 60.0


@pytest.mark.parametrize(("delivery", "step"), [("at-least-once", Step.PUBLISHED), ("exactly-once", Step.COMMITTING)])
def test_a_consumer_killed_between_publishing_and_committing_loses_nothing(
    direct: Setting, finish: Finish, delivery: str, step: Step
) -> None:
    with Experiment(Case(f"consumer killed: {step}", delivery, "consumer"), direct) as experiment:
        doomed = experiment.start_consumer(**kill_at(step, 5))
        experiment.publish()
        assert doomed.wait() == -signal.SIGKILL, doomed.said
        experiment.fault_ended()
        experiment.start_consumer()
        finish(experiment)


def test_a_broker_that_is_killed_and_comes_back_costs_nothing(
    breakable: Breakable, direct: Setting, finish: Finish
) -> None:
    with Experiment(Case("broker killed and restarted", "exactly-once", "consumer"), direct) as experiment:
        experiment.underway()
        breakable.broker.kill(1)
        experiment.hold(DOWN_S)
        breakable.broker.restart(1)
        breakable.broker.wait_ready()
        experiment.fault_ended()
        experiment.hold(DOWN_S)
        finish(experiment)


def test_an_answer_to_a_commit_that_is_lost_neither_loses_nor_repeats(
    breakable: Breakable, proxied: Setting, finish: Finish
) -> None:
    with Experiment(Case("answer to EndTxn lost", "exactly-once", "consumer"), proxied) as experiment:
        experiment.underway()
        assert breakable.proxy.swallow_answer(kafka_frames.END_TXN).wait(LOST_S_MAX)
        experiment.fault_ended()
        experiment.hold(1)
        finish(experiment)


def test_the_older_of_two_processes_with_one_name_leaves(direct: Setting, finish: Finish) -> None:
    with Experiment(Case("two processes with one transactional id", "exactly-once", "consumer"), direct) as experiment:
        (older,) = experiment.underway()
        experiment.start_consumer("member-0")
        experiment.expect_exit(older, FencedError.exit_code)
        experiment.fault_ended()
        experiment.expect_said(older, "--instance")
        finish(experiment)
