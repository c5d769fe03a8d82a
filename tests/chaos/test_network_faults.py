"""The network between consumer and broker misbehaves."""

import pytest

from tests.support.breakable import Breakable, Finish
from tests.support.experiment import Experiment, Setting
from tests.support.invariants import Case
from tests.support.ways import DELIVERIES

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.parametrize("delivery", DELIVERIES)]

HALF_OPEN_S = 20.0
REFUSED_S = 5.0
SLOW_S = 10.0
AFTERWARDS_S = 3.0
CUTS = 8


def test_a_slow_network_slows_and_breaks_nothing(
    breakable: Breakable, proxied: Setting, finish: Finish, delivery: str
) -> None:
    with Experiment(Case("300 ms of latency, each way", delivery, "consumer"), proxied) as experiment:
        experiment.underway()
        breakable.proxy.delay(0.3)
        recovers(experiment, breakable, finish, SLOW_S)


def test_a_narrow_network_slows_and_breaks_nothing(
    breakable: Breakable, proxied: Setting, finish: Finish, delivery: str
) -> None:
    with Experiment(Case("50 KB/s", delivery, "consumer"), proxied) as experiment:
        experiment.underway()
        breakable.proxy.throttle(50_000)
        recovers(experiment, breakable, finish, SLOW_S)


def test_connections_that_are_cut_are_made_again(
    breakable: Breakable, proxied: Setting, finish: Finish, delivery: str
) -> None:
    with Experiment(Case(f"connections cut {CUTS} times", delivery, "consumer"), proxied) as experiment:
        (consumer,) = experiment.underway()
        for _ in range(CUTS):
            breakable.proxy.cut()
            experiment.hold(1)
        experiment.fault_ended()
        experiment.expect_said(consumer, "client_error")
        experiment.hold(1)
        finish(experiment)


def test_refused_connections_are_tried_until_they_are_taken(
    breakable: Breakable, proxied: Setting, finish: Finish, delivery: str
) -> None:
    with Experiment(Case(f"connections refused for {REFUSED_S:g} s", delivery, "consumer"), proxied) as experiment:
        experiment.underway()
        breakable.proxy.refuse()
        breakable.proxy.cut()
        recovers(experiment, breakable, finish, REFUSED_S)


def test_half_open_connections_are_waited_out(
    breakable: Breakable, proxied: Setting, finish: Finish, delivery: str
) -> None:
    with Experiment(Case(f"half-open for {HALF_OPEN_S:g} s", delivery, "consumer"), proxied) as experiment:
        experiment.underway()
        breakable.proxy.freeze()
        recovers(experiment, breakable, finish, HALF_OPEN_S)


def recovers(experiment: Experiment, breakable: Breakable, finish: Finish, fault_s: float) -> None:
    """Let a fault of the proxy last, mend it, and judge what became of the stream."""
    experiment.hold(fault_s)
    breakable.proxy.heal()
    experiment.fault_ended()
    experiment.hold(AFTERWARDS_S)
    finish(experiment)
