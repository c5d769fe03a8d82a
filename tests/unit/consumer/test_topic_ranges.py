"""Which records of a topic are meant, and what is refused."""

import pytest

from consumer.kafka.topic_ranges import ranges_within
from shared.errors import InputError

BOUNDS = {0: (100, 200), 1: (0, 50)}


def test_without_a_wish_everything_there_is_meant() -> None:
    assert ranges_within("reviews", BOUNDS, {}, {}) == BOUNDS


def test_starts_and_ends_cut_their_own_partition() -> None:
    assert ranges_within("reviews", BOUNDS, {0: 150}, {1: 20}) == {0: (150, 200), 1: (0, 20)}


def test_a_start_after_the_end_is_an_empty_range() -> None:
    assert ranges_within("reviews", BOUNDS, {0: 180}, {0: 120, 1: 0}) == {0: (180, 180), 1: (0, 0)}


@pytest.mark.parametrize(
    ("starts", "ends", "words"),
    [
        ({7: 0}, {}, "has no partition 7"),
        ({}, {7: 0}, "has no partition 7"),
        ({0: 99}, {}, "begins at offset 100: what stood at 99 is gone"),
        ({}, {0: 99}, "begins at offset 100"),
        ({}, {0: 201}, "ends before offset 200"),
        ({1: 51}, {}, "ends before offset 50"),
    ],
)
def test_what_the_topic_does_not_hold_is_refused_with_a_way_out(
    starts: dict[int, int], ends: dict[int, int], words: str
) -> None:
    with pytest.raises(InputError, match=words) as caught:
        ranges_within("reviews", BOUNDS, starts, ends)
    assert caught.value.hint
