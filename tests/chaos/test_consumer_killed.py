"""The consumer is killed, as by a power cut, at each step of a batch's life."""

import pytest

from tests.support.breakable import Finish
from tests.support.experiment import Experiment, Setting
from tests.support.fail_points import STEPS, Step
from tests.support.invariants import Case
from tests.support.killable_consumer import kill_at
from tests.support.ways import DELIVERIES

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

KILLED_IN_BATCH = 5
AT_EACH_STEP = [(delivery, "consumer", step) for delivery in DELIVERIES for step in STEPS[delivery]]
# Where most is undecided, under the other protocol as well.
HALF_DONE = [(delivery, "classic", Step.PUBLISHED) for delivery in DELIVERIES]


@pytest.mark.parametrize(("delivery", "protocol", "step"), AT_EACH_STEP + HALF_DONE)
def test_a_consumer_killed_at_any_step_loses_nothing(
    direct: Setting, finish: Finish, delivery: str, protocol: str, step: Step
) -> None:
    with Experiment(Case(f"consumer killed: {step}", delivery, protocol), direct) as experiment:
        doomed = experiment.start_consumer(**kill_at(step, KILLED_IN_BATCH))
        experiment.publish()
        assert doomed.wait() == -9, doomed.said
        experiment.fault_ended()
        experiment.start_consumer()
        finish(experiment)


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_a_consumer_killed_again_and_again_loses_nothing(direct: Setting, finish: Finish, delivery: str) -> None:
    with Experiment(Case("consumer killed three times, anywhere", delivery, "consumer"), direct) as experiment:
        consumer = experiment.start_consumer()
        experiment.publish()
        for labels in (500, 2000, 3500):
            experiment.labelled.wait_for(labels)
            experiment.kill(consumer)
            consumer = experiment.start_consumer()
        finish(experiment)
