"""Memory ends: the consumer is killed for it, is refused more of it, or finds none for its scorer."""

import json
import signal
import sys

import pytest

from shared.errors import FatalError
from tests.support.breakable import Finish
from tests.support.experiment import Experiment, Setting
from tests.support.invariants import Case, Verdict
from tests.support.killable_consumer import NO_MEMORY_FROM
from tests.support.memory_limits import allow_everything, allow_only, kill_when_grown
from tests.support.reviews import publish
from tests.support.ways import DELIVERIES

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.chaos,
    pytest.mark.skipif(sys.platform != "linux", reason="OUT OF MEMORY NOT TRIED: limits and /proc are Linux's"),
    pytest.mark.parametrize("delivery", DELIVERIES),
]

LARGE_REVIEWS = 200
# Together more than any allowance below; each is less than a review may have.
LARGE_TEXT = "What a lovely battery this is, and how long it lasts. " * 8000
ALLOWED_MB = 8
GROWN_MB = 30
AFTERWARDS_S = 1.0
REFUSED_S = 15.0
# Whoever asks in vain decides how it ends: Python raises, what is written in C aborts or looks where nothing is.
REFUSED = {FatalError.exit_code, -signal.SIGABRT, -signal.SIGSEGV}


def publish_large(experiment: Experiment) -> None:
    """Publish reviews that the consumer can't hold without getting memory for them."""
    values = [
        json.dumps({"review_id": f"large-{number}", "text": f"{LARGE_TEXT}{number}"}).encode()
        for number in range(LARGE_REVIEWS)
    ]
    publish(experiment.kafka, experiment.topics.input_topic, values)


def goes_on(experiment: Experiment, finish: Finish) -> Verdict:
    """Start the consumer again with all the memory it wants, and judge what became of the stream."""
    experiment.fault_ended()
    experiment.start_consumer("member-0")
    experiment.hold(AFTERWARDS_S)
    return finish(experiment)


def test_a_consumer_killed_while_its_memory_grows_loses_nothing(direct: Setting, finish: Finish, delivery: str) -> None:
    with Experiment(Case("killed for its memory, while it grows", delivery, "consumer"), direct) as experiment:
        (doomed,) = experiment.underway()
        publish_large(experiment)
        kill_when_grown(doomed, GROWN_MB)
        experiment.expect_exit(doomed, -signal.SIGKILL)
        goes_on(experiment, finish)


def test_a_consumer_that_is_refused_more_memory_ends_or_makes_do_and_loses_nothing(
    direct: Setting, finish: Finish, delivery: str
) -> None:
    with Experiment(Case("address space used up", delivery, "consumer"), direct) as experiment:
        (doomed,) = experiment.underway()
        allow_only(doomed.process_id, ALLOWED_MB)
        publish_large(experiment)
        if doomed.ended_within(REFUSED_S):
            assert doomed.wait() in REFUSED, doomed.said
            goes_on(experiment, finish)
        else:
            # What found no memory was scored in parts.
            allow_everything(doomed.process_id)
            experiment.fault_ended()
            experiment.hold(AFTERWARDS_S)
            finish(experiment)


def test_a_scorer_without_memory_ends_the_consumer_and_blames_no_review(
    direct: Setting, finish: Finish, delivery: str
) -> None:
    with Experiment(Case("no memory for the scorer", delivery, "consumer"), direct) as experiment:
        doomed = experiment.start_consumer("member-0", **{NO_MEMORY_FROM: "5"})
        experiment.publish()
        experiment.expect_exit(doomed, FatalError.exit_code)
        experiment.expect_said(doomed, r"no memory is left[\s\S]*how to fix: .*REVIEWS_BATCH_BYTES_MAX")
        verdict = goes_on(experiment, finish)
        assert verdict.dead_letters == 0
