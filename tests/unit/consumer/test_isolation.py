"""Texts that a model fails on, among others."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.scoring.isolation import score_isolating
from consumer.scoring.outcome import Scores
from shared.errors import FatalError
from tests.support.fake_scorer import FakeScorer, keyword_scores

CURSED = "cursed"


class FragileScorer:
    """A Scorer that fails on any batch with a cursed text in it."""

    def __init__(self) -> None:
        self.calls = 0

    def score(self, texts: Sequence[str]) -> Scores:
        self.calls += 1
        if CURSED in texts:
            raise ValueError("this text is more than I can bear: " + CURSED)
        return keyword_scores(texts)


@given(st.lists(st.sampled_from(["good", "bad", "plain", CURSED]), max_size=40))
def test_every_text_that_can_be_scored_is_and_the_others_are_named_by_their_row(texts: list[str]) -> None:
    found = score_isolating(FragileScorer(), texts)
    assert sorted(found.failures) == [row for row, text in enumerate(texts) if text == CURSED]
    expected = keyword_scores([text for text in texts if text != CURSED])
    assert list(found.scores.labels) == expected.labels
    assert found.scores.probabilities.tolist() == expected.probabilities.tolist()
    assert found.scores.confidences.tolist() == expected.confidences.tolist()


class CountingScorer:
    """A Scorer that fails on a cursed text and tells that each text has five terms, of which it knows two."""

    def score(self, texts: Sequence[str]) -> Scores:
        if CURSED in texts:
            raise ValueError
        return replace(keyword_scores(texts), terms=(5 * len(texts), 2 * len(texts)))


def test_the_terms_of_all_texts_that_could_be_scored_are_counted() -> None:
    texts = ["good"] * 9 + [CURSED] + ["bad"] * 4
    assert score_isolating(CountingScorer(), texts).scores.terms == (13 * 5, 13 * 2)
    assert score_isolating(FragileScorer(), texts).scores.terms is None


def test_where_nothing_fails_the_batch_is_scored_once() -> None:
    scorer = FakeScorer()
    assert score_isolating(scorer, ["good", "bad"]).failures == {}
    assert scorer.calls == [["good", "bad"]]


def test_one_cursed_text_among_a_thousand_is_found_in_a_few_calls() -> None:
    scorer = FragileScorer()
    found = score_isolating(scorer, ["good"] * 700 + [CURSED] + ["bad"] * 299)
    assert list(found.failures) == [700]
    assert scorer.calls <= 2 + 2 * 10


def test_a_failure_names_the_error_and_nothing_of_the_text() -> None:
    (message,) = score_isolating(FragileScorer(), [CURSED]).failures.values()
    assert message == "the model can't score the text: ValueError"


class CrampedScorer:
    """A Scorer without the memory for more than so many texts at once."""

    def __init__(self, texts_max: int) -> None:
        self._texts_max = texts_max

    def score(self, texts: Sequence[str]) -> Scores:
        if len(texts) > self._texts_max:
            raise MemoryError
        return keyword_scores(texts)


def test_a_batch_that_memory_is_too_small_for_is_scored_in_parts() -> None:
    found = score_isolating(CrampedScorer(3), ["good", "bad"] * 8)
    assert list(found.scores.labels) == ["positive", "negative"] * 8
    assert found.failures == {}


@pytest.mark.parametrize("texts_max", [0, -1])
def test_where_memory_is_too_small_for_one_text_the_text_is_not_blamed(texts_max: int) -> None:
    with pytest.raises(MemoryError):
        score_isolating(CrampedScorer(texts_max), ["good", "bad"])


def test_a_scorer_that_fails_without_any_text_ends_the_process() -> None:
    class BrokenScorer:
        def score(self, texts: Sequence[str]) -> Scores:
            raise OSError(f"no model, {len(texts)} texts")

    with pytest.raises(FatalError, match="fails without any text: OSError"):
        score_isolating(BrokenScorer(), ["good"])
