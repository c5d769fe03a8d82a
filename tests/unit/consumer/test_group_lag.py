"""What follows from where a group stands, and how it is shown."""

import io
import json

import msgspec
import pytest
from rich.console import Console

from consumer.commands.lag_display import LagDisplay
from consumer.kafka.group_lag import GroupLag, Holder, LagLimits, PartitionLag, Standing, Waiting, partition_lags
from consumer.reports.lag_summary import lag_line, lag_object, lag_table
from shared.errors import BrokerUnavailable
from tests.support.manual_clock import ManualClock

NOW_S = 1_700_000_000.0
HOLDER = Holder("m-1", "reviewstream", "10.0.0.7")


def one(  # noqa: PLR0913 - each is one thing the broker says
    *,
    committed: int | None = None,
    bounds: tuple[int, int] = (0, 0),
    written: int | None = None,
    waiting: Waiting | None = None,
    answered: bool = True,
    holder: Holder | None = None,
) -> PartitionLag:
    standing = Standing(
        {} if committed is None else {0: committed},
        {0: bounds},
        {} if written is None else {0: written},
        {0: waiting} if answered else {},
        {} if holder is None else {0: holder},
    )
    (found,) = partition_lags(standing, NOW_S)
    return found


def group(*partitions: PartitionLag) -> GroupLag:
    return GroupLag("g", "reviews", "stable", 2, NOW_S, partitions)


def test_records_are_counted_from_the_first_that_waits_and_seconds_are_its_age() -> None:
    found = one(committed=10, bounds=(0, 30), waiting=Waiting(12, NOW_S - 7))
    assert (found.records, found.seconds, found.gone, found.undecided) == (18, 7.0, 0, 0)


def test_nothing_waits_where_only_markers_are_left_or_what_came_after_the_end_was_asked_for() -> None:
    assert one(committed=10, bounds=(0, 12), waiting=None).records == 0
    assert one(committed=10, bounds=(0, 12), waiting=Waiting(12, NOW_S)).records == 0


def test_a_group_that_stands_nowhere_has_all_of_it_to_do() -> None:
    found = one(bounds=(5, 9), waiting=Waiting(5, NOW_S - 1))
    assert (found.committed, found.records, found.gone) == (None, 4, 0)


def test_what_retention_removed_is_not_waiting_but_gone() -> None:
    found = one(committed=2, bounds=(5, 9), waiting=Waiting(5, NOW_S - 1))
    assert (found.records, found.gone) == (4, 3)


def test_an_age_is_never_less_than_nothing_and_unknown_without_a_time_stamp_or_an_answer() -> None:
    assert one(committed=0, bounds=(0, 1), waiting=Waiting(0, NOW_S + 60)).seconds == 0
    assert one(committed=0, bounds=(0, 1), waiting=Waiting(0, None)).seconds is None
    late = one(committed=0, bounds=(0, 7), answered=False)
    assert (late.records, late.seconds) == (7, None)


def test_behind_the_written_end_nothing_is_known() -> None:
    assert one(committed=9, bounds=(0, 5), written=9).records == 0
    assert one(committed=10, bounds=(0, 5), written=9).records is None


def test_a_group_is_as_far_behind_as_its_worst_partition_and_unknown_if_any_is() -> None:
    slow = one(committed=0, bounds=(0, 3), waiting=Waiting(0, NOW_S - 9))
    done = one(committed=3, bounds=(0, 3))
    unknown = one(committed=0, bounds=(0, 3), answered=False)
    assert (group(slow, done).records, group(slow, done).seconds) == (3, 9.0)
    assert (group(slow, unknown).records, group(slow, unknown).seconds) == (6, None)


@pytest.mark.parametrize(
    ("limits", "within"),
    [
        (LagLimits(), True),
        (LagLimits(records=3), True),
        (LagLimits(records=2), False),
        (LagLimits(seconds=9), True),
        (LagLimits(seconds=8.9), False),
        (LagLimits(records=3, seconds=8.9), False),
    ],
)
def test_every_limit_must_be_kept(limits: LagLimits, within: bool) -> None:  # noqa: FBT001 - an expected answer
    assert group(one(committed=0, bounds=(0, 3), waiting=Waiting(0, NOW_S - 9))).within(limits) is within


def test_what_is_not_known_exceeds_every_limit() -> None:
    unknown = group(one(committed=0, bounds=(0, 3), answered=False))
    assert not unknown.within(LagLimits(seconds=1e9))
    assert not group(one(committed=9, bounds=(0, 3))).within(LagLimits(records=1000))


def test_table_line_and_object_say_the_same() -> None:
    found = group(
        one(committed=2, bounds=(5, 9), written=11, waiting=Waiting(5, NOW_S - 2.5), holder=HOLDER),
        one(bounds=(0, 1), waiting=Waiting(0, None)),
    )
    console = Console(record=True, width=200, file=io.StringIO())
    console.print(lag_table(found, LagLimits(records=4)))
    text = console.export_text()
    assert "reviewstream on 10.0.0.7 (m-1)" in text
    assert "3 removed by retention before they were done, 2 in open transactions" in text
    assert "nobody" in text
    assert "✘ not within 4 records: 5 records not done" in text
    assert "5 records, \N{EN DASH} behind" in lag_line(found)
    written = json.loads(msgspec.json.encode(lag_object(found, LagLimits(records=4))))
    assert (written["records"], written["seconds"], written["within_limits"]) == (5, None, False)
    assert [each["seconds"] for each in written["partitions"]] == [2.5, None]
    assert written["partitions"][0]["host"] == "10.0.0.7"


class Pause(ManualClock):
    """Asks to stop after so many sleeps."""

    def __init__(self, sleeps_max: int) -> None:
        super().__init__()
        self._sleeps_max = sleeps_max

    def requested(self) -> bool:
        return len(self.sleeps) >= self._sleeps_max


BEHIND = group(one(committed=0, bounds=(0, 3), waiting=Waiting(0, NOW_S)))
DONE = group(one(committed=3, bounds=(0, 3)))


def test_watching_with_a_limit_ends_with_0_once_it_is_kept_and_with_1_where_it_is_stopped_before() -> None:
    shown: list[GroupLag] = []
    readings = iter([BEHIND, BEHIND, DONE])
    display = LagDisplay(LagLimits(records=0), shown.append)
    assert display.watch(lambda: next(readings), 5, Pause(10)) == 0
    assert shown == [BEHIND, BEHIND, DONE]
    pause = Pause(2)
    assert display.watch(lambda: BEHIND, 5, pause) == 1
    assert pause.sleeps == [5, 5]


def test_watching_without_a_limit_goes_on_until_it_is_stopped_and_ends_with_0() -> None:
    shown: list[GroupLag] = []
    assert LagDisplay(LagLimits(), shown.append).watch(lambda: DONE, 1, Pause(3)) == 0
    assert shown == [DONE] * 3


def test_a_broker_that_is_away_does_not_end_the_watching(capsys: pytest.CaptureFixture[str]) -> None:
    answers: list[GroupLag | None] = [None, DONE]

    def read() -> GroupLag:
        answer = answers.pop(0)
        if answer is None:
            raise BrokerUnavailable("nobody is there")
        return answer

    assert LagDisplay(LagLimits(records=0), lambda _: None).watch(read, 1, Pause(5)) == 0
    assert "nobody is there; asking again" in capsys.readouterr().err
