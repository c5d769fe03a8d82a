"""Laws that the reference tokeniser obeys for every text."""

import re

from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from consumer.model.tokenising import (
    MARK,
    NEGATION_WORDS,
    NEGATIONS,
    PUNCTUATION,
    is_negation,
    mark_negation,
    reviews,
    words,
)

TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=200)
# Pieces that the rules speak of, so that they meet each other.
PIECES = st.lists(
    st.sampled_from(
        [
            "<br",
            "<BR",
            " ",
            "/",
            ">",
            "<",
            "'",
            "\u2019",
            "not",
            "n't",
            "good",
            ".",
            "(",
            "\u00e9",
            "\u0130",
            "\u03a3",
            "_",
            "\0",
            "\n",
            "7",
        ]
    ),
    max_size=30,
).map("".join)
scikit_learn = CountVectorizer(ngram_range=(1, 1)).build_analyzer()


@given(TEXTS | PIECES)
def test_words_are_what_scikit_learn_finds(text: str) -> None:
    assert words(text) == scikit_learn(text)


@given(TEXTS | PIECES)
def test_review_tokens_are_words_or_punctuation_and_nothing_else(text: str) -> None:
    for token in reviews(text):
        assert token in PUNCTUATION or re.fullmatch(r"\w+(?:'\w+)*", token)


@given(TEXTS | PIECES)
def test_tokens_are_a_fixed_point(text: str) -> None:
    tokens = reviews(text)
    assert reviews(" ".join(tokens)) == [small for token in tokens for small in reviews(token)]


@given(TEXTS.filter(lambda text: "<" not in text))
def test_without_tags_no_word_character_is_lost(text: str) -> None:
    plain = text.lower()
    assert "".join(reviews(text)).replace("'", "") == "".join(re.findall(r"[\w.,!?;:()]", plain))


@given(st.lists(st.sampled_from([*sorted(NEGATIONS)[:3], "good", "don't", ".", ","]), max_size=30))
def test_marks_stand_on_the_three_words_behind_a_negation_and_nowhere_else(tokens: list[str]) -> None:
    marked = mark_negation(tokens)
    assert [token.removeprefix(MARK) for token in marked] == tokens
    for place, token in enumerate(marked):
        before = tokens[max(0, place - NEGATION_WORDS) : place]
        since_stop = before[max((at + 1 for at, word in enumerate(before) if word in PUNCTUATION), default=0) :]
        word = tokens[place]
        expected = word not in PUNCTUATION and not is_negation(word) and any(map(is_negation, since_stop))
        assert token.startswith(MARK) == expected
