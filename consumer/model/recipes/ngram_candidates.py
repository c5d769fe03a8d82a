"""All n-grams that occur in enough texts, counted with integers: millions of them need no string of their own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NgramLevel:
    """The kept n-grams of one length: which shorter n-gram (n,) each extends, by which word (n,)."""

    prefixes: Numbers
    last_words: Numbers


@dataclass(frozen=True, slots=True)
class Candidates:
    """Which of n n-grams occur in each of m texts: a binary float64 CSR matrix (m, n), shortest n-grams first."""

    matrix: sparse.csr_matrix
    spellings: Sequence[str]
    levels: Sequence[NgramLevel]

    def spell(self, columns: Numbers) -> list[str]:
        """Return the n-grams of some columns as text."""
        return [self._spell(int(column)) for column in columns]

    def _spell(self, column: int) -> str:
        for level, content in enumerate(self.levels):
            if column < len(content.prefixes):
                return self._spell_at(level, column)
            column -= len(content.prefixes)
        raise IndexError(column)

    def _spell_at(self, level: int, number: int) -> str:
        last = self.spellings[int(self.levels[level].last_words[number])]
        if level == 0:
            return last
        return f"{self._spell_at(level - 1, int(self.levels[level].prefixes[number]))} {last}"


def count_candidates(token_lists: Iterable[Sequence[str]], ngram_max: int, df_min: int) -> Candidates:
    """Return every n-gram of 1 to `ngram_max` tokens that occurs in at least `df_min` texts.

    An n-gram cannot be in more texts than its parts: only those whose parts were kept are looked at.
    """
    spellings, words, rows, text_count = _number_words(token_lists)
    kept, pairs = _keep_frequent(rows, words, df_min)
    word_at = _column_of(kept, words)
    levels = [NgramLevel(np.full(len(kept), -1), np.arange(len(kept)))]
    pair_lists = [pairs]
    gram_at = word_at
    for size in range(2, ngram_max + 1):
        starts = np.flatnonzero(
            (gram_at[:-1] >= 0) & (gram_at[1:] >= 0) & (rows[: len(gram_at) - 1] == rows[size - 1 :])
        )
        keys = gram_at[starts] * len(kept) + word_at[starts + size - 1]
        frequent, pairs = _keep_frequent(rows[starts], keys, df_min)
        levels.append(NgramLevel(frequent // max(len(kept), 1), frequent % max(len(kept), 1)))
        pair_lists.append(pairs)
        extended = np.full(max(len(gram_at) - 1, 0), -1)
        extended[starts] = _column_of(frequent, keys)
        gram_at = extended
    matrix = _binary_matrix(pair_lists, [len(level.prefixes) for level in levels], text_count)
    return Candidates(matrix, [spellings[number] for number in kept], levels)


def _number_words(token_lists: Iterable[Sequence[str]]) -> tuple[list[str], Numbers, Numbers, int]:
    """Return the distinct words, each token's word number (t,), each token's text (t,), and the number of texts."""
    numbers: dict[str, int] = {}
    parts = [
        np.array([numbers.setdefault(token, len(numbers)) for token in tokens], dtype=np.int64)
        for tokens in token_lists
    ]
    rows = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return list(numbers), np.concatenate([*parts, np.empty(0, np.int64)]), rows, len(parts)


def _keep_frequent(rows: Numbers, keys: Numbers, df_min: int) -> tuple[Numbers, tuple[Numbers, Numbers]]:
    """Return the keys that are in `df_min` texts or more, and the (text, column) pairs in which they are."""
    distinct, numbers = np.unique(keys, return_inverse=True)
    pairs = _sorted_distinct(rows * max(len(distinct), 1) + numbers)
    pair_rows, pair_numbers = np.divmod(pairs, max(len(distinct), 1))
    frequent = np.bincount(pair_numbers, minlength=len(distinct)) >= df_min
    columns = np.cumsum(frequent) - 1
    kept = frequent[pair_numbers]
    return distinct[frequent], (pair_rows[kept], columns[pair_numbers[kept]])


def _sorted_distinct(values: Numbers) -> Numbers:
    """Return np.unique(values): sorting takes a third of the time of its hash table when most values differ."""
    ordered = np.sort(values)
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ordered)]
    distinct: Numbers = ordered[first]
    return distinct


def _column_of(kept: Numbers, keys: Numbers) -> Numbers:
    """Return the place of each key among the sorted `kept`, -1 where it is not there."""
    if not len(kept):
        return np.full(len(keys), -1)
    places = np.minimum(np.searchsorted(kept, keys), len(kept) - 1)
    return np.where(kept[places] == keys, places, -1)


def _binary_matrix(
    pair_lists: Sequence[tuple[Numbers, Numbers]], widths: Sequence[int], text_count: int
) -> sparse.csr_matrix:
    offsets = np.cumsum([0, *widths])
    rows = np.concatenate([rows for rows, _ in pair_lists])
    columns = np.concatenate([columns + offset for (_, columns), offset in zip(pair_lists, offsets, strict=False)])
    return sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(text_count, int(offsets[-1])))
