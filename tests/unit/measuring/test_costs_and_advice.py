"""Costs are lines, and the advice follows from them."""

import pytest

from consumer.measuring.advice import Plan, advise, duration, duration_range
from consumer.measuring.costs import Cost, crossing, crossings, fit_line

JOB = Cost("a batch job", 2.0, 0.001, started_for_it=True)
ALONE = Cost("real time", 0.0, 0.003, started_for_it=False)
DAY_S = 86_400.0


def test_a_line_through_exact_points_is_found() -> None:
    fixed_s, review_s = fit_line({1: 0.52, 10: 0.7, 100: 2.5, 1000: 20.5})
    assert fixed_s == pytest.approx(0.5)
    assert review_s == pytest.approx(0.02)


def test_one_size_alone_has_no_fixed_part() -> None:
    assert fit_line({10: 0.5}) == (0.0, 0.05)


@pytest.mark.parametrize("points", [{1: 0.1, 10: 1.4, 100: 20.0}, {1: 1.0, 1000: 0.5}])
def test_no_part_of_a_line_is_negative(points: dict[int, float]) -> None:
    assert all(part >= 0 for part in fit_line(points))


def test_two_lines_cross_where_both_take_as_long() -> None:
    found = crossing(JOB, ALONE)
    assert found is not None
    assert (found.reviews, found.below, found.above) == (1000, "real time", "a batch job")
    assert JOB.seconds(found.reviews) == pytest.approx(ALONE.seconds(found.reviews))


def test_a_cheaper_start_and_cheaper_reviews_never_cross() -> None:
    assert crossing(Cost("a", 0.0, 0.001, started_for_it=False), JOB) is None
    assert crossing(Cost("a", 0.0, 0.0005, started_for_it=False), JOB) is None
    assert crossings([JOB, Cost("a", 0.0, 0.0005, started_for_it=False)]) == []


@pytest.mark.parametrize(("reviews", "advised"), [(999, "real time"), (1001, "a batch job")])
def test_what_is_there_at_once_goes_the_sooner_way(reviews: int, advised: str) -> None:
    assert advise(Plan(reviews), [JOB, ALONE]).advised == advised


def test_a_start_that_takes_longer_than_the_answer_may_is_refused() -> None:
    advice = advise(Plan(100, within_s=1.0), [JOB, ALONE])
    assert advice.advised == "real time"
    assert "too late" in advice.options[0].says


def test_what_one_process_cannot_do_says_how_many_can() -> None:
    advice = advise(Plan(10_000, within_s=10.0), [ALONE])
    assert advice.advised is None
    assert "3 such processes would do" in advice.options[0].says


def test_a_daily_plan_without_hurry_is_one_run() -> None:
    advice = advise(Plan(1_000_000, every_s=DAY_S), [JOB, ALONE])
    assert advice.advised == "a batch job"
    assert advice.options[0].says.startswith("1 run in 1 d")


def test_hurry_makes_more_runs_and_each_label_is_young_enough() -> None:
    (option,) = advise(Plan(1_000_000, within_s=3600.0, every_s=DAY_S), [JOB]).options
    assert option.will_do
    assert option.says.startswith("25 runs in 1 d")
    assert "at most 58.3 min old" in option.says


def test_more_hurry_than_a_start_takes_needs_what_runs_already() -> None:
    advice = advise(Plan(100_000, within_s=1.0, every_s=DAY_S), [JOB, ALONE])
    assert advice.advised == "real time"


def test_a_process_is_not_planned_to_be_busy_all_the_time() -> None:
    advice = advise(Plan(30_000_000, every_s=DAY_S), [ALONE])
    assert advice.advised is None
    assert "2 such processes would do" in advice.options[0].says


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0009996, "1 ms"), (2.5e-6, "2.5 µs"), (0.25, "250 ms"), (90, "1.5 min"), (7200, "2 h"), (4e8, "4,630 d")],
)
def test_a_duration_is_shown_in_the_unit_that_suits_it(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_a_range_names_its_unit_once_where_it_can() -> None:
    assert duration_range(0.001, 0.002) == "1-2 ms"
    assert duration_range(0.0005, 0.002) == "500 µs - 2 ms"
