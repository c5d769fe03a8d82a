import io
from collections.abc import Mapping
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from consumer.model.recipes.added_rows import ends
from consumer.model.recipes.catalogue import RECIPES, Ingredients, trained_pipeline
from consumer.model.recipes.epochs import EpochClassifier
from consumer.model.recipes.lexicon import Prior, prior_rows
from consumer.model.recipes.ngram_candidates import count_candidates
from consumer.model.recipes.strongest_ngrams import StrongestNgrams
from consumer.model.recipes.word_embeddings import FirstTokens, MeanVector, WithoutPunctuation, WordEmbeddings
from consumer.model.tokenising import ngrams
from tests.support.small_model import THREE_SENTIMENTS, TWO_SENTIMENTS, sentences, train_small_model

Sentiments = Mapping[str, tuple[str, ...]]
LINEAR = ["baseline", "fast", "default"]


def texts_and_labels(sentiments: Sentiments) -> tuple[list[str], list[str]]:
    reviews = sentences(sentiments)
    return [review.text for review in reviews], [review.sentiment for review in reviews]


def ingredients(sentiments: Sentiments) -> Ingredients:
    return Ingredients(class_count=len(sentiments), prior=Prior.NONE, epochs=40)


@pytest.mark.parametrize("sentiments", [TWO_SENTIMENTS, THREE_SENTIMENTS], ids=["two", "three"])
@pytest.mark.parametrize("recipe", list(RECIPES))
def test_every_recipe_can_be_cloned_and_cross_validated(recipe: str, sentiments: Sentiments) -> None:
    texts, labels = texts_and_labels(sentiments)
    estimator = clone(RECIPES[recipe].build(ingredients(sentiments)))
    scores = cross_val_score(estimator, np.array(texts, dtype=object), np.array(labels), cv=2)
    assert scores.shape == (2,)
    assert not np.isnan(scores).any()


@pytest.mark.parametrize("sentiments", [TWO_SENTIMENTS, THREE_SENTIMENTS], ids=["two", "three"])
@pytest.mark.parametrize("recipe", LINEAR)
def test_linear_recipes_learn_which_words_are_good(recipe: str, sentiments: Sentiments) -> None:
    texts, labels = texts_and_labels(sentiments)
    trained = trained_pipeline(RECIPES[recipe].build(ingredients(sentiments)).fit(texts, np.array(labels)))
    assert trained.predict(texts).tolist() == labels


@pytest.mark.parametrize("recipe", list(RECIPES))
def test_a_kept_pipeline_gives_the_same_probabilities(recipe: str) -> None:
    texts, labels = texts_and_labels(TWO_SENTIMENTS)
    trained = trained_pipeline(RECIPES[recipe].build(ingredients(TWO_SENTIMENTS)).fit(texts, np.array(labels)))
    file = io.BytesIO()
    joblib.dump(trained, file)
    file.seek(0)
    assert np.array_equal(joblib.load(file).predict_proba(texts), trained.predict_proba(texts))


@pytest.mark.parametrize("recipe", list(RECIPES))
def test_training_twice_gives_the_same_digest(recipe: str, tmp_path: Path) -> None:
    first, second = (train_small_model(tmp_path / name, recipe) for name in ("first", "second"))
    assert first.digest() == second.digest()


def test_candidates_are_the_ngrams_of_enough_texts() -> None:
    token_lists = [["a", "b", "a", "b"], ["a", "b", "c"], ["b"], [], ["a", "b", "a"]]
    found = count_candidates(token_lists, 3, 2)
    spelled = found.spell(np.arange(found.matrix.shape[1]))
    by_text = [set(ngrams(tokens, 3)) for tokens in token_lists]
    assert sorted(spelled) == sorted(
        term for term in set.union(*by_text) if sum(term in grams for grams in by_text) > 1
    )
    for row, grams in enumerate(by_text):
        assert {spelled[column] for column in found.matrix[[row]].indices} == grams & set(spelled)


def test_choosing_terms_and_looking_them_up_agree() -> None:
    texts, labels = texts_and_labels(TWO_SENTIMENTS)
    step = StrongestNgrams(RECIPES["default"].features, terms_max=20)  # type: ignore[arg-type]  # it has features
    chosen = step.fit_transform(texts, labels)
    assert len(step.terms_) == 20
    assert list(step.terms_) == sorted(step.terms_)
    assert (chosen != step.transform(texts)).nnz == 0


def test_a_prior_counts_both_sides_the_same_in_every_frame() -> None:
    rows = prior_rows({"fine": 2.0, "grand": 1.0, "foul": -1.5}, "positive", "negative")
    weights = {label: sum(row.weight for row in rows if row.label == label) for label in ("positive", "negative")}
    assert weights["positive"] == pytest.approx(weights["negative"])
    labels = {row.text: row.label for row in rows}
    assert (labels["fine"], labels["not fine"], labels["not foul"]) == ("positive", "negative", "positive")


def test_only_reviews_of_several_sentences_have_ends() -> None:
    assert ends("One. Two. Three.") == []
    assert ends("One! Two. Three?<br />Four and more") == ["One!", "Four and more"]


def test_the_embedding_recipe_reads_the_first_tokens_only() -> None:
    tokens = FirstTokens(2).transform(WithoutPunctuation().transform(["It's <br />a well-made, warm coat"]))
    assert tokens == [["Its", "a"]]
    assert FirstTokens(0).transform(["a b c"]) == [["a", "b", "c"]]


def test_a_text_of_unknown_words_is_all_zeros() -> None:
    step = WordEmbeddings(dimensions=3).fit([["a", "b", "c"], ["b", "c", "d"], ["c", "d", "a"]] * 3)
    rows = MeanVector().transform(step.transform([["unknown"], [], ["a"]]))
    assert rows.any(axis=1).tolist() == [False, False, True]


def test_each_epoch_is_told_and_kept() -> None:
    told: list[int] = []
    rows = np.random.default_rng(7).normal(size=(60, 4))
    labels = np.where(rows[:, 0] > 0, "positive", "negative").tolist()
    trained = EpochClassifier(epochs=5).fit(rows, labels, watch=lambda epoch: told.append(epoch.number))
    assert told == [epoch.number for epoch in trained.history_] == [1, 2, 3, 4, 5]
    assert trained.history_[-1].loss < trained.history_[0].loss
