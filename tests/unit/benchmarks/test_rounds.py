import pytest

from benchmarks.rounds import Spread, ratios, spread


def test_spread_is_the_median_and_the_range() -> None:
    assert spread([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)


def test_figures_are_kept_to_four_digits() -> None:
    assert spread([123456.7]).median == 123500


def test_ratios_compare_figures_of_one_round() -> None:
    assert ratios([1.0, 6.0], [2.0, 3.0]) == [0.5, 2.0]


def test_rounds_that_do_not_pair_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])
