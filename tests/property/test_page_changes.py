"""What happened between two pages, whatever the counters did."""

from hypothesis import given
from hypothesis import strategies as st

from consumer.watching.change import change_between
from consumer.watching.metric_names import Name
from consumer.watching.sample import Sample, read_sample
from tests.support.consumer_pages import page

counts = st.integers(0, 2**50)
LABELS = ("positive", "neutral", "negative")


def sample(taken_s: float, started_s: int, labelled: tuple[int, ...]) -> Sample:
    series = {
        f'reviews_labelled_total{{label="{name}"}}': float(count) for name, count in zip(LABELS, labelled, strict=True)
    }
    return read_sample(page(series | {"process_start_time_seconds": float(started_s)}), taken_s)


three = st.tuples(counts, counts, counts)


@given(three, three)
def test_what_only_grew_adds_up_from_look_to_look(first: tuple[int, ...], grown: tuple[int, ...]) -> None:
    second = tuple(before + more for before, more in zip(first, grown, strict=True))
    change = change_between(sample(10, 1, first), sample(12, 1, second))
    assert not change.restarted
    assert change.increases(Name.LABELLED, "label") == dict(zip(LABELS, grown, strict=True))
    assert change.rate(Name.LABELLED) == sum(grown) / 2


@given(three, three)
def test_no_increase_is_negative_and_after_a_restart_all_that_was_counted_is_new(
    first: tuple[int, ...], second: tuple[int, ...]
) -> None:
    change = change_between(sample(10, 1, first), sample(12, 1, second))
    fell = any(after < before for before, after in zip(first, second, strict=True))
    assert change.restarted is fell
    increases = change.increases(Name.LABELLED, "label")
    assert min(increases.values()) >= 0
    if fell:
        assert increases == dict(zip(LABELS, second, strict=True))


@given(three, three)
def test_another_start_is_a_restart_though_no_counter_fell(first: tuple[int, ...], grown: tuple[int, ...]) -> None:
    second = tuple(before + more for before, more in zip(first, grown, strict=True))
    change = change_between(sample(10, 1, first), sample(12, 2, second))
    assert change.restarted
    assert change.increase(Name.LABELLED) == sum(second)
