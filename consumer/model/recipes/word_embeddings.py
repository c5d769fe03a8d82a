"""The embedding recipe's steps: lower case, no punctuation, the first tokens, and their mean embedding."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.utils.validation import check_is_fitted

# What the table of neighbours may hold: 20,000 words are 97 % of what reviews consist of.
WORDS_MAX = 20_000
DF_MIN = 3
# Words so many places apart count as neighbours.
WINDOW = 5
# Levy, Goldberg & Dagan 2015: contexts counted to the power 0.75, singular values to the power 0.5.
CONTEXT_POWER = 0.75
SINGULAR_POWER = 0.5

_replace_tags = re.compile(r"<br\s*/?>").sub
_replace_punctuation = re.compile(r"[^\w\s]").sub


class _PerText(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """A step that learns nothing."""

    def fit(self, texts: object, labels: object = None) -> Self:
        """Learn nothing."""
        del texts, labels
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True


class LowerCase(_PerText):
    """Writes texts in small letters."""

    def transform(self, texts: Iterable[str]) -> list[str]:
        """Return each text in small letters."""
        return [text.lower() for text in texts]


class WithoutPunctuation(_PerText):
    """Takes line break tags and punctuation out of texts."""

    def transform(self, texts: Iterable[str]) -> list[str]:
        """Return each text without apostrophes, other punctuation replaced by a space."""
        return [
            _replace_punctuation(" ", _replace_tags(" ", text).replace("'", "").replace("\u2019", "")) for text in texts
        ]


class FirstTokens(_PerText):
    """Splits texts at white space and keeps the first tokens."""

    def __init__(self, max_tokens: int = 20) -> None:
        self.max_tokens = max_tokens

    def transform(self, texts: Iterable[str]) -> list[list[str]]:
        """Return each text's first `max_tokens` tokens, all of them where that is 0."""
        return [text.split()[: self.max_tokens or None] for text in texts]


class WordEmbeddings(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Learns a vector for each word from its neighbours: positive pointwise mutual information, reduced by SVD."""

    def __init__(self, dimensions: int = 50, seed: int = 7) -> None:
        self.dimensions = dimensions
        self.seed = seed

    def fit(self, token_lists: Sequence[Sequence[str]], labels: object = None) -> Self:
        """Learn the vectors from lists of tokens."""
        del labels
        self.words_ = _frequent_words(token_lists)
        self._number = {word: number for number, word in enumerate(self.words_)}
        table = _mutual_information(_neighbours([self._numbers(tokens) for tokens in token_lists], len(self.words_)))
        # A table of few words has fewer dimensions to give.
        dimensions = min(self.dimensions, max(len(self.words_) - 1, 1))
        reduction = TruncatedSVD(dimensions, algorithm="randomized", random_state=self.seed)
        vectors = np.asarray(reduction.fit_transform(table))
        vectors *= np.maximum(reduction.singular_values_, np.finfo(float).tiny) ** (SINGULAR_POWER - 1)
        # The mean of many short vectors says little to a network: give each dimension the spread of one.
        self.vectors_ = vectors / np.maximum(vectors.std(axis=0), np.finfo(np.float32).eps)
        return self

    def transform(self, token_lists: Iterable[Sequence[str]]) -> list[NDArray[np.float64]]:
        """Return the vectors of each text's known words, one array (words, dimensions) a text."""
        check_is_fitted(self, "vectors_")
        return [self.vectors_[self._numbers(tokens)] for tokens in token_lists]

    def _numbers(self, tokens: Sequence[str]) -> NDArray[np.int64]:
        numbers = self._number
        return np.array([numbers[token] for token in tokens if token in numbers], dtype=np.int64)


class MeanVector(_PerText):
    """Describes a text by the mean of its words' vectors and by their largest values."""

    def transform(self, vectors: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return one row a text (m, 2 * dimensions); all zeros where no word is known."""
        dimensions = vectors[0].shape[1] if vectors else 0
        rows = np.zeros((len(vectors), 2 * dimensions))
        for row, words in zip(rows, vectors, strict=True):
            if len(words):
                row[:dimensions] = words.mean(axis=0)
                row[dimensions:] = words.max(axis=0)
        return rows


def _frequent_words(token_lists: Iterable[Sequence[str]]) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for tokens in token_lists:
        for token in set(tokens):
            counts[token] = counts.get(token, 0) + 1
    enough = [word for word, count in counts.items() if count >= DF_MIN] or list(counts) or [""]
    return tuple(sorted(sorted(enough, key=lambda word: (-counts.get(word, 0), word))[:WORDS_MAX]))


def _neighbours(texts: Sequence[NDArray[np.int64]], word_count: int) -> Any:
    """Return how often each pair of words stands at most WINDOW places apart (words, words), near ones counted more."""
    flat = np.concatenate([*texts, np.empty(0, np.int64)])
    row = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    table = sparse.csr_matrix((word_count, word_count))
    for distance in range(1, WINDOW + 1):
        same = row[distance:] == row[:-distance]
        left, right = flat[:-distance][same], flat[distance:][same]
        weight = np.full(len(left), 1 / distance)
        table = table + sparse.csr_matrix((weight, (left, right)), shape=table.shape)
    return table + table.T


def _mutual_information(table: Any) -> Any:
    """Return max(0, log(p(word, context) / (p(word) * p(context)**0.75))) of a table of counts."""
    pairs = table.tocoo()
    words = np.asarray(table.sum(axis=1)).ravel()
    contexts = words**CONTEXT_POWER
    contexts = contexts / max(contexts.sum(), 1)
    expected = words[pairs.row] * contexts[pairs.col]
    values = np.maximum(np.log(pairs.data / expected), 0)
    return sparse.csr_matrix((values, (pairs.row, pairs.col)), shape=table.shape)
