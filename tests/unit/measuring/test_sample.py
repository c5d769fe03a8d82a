"""Which reviews a comparison is made on, and what is known of them."""

from pathlib import Path

import msgspec
import pytest

from consumer.measuring.sample import Evidence, choose
from consumer.model.manifest import Manifest, read_manifest
from consumer.model.training_data import TrainingSet
from shared.datasets import LabelledReview
from shared.errors import ConfigurationError, InputError
from tests.support.small_model import sentences

MODEL = Path("models/small")
LEARNT = sentences()
OTHERS = [
    LabelledReview(f"o{number}", f"another {review.text}", review.sentiment) for number, review in enumerate(LEARNT)
]
DATA = TrainingSet("a file", {"a": LEARNT}, {"a": OTHERS})


@pytest.fixture
def manifest(small_model: Path) -> Manifest:
    return read_manifest(small_model)


def test_without_a_size_it_is_all_that_the_model_has_not_learnt_from(manifest: Manifest) -> None:
    found = choose(DATA, [DATA], {MODEL: manifest}, None)
    assert sorted(found.texts) == sorted(review.text for review in OTHERS)
    assert found.facts.evidence == {str(MODEL): Evidence.PROVEN}
    assert (found.facts.judged, found.facts.learnt_from) == (len(OTHERS), 0)


def test_a_size_beyond_that_is_made_up_by_learnt_ones_which_are_not_judged_by(manifest: Manifest) -> None:
    found = choose(DATA, [DATA], {MODEL: manifest}, len(OTHERS) + 5)
    assert (len(found.texts), len(found.truth), found.facts.learnt_from) == (len(OTHERS) + 5, len(OTHERS), 5)
    assert set(found.texts[len(OTHERS) :]) <= {review.text for review in LEARNT}


def test_a_smaller_size_is_the_beginning_of_a_larger_one_and_mixed(manifest: Manifest) -> None:
    some, more = (choose(DATA, [DATA], {MODEL: manifest}, size) for size in (20, 40))
    assert some.texts == more.texts[:20]
    assert set(some.truth) == {"negative", "positive"}


def test_a_learnt_review_in_other_letters_is_not_judged_by(manifest: Manifest) -> None:
    shouted = [LabelledReview(f"s{n}", review.text.upper() + " ", review.sentiment) for n, review in enumerate(LEARNT)]
    data = TrainingSet("a file", {"a": []}, {"a": [*OTHERS, *shouted]})
    assert choose(data, [DATA], {MODEL: manifest}, None).facts.judged == len(OTHERS)


def test_what_a_model_has_learnt_from_is_unknown_where_it_is_not_at_hand(manifest: Manifest) -> None:
    strange = msgspec.structs.replace(manifest, training=msgspec.structs.replace(manifest.training, digest="0"))
    assert choose(DATA, [DATA], {MODEL: strange}, None).facts.evidence == {str(MODEL): Evidence.UNKNOWN}


@pytest.mark.parametrize(
    ("reviews", "says"),
    [
        ([], "holds no review"),
        (LEARNT, "have learnt from all 80"),
        (OTHERS[:1], "all 1 reviews to judge by are positive"),
        ([LabelledReview("half", "\ud800", "positive")], "half a character"),
        ([LabelledReview("long", "x" * 1_000_001, "positive")], "at most 1,000,000"),
    ],
)
def test_reviews_that_nothing_can_be_learnt_from_are_refused(
    manifest: Manifest, reviews: list[LabelledReview], says: str
) -> None:
    data = TrainingSet("a file", {"a": []}, {"a": reviews})
    with pytest.raises(InputError, match=says):
        choose(data, [DATA], {MODEL: manifest}, None)


def test_a_model_that_does_not_know_a_class_is_refused(manifest: Manifest) -> None:
    data = TrainingSet("a file", {"a": []}, {"a": [*OTHERS, LabelledReview("n", "so so", "neutral")]})
    with pytest.raises(
        ConfigurationError, match="knows negative, positive; the reviews are negative, neutral, positive"
    ):
        choose(data, [DATA], {MODEL: manifest}, None)
