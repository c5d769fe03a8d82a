"""Laws of the default recipe's own steps."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from consumer.model.recipes.ngram_candidates import count_candidates
from consumer.model.recipes.strongest_ngrams import NaiveBayesWeights, StrongestNgrams
from consumer.model.specification import Features
from consumer.model.tokenising import ngrams

TOKEN_LISTS = st.lists(st.lists(st.sampled_from("abcde"), max_size=12), max_size=8)
FEATURES = Features(tokens="reviews", negation="marked", ngram_max=3, weighting="binary", norm="root-known")
TEXTS = st.lists(
    st.lists(st.sampled_from(["good", "bad", "not", ".", "film", "<br />"]), max_size=10).map(" ".join),
    min_size=2,
    max_size=8,
)


@given(TOKEN_LISTS, st.integers(1, 3), st.integers(1, 3))
def test_candidates_are_what_counting_strings_would_find(token_lists: list[list[str]], size: int, df_min: int) -> None:
    found = count_candidates(token_lists, size, df_min)
    spelled = found.spell(np.arange(found.matrix.shape[1]))
    by_text = [set(ngrams(tokens, size)) for tokens in token_lists]
    everything: set[str] = set().union(*by_text)
    assert sorted(spelled) == sorted(term for term in everything if sum(term in grams for grams in by_text) >= df_min)
    for row, grams in enumerate(by_text):
        assert {spelled[column] for column in found.matrix[[row]].indices} == grams & set(spelled)


@given(TEXTS, st.integers(1, 30))
def test_choosing_terms_and_looking_them_up_agree(texts: list[str], terms_max: int) -> None:
    labels = ["positive" if number % 2 else "negative" for number in range(len(texts))]
    step = StrongestNgrams(FEATURES, df_min=1, terms_max=terms_max)
    chosen = step.fit_transform([*texts, "good film"], [*labels, "positive"])
    assert len(step.terms_) <= terms_max
    assert (chosen != step.transform([*texts, "good film"])).nnz == 0


@given(TEXTS)
def test_weighted_rows_have_one_over_root_n_times_the_columns_scale(texts: list[str]) -> None:
    labels = ["positive" if number % 2 else "negative" for number in range(len(texts))]
    matrix = count_candidates([text.split() for text in texts], 2, 1).matrix
    weights = NaiveBayesWeights().fit(matrix, labels)
    dense, found = matrix.toarray(), weights.transform(matrix).toarray()
    lengths = np.maximum(dense.sum(axis=1, keepdims=True), 1)
    assert np.allclose(found, dense / np.sqrt(lengths) * weights.scale_)
