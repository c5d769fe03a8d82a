"""Quantiles out of buckets, as Prometheus computes them; differences and sums."""

import math

import pytest

from consumer.watching.histogram import Histogram

# 10 up to 1, 10 more up to 2, none up to 4, 5 beyond.
FOUND = Histogram((1.0, 2.0, 4.0, math.inf), (10, 20, 20, 25), 60.0)


@pytest.mark.parametrize(
    ("share", "value"),
    [
        (0.2, 0.5),  # half of the first bucket, which begins at 0
        (0.4, 1.0),  # its end
        (0.6, 1.5),  # half of the second
        (0.8, 2.0),  # its end, not that of the empty one behind it
        (0.9, 4.0),  # beyond the last finite bound: that bound
        (1.0, 4.0),
    ],
)
def test_a_quantile_is_interpolated_within_its_bucket(share: float, value: float) -> None:
    assert FOUND.quantile(share) == pytest.approx(value)


def test_a_first_bucket_at_or_below_nothing_is_its_bound() -> None:
    assert Histogram((-1.0, 1.0, math.inf), (4, 8, 8), 0.0).quantile(0.25) == -1.0


def test_without_observations_nothing_is_known() -> None:
    empty = Histogram((1.0, math.inf), (0, 0), 0.0)
    assert (empty.quantile(0.5), empty.mean) == (None, None)


def test_only_the_infinite_bucket_tells_nothing() -> None:
    assert Histogram((math.inf,), (3,), 9.0).quantile(0.5) is None


def test_a_difference_is_what_was_observed_in_between() -> None:
    earlier = Histogram((1.0, 2.0, 4.0, math.inf), (10, 10, 10, 11), 20.0)
    between = FOUND.minus(earlier)
    assert (between.cumulative, between.total) == ((0, 10, 10, 14), 40.0)
    assert between.mean == pytest.approx(40 / 14)
    assert between.counts() == ((1.0, 0), (2.0, 10), (4.0, 0), (math.inf, 4))


def test_histograms_of_different_bounds_are_added_in_those_that_both_have() -> None:
    other = Histogram((0.5, 2.0, math.inf), (1, 2, 3), 6.0)
    together = FOUND.plus(other)
    assert (together.bounds, together.cumulative, together.total) == ((2.0, math.inf), (22, 28), 66.0)
