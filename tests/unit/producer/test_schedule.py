"""Schedules are pure and the pacer keeps an open loop: nothing here sleeps."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.traffic.schedule import Pacer, as_fast_as_possible, constant_rate
from tests.support.manual_clock import ManualClock


@given(rate=st.floats(min_value=0.001, max_value=1e6), count=st.integers(1, 300))
def test_a_constant_rate_never_drifts_from_its_line(rate: float, count: int) -> None:
    times = list(islice(constant_rate(rate), count))
    assert times[0] == 0
    assert times == sorted(times)
    assert times[-1] == pytest.approx((count - 1) / rate)


@given(rate=st.floats(min_value=0.01, max_value=1e5), delays=st.lists(st.floats(0, 100), min_size=1, max_size=50))
def test_intended_times_do_not_depend_on_how_late_the_sender_is(rate: float, delays: list[float]) -> None:
    clock = ManualClock(seconds=1000.0)
    pacer = Pacer(constant_rate(rate), clock, clock.sleep)
    for number, delay in enumerate(delays):
        assert pacer.wait() == pytest.approx(1000.0 + number / rate)
        clock.seconds += delay


@given(rate=st.floats(min_value=0.01, max_value=1e5), delays=st.lists(st.floats(0, 100), min_size=1, max_size=50))
def test_no_event_is_sent_before_it_is_due(rate: float, delays: list[float]) -> None:
    clock = ManualClock()
    pacer = Pacer(constant_rate(rate), clock, clock.sleep)
    for delay in delays:
        intended = pacer.wait()
        assert clock.seconds >= intended or clock.seconds == pytest.approx(intended)
        clock.seconds += delay


def test_a_late_sender_catches_up_without_sleeping() -> None:
    clock = ManualClock()
    pacer = Pacer(constant_rate(10), clock, clock.sleep)
    pacer.wait()
    clock.seconds += 0.35
    for _ in range(3):
        pacer.wait()
    assert clock.sleeps == []
    pacer.wait()
    assert clock.sleeps == [pytest.approx(0.05)]


def test_the_schedule_starts_with_the_first_event_not_with_the_pacer() -> None:
    clock = ManualClock()
    pacer = Pacer(constant_rate(1), clock, clock.sleep)
    clock.seconds = 50.0
    assert pacer.wait() == 50.0


def test_as_fast_as_possible_never_sleeps() -> None:
    clock = ManualClock()
    pacer = Pacer(as_fast_as_possible(), clock, clock.sleep)
    for _ in range(100):
        pacer.wait()
    assert clock.sleeps == []
