"""The sample reviews: the same order every time, and two sides that share nothing."""

from collections import Counter

import pytest

from shared.datasets import DATASETS, HELD_OUT_SHARE, LabelledReview, Split, read_dataset, sample_file
from shared.errors import ConfigurationError


@pytest.fixture(scope="module")
def parts() -> dict[Split, list[LabelledReview]]:
    """The sentences by side of the split."""
    return {split: list(read_dataset("rotten-tomatoes", split)) for split in Split}


Parts = dict[Split, list[LabelledReview]]


def test_both_sides_together_are_the_whole_and_share_no_review(parts: Parts) -> None:
    train, held_out = (Counter(review.review_id for review in parts[split]) for split in (Split.TRAIN, Split.HELD_OUT))
    assert train + held_out == Counter(review.review_id for review in parts[Split.ALL])
    assert not train & held_out
    assert set((train + held_out).values()) == {1}


def test_no_text_is_on_both_sides(parts: Parts) -> None:
    assert not {review.text for review in parts[Split.TRAIN]} & {review.text for review in parts[Split.HELD_OUT]}


def test_the_held_out_side_has_about_its_share(parts: Parts) -> None:
    assert len(parts[Split.HELD_OUT]) / len(parts[Split.ALL]) == pytest.approx(HELD_OUT_SHARE, abs=0.02)


def test_the_order_is_the_same_every_time_and_no_order_of_the_file(parts: Parts) -> None:
    again = [review.review_id for review in read_dataset("rotten-tomatoes")]
    assert again == [review.review_id for review in parts[Split.ALL]]
    assert again != sorted(again)
    first_hundred = Counter(review.sentiment for review in parts[Split.ALL][:100])
    assert min(first_hundred["positive"], first_hundred["negative"]) > 30


def test_sentiments_are_the_two_and_balanced(parts: Parts) -> None:
    found = Counter(review.sentiment for review in parts[Split.ALL])
    assert set(found) == {"positive", "negative"}
    assert found["positive"] == pytest.approx(found["negative"], rel=0.05)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="no-such-data") as caught:
        list(read_dataset("no-such-data"))
    assert all(name in caught.value.hint for name in DATASETS)


def test_the_file_is_read_from_the_installed_package() -> None:
    assert sample_file().is_file()
