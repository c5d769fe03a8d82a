"""The replay loop with a list as its source and a list as its topic."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import pytest

from producer.ingest.deliveries import Deliveries
from producer.traffic.replay import TELL_EVERY_S, Replay, of_round
from producer.traffic.replay_report import BadRowPolicy, Ending, ReplayPlan, ReplayProgress, Rounds, TimeWindow
from producer.traffic.schedule import Pacer, as_fast_as_possible, constant_rate
from shared.errors import FatalError, InputError, RecordError
from shared.review_rows import BadRow, Place, ReviewRow
from shared.reviews import REVIEW_ID_CHARS_MAX, Review
from tests.support.manual_clock import ManualClock
from tests.support.memory_publisher import MemoryPublisher

Rows = Sequence[ReviewRow | BadRow]


class ListSource:
    """A source that counts what is taken from it; `failure` is raised behind its last row."""

    def __init__(self, rows: Rows, failure: InputError | None = None) -> None:
        self.taken = 0
        self._rows = rows
        self._failure = failure

    def read(self) -> Iterator[ReviewRow | BadRow]:
        for row in self._rows:
            self.taken += 1
            yield row
        if self._failure is not None:
            raise self._failure

    def share_read(self) -> float | None:
        return self.taken / len(self._rows)


class Witness:
    """A ReplayObserver that remembers; `on_progress` runs at each word of progress."""

    def __init__(self) -> None:
        self.progress: list[ReplayProgress] = []
        self.bad_rows: list[BadRow] = []

    def progressed(self, progress: ReplayProgress) -> None:
        self.progress.append(progress)

    def found_bad_row(self, row: BadRow) -> None:
        self.bad_rows.append(row)


class Bench:
    def __init__(  # noqa: PLR0913 - each is one part of a scene
        self,
        rows: Rows,
        plan: ReplayPlan | None = None,
        *,
        rate: float = 0,
        publisher: MemoryPublisher | None = None,
        stop_requested: Callable[[], bool] = lambda: False,
        failure: InputError | None = None,
    ) -> None:
        self.clock = ManualClock()
        self.source = ListSource(rows, failure)
        self.publisher = publisher or MemoryPublisher()
        self.witness = Witness()
        due_s = constant_rate(rate) if rate else as_fast_as_possible()
        replay = Replay(
            self.source,
            self.publisher,
            pacer=Pacer(due_s, self.clock, self.clock.sleep),
            clock=self.clock,
            observer=self.witness,
            plan=plan or ReplayPlan(),
            stop_requested=stop_requested,
        )
        self.report = replay.run()

    @property
    def ids(self) -> list[str]:
        return [review.review_id for review in self.publisher.stored]


def good(number: int, created_at: datetime | None = None) -> ReviewRow:
    return ReviewRow(Place("shop.csv", number), Review(f"r{number}", "a kind word", created_at=created_at))


def bad(number: int) -> BadRow:
    return BadRow(Place("shop.csv", number), "there is no text in 'text'")


def test_every_row_is_sent_in_order_and_accounted_for() -> None:
    bench = Bench([good(number) for number in range(1, 51)])
    assert bench.ids == [f"r{number}" for number in range(1, 51)]
    assert bench.report.ending is Ending.END_OF_INPUT
    assert bench.report.error is None
    assert bench.report.progress.deliveries == Deliveries(50, 50)


def test_the_limit_ends_the_reading_without_taking_one_row_more() -> None:
    bench = Bench([good(number) for number in range(10)], ReplayPlan(limit=4))
    assert bench.report.ending is Ending.LIMIT
    assert len(bench.ids) == bench.source.taken == 4


def test_the_first_bad_row_stops_the_replay_after_what_was_sent_is_drained() -> None:
    bench = Bench([good(2), good(3), bad(4), good(5)])
    assert bench.ids == ["r2", "r3"]
    assert isinstance(bench.report.error, InputError)
    assert str(bench.report.error) == "shop.csv:4: there is no text in 'text'"
    assert "--skip-bad-rows" in bench.report.error.hint
    assert bench.report.ending is Ending.ERROR
    assert bench.publisher.drained == 1


def test_skipped_bad_rows_are_named_and_counted_and_their_neighbours_are_sent() -> None:
    bench = Bench([bad(2), good(3), bad(4), good(5)], ReplayPlan(bad_rows=BadRowPolicy.SKIP))
    assert bench.ids == ["r3", "r5"]
    assert bench.witness.bad_rows == [bad(2), bad(4)]
    assert bench.report.progress.bad_rows == 2
    assert bench.report.error is None


def test_a_review_the_publisher_can_never_store_is_a_bad_row_with_its_place() -> None:
    giant = ReviewRow(Place("shop.csv", 9), Review("giant", "x" * 2_000_000))
    bench = Bench([good(8), giant, good(10)], ReplayPlan(bad_rows=BadRowPolicy.SKIP))
    assert bench.ids == ["r8", "r10"]
    assert bench.witness.bad_rows[0].place == Place("shop.csv", 9)


def test_an_error_of_the_source_is_reported_after_what_was_sent_is_drained() -> None:
    bench = Bench([good(1)], failure=InputError("the file ends in the middle"))
    assert bench.ids == ["r1"]
    assert str(bench.report.error) == "the file ends in the middle"


def test_an_error_of_the_publisher_ends_the_replay_and_stands_in_the_report() -> None:
    class Broken(MemoryPublisher):
        def publish(self, review: Review) -> None:
            if review.review_id == "r3":
                raise FatalError("gone")
            super().publish(review)

    bench = Bench([good(number) for number in range(1, 6)], publisher=Broken())
    assert bench.ids == ["r1", "r2"]
    assert isinstance(bench.report.error, FatalError)


def test_failed_deliveries_stand_in_the_report_and_do_not_stop_the_others() -> None:
    publisher = MemoryPublisher(failing_ids=frozenset({"r2"}))
    bench = Bench([good(number) for number in range(1, 5)], publisher=publisher)
    assert bench.report.progress.deliveries.failed == 1
    assert bench.ids == ["r1", "r3", "r4"]


def test_a_loop_reads_again_until_the_limit_and_no_id_comes_twice() -> None:
    bench = Bench([good(1), good(2)], ReplayPlan(limit=5, rounds=Rounds.ENDLESS))
    assert bench.ids == ["r1", "r2", "r1#2", "r2#2", "r1#3"]


def test_a_loop_over_nothing_ends() -> None:
    bench = Bench([bad(1)], ReplayPlan(rounds=Rounds.ENDLESS, bad_rows=BadRowPolicy.SKIP))
    assert bench.report.ending is Ending.END_OF_INPUT


def test_an_id_without_room_for_the_round_is_a_record_error() -> None:
    with pytest.raises(RecordError, match="no room for #2"):
        of_round(Review("x" * (REVIEW_ID_CHARS_MAX - 1), "long name"), 2)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, ["r1", "r2", "r3", "r4"]),
        (2, None, ["r2", "r3"]),
        (None, 3, ["r1", "r2"]),
        (2, 3, ["r2"]),
    ],
)
def test_a_window_holds_its_start_not_its_end_and_no_review_without_a_time(
    start: int | None, end: int | None, expected: list[str]
) -> None:
    days = {number: datetime(2025, 1, number, tzinfo=UTC) for number in (1, 2, 3)}
    rows = [*(good(number, day) for number, day in days.items()), good(4)]
    window = TimeWindow(days[start] if start else None, days[end] if end else None)
    bench = Bench(rows, ReplayPlan(window=window))
    assert bench.ids == expected
    assert bench.report.progress.outside == 4 - len(expected)


def test_a_stop_ends_the_reading_and_drains() -> None:
    publisher = MemoryPublisher()
    bench = Bench(
        [good(number) for number in range(10)],
        publisher=publisher,
        stop_requested=lambda: publisher.deliveries().sent == 3,
    )
    assert bench.report.ending is Ending.SIGNAL
    assert bench.report.progress.deliveries == Deliveries(3, 3)


def test_a_stop_during_the_wait_for_an_event_does_not_send_it() -> None:
    answers = iter([False, True, True])
    bench = Bench([good(1)], stop_requested=lambda: next(answers))
    assert bench.ids == []
    assert bench.report.ending is Ending.SIGNAL


def test_the_row_that_an_ended_input_cut_short_is_not_reported_as_bad() -> None:
    bench = Bench([bad(1)], stop_requested=lambda: True)
    assert bench.report.error is None
    assert bench.report.progress.bad_rows == 0


def test_reviews_are_sent_at_the_rate_asked_for() -> None:
    bench = Bench([good(number) for number in range(21)], rate=10)
    assert bench.clock.seconds == pytest.approx(2.0)
    assert bench.report.progress.rate_per_s == pytest.approx(21 / 2.0)


def test_progress_is_told_now_and_then_with_the_share_of_the_whole() -> None:
    bench = Bench([good(number) for number in range(100)], ReplayPlan(limit=50), rate=10)
    told = bench.witness.progress
    assert len(told) <= 5.0 / TELL_EVERY_S + 1
    shares = [progress.share for progress in told if progress.share is not None]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_an_endless_replay_has_no_share() -> None:
    rows = [good(1)]
    publisher = MemoryPublisher()
    bench = Bench(
        rows,
        ReplayPlan(rounds=Rounds.ENDLESS),
        publisher=publisher,
        stop_requested=lambda: publisher.deliveries().sent == 5,
    )
    assert bench.report.progress.share is None
