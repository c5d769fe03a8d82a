"""The consumer gets next to no processor: it stays in its group, or leaves it and comes back."""

import sys

import pytest

from tests.support.breakable import Finish
from tests.support.experiment import Experiment, Setting
from tests.support.invariants import Case
from tests.support.starvation import RUN_S, STOPPED_S, starved
from tests.support.ways import DELIVERIES, PROTOCOLS

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.chaos,
    pytest.mark.skipif(sys.platform != "linux", reason="STARVATION NOT TRIED: priorities of threads are Linux's"),
    pytest.mark.parametrize("protocol", PROTOCOLS),
    pytest.mark.parametrize("delivery", DELIVERIES),
]

# Longer than a session of either protocol, and than a transaction may last.
STARVED_S = 20.0
# Its threads can be on several processors in the moments it runs.
SHARE_MAX = 3 * RUN_S / (RUN_S + STOPPED_S)


def test_a_consumer_starved_of_the_processor_loses_nothing_and_comes_back(
    direct: Setting, finish: Finish, delivery: str, protocol: str
) -> None:
    with Experiment(Case(f"a twentieth of a processor for {STARVED_S:g} s", delivery, protocol), direct) as experiment:
        (consumer,) = experiment.underway()
        with starved(consumer) as starvation:
            experiment.hold(STARVED_S)
        experiment.fault_ended()
        assert starvation.share < SHARE_MAX, "it was not starved"
        experiment.hold(3)
        finish(experiment)
