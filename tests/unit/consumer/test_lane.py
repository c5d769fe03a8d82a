"""Work beside the loop: in order, with its errors, and never in the way of the process's end."""

from collections.abc import Iterator
from threading import Barrier, Event, get_ident

import pytest

from consumer.scoring.lane import InlineLane, Lane, ThreadLane


@pytest.fixture(params=[InlineLane, ThreadLane])
def lane(request: pytest.FixtureRequest) -> Iterator[Lane]:
    if request.param is InlineLane:
        yield InlineLane()
        return
    with ThreadLane("test") as threaded:
        yield threaded


def test_work_is_done_in_order_and_each_future_has_its_own_result(lane: Lane) -> None:
    done: list[int] = []

    def work(number: int) -> int:
        done.append(number)
        return number * number

    futures = [lane.begin(lambda number=number: work(number)) for number in range(20)]  # type: ignore[misc]
    assert [future.result(10) for future in futures] == [number * number for number in range(20)]
    assert done == list(range(20))


def test_an_error_is_raised_where_the_result_is_asked_for_and_the_next_work_is_done(lane: Lane) -> None:
    failed = lane.begin(lambda: int("no number"))
    assert lane.begin(lambda: "next").result(10) == "next"
    with pytest.raises(ValueError, match="no number"):
        failed.result(10)


def test_a_thread_lane_works_beside_its_caller() -> None:
    let_go = Event()
    with ThreadLane("test") as lane:
        waiting = lane.begin(lambda: let_go.wait(10))
        where = lane.begin(get_ident)
        assert not waiting.done()
        let_go.set()
        assert waiting.result(10)
        assert where.result(10) != get_ident()


def test_leaving_a_lane_waits_for_work_but_not_for_work_that_hangs() -> None:
    let_go = Event()
    with ThreadLane("test", end_s_max=10) as lane:
        quick = lane.begin(lambda: "done")
    assert quick.done()
    with ThreadLane("test", end_s_max=0.05) as lane:
        hanging = lane.begin(lambda: let_go.wait(10))
    assert not hanging.done()
    let_go.set()


def test_a_wider_lane_does_as_many_pieces_of_work_at_once() -> None:
    both_there = Barrier(2)
    with ThreadLane("test", width=2) as lane:
        futures = [lane.begin(lambda: both_there.wait(10)) for _ in range(2)]
        assert sorted(future.result(10) for future in futures) == [0, 1]
