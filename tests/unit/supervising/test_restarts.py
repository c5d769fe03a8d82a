"""When a worker is started again."""

import signal

import pytest

from consumer.supervising.restarts import Ending, RestartBounds, Restarts, exit_code

BOUNDS = RestartBounds(failures_in_a_row_max=5, first_pause_s=1, pause_s_max=5, steady_after_s=60)
KILLED = -signal.SIGKILL


def test_each_failure_in_a_row_waits_twice_as_long_up_to_a_bound_and_then_it_is_given_up() -> None:
    restarts = Restarts(BOUNDS)
    assert [restarts.pause_s(70, 1) for _ in range(5)] == [1, 2, 4, 5, None]


def test_who_ran_for_a_while_begins_anew() -> None:
    restarts = Restarts(BOUNDS)
    assert [restarts.pause_s(KILLED, lived_s) for lived_s in (1, 1, 60, 59, 3600)] == [1, 2, 1, 2, 1]


@pytest.mark.parametrize("status", [2, 78])
def test_what_another_process_would_say_too_is_not_tried_again(status: int) -> None:
    assert Restarts(BOUNDS).pause_s(status, 3600) is None


def test_a_status_is_told_as_an_ending_and_as_an_exit_code() -> None:
    statuses = (0, 71, 70, 75, 1, KILLED)
    assert [Ending.of(status).value for status in statuses] == ["done", "fenced", *["failed"] * 4]
    assert [exit_code(status) for status in statuses] == [0, 71, 70, 75, 1, 137]
