"""The kernel: the UTF-8 of a whole micro-batch in, probabilities out, nothing allocated on the way."""

import math

import numpy as np
from numpy.typing import NDArray

from consumer.model.compiled import layout
from consumer.model.compiled.features import (
    BLOCK_EDGES,
    CANDIDATES_MAX,
    EDGE,
    STATE_WORDS,
    TOKENS,
    count_up,
    list_candidates,
    look_up,
)
from consumer.model.compiled.hashing import U0, U1, U2, U64, U, Words
from consumer.model.compiled.layout import IDF_BITS, L2, LANES, NO_NORM
from consumer.model.compiled.reading import read_text
from consumer.native.code_cache import cached_jit, jit

Scores = NDArray[np.float64]

IDF_MASK = U((1 << IDF_BITS) - 1)
# Parts of the scratch array, in words; then what grows with the text: its lower-case form, the edges, the counts.
CANDIDATES = STATE_WORDS
PLACES = CANDIDATES + CANDIDATES_MAX
HITS = PLACES + CANDIDATES_MAX
GROWING = HITS + CANDIDATES_MAX


@cached_jit
def scratch_words(size_bytes: int, terms: int) -> int:
    """Return how many words of scratch a text of so many bytes may need with a model of so many terms."""
    most = distinct_max(3 * (size_bytes + 1), terms)
    return GROWING + _low_words(size_bytes) + _edge_words(size_bytes) + (1 << count_bits(most))


@jit
def distinct_max(ngrams: int, terms: int) -> int:
    """Return how many distinct known n-grams a text of so many may have; one block's are always allowed for."""
    return min(ngrams, max(terms, CANDIDATES_MAX))


@jit
def count_bits(entries: int) -> int:
    """Return the binary logarithm of a table that so many entries fill by half at most; 6 at least."""
    bits = 6
    while (1 << bits) < 2 * entries:
        bits += 1
    return bits


@jit
def _low_words(size_bytes: int) -> int:
    # Two bytes of UTF-8 become three at most when lower-cased; tokens are read eight bytes at a time.
    return (size_bytes * 3 // 2 + 40) // 8


@jit
def _edge_words(size_bytes: int) -> int:
    # An edge takes four bytes; one lies behind the last byte.
    return size_bytes // 2 + 2


@jit
def longest_text(ends: NDArray[np.int64]) -> int:
    """Return the size of the longest text in bytes."""
    longest, begin = 0, 0
    for row in range(ends.size):
        longest = max(longest, ends[row] - begin)
        begin = ends[row]
    return longest


@cached_jit
def score_batch(text: bytes, ends: NDArray[np.int64], model: Words, scratch: Words, scores: Scores) -> tuple[int, int]:
    """Fill scores (n, classes) with the probabilities of n texts, whose UTF-8 ends at `ends` (n,).

    Return how many n-grams the texts have, repeated as they are, and how many of them are terms of the model.

    Every view of an array is made here, once a batch: making one costs as much as reading ten words.
    """
    table = model[model[layout.BYTES] : model[layout.LOWER]].view(np.uint16)
    lower = model[model[layout.LOWER] : model[layout.NEGATIONS]].view(np.uint32)
    negations = model[model[layout.NEGATIONS] : model[layout.BITMAP]]
    bitmap = model[model[layout.BITMAP] : model[layout.TABLE]]
    lines = model[model[layout.TABLE] : model[layout.IDF]]
    values = lines.view(np.float64)
    rest = model[model[layout.IDF] :].view(np.float64)
    edges_at = GROWING + _low_words(longest_text(ends))
    counts_at = edges_at + _edge_words(longest_text(ends))
    state, candidates = scratch[:CANDIDATES], scratch[CANDIDATES:PLACES]
    places, hits = scratch[PLACES:HITS], scratch[HITS:GROWING]
    low, edges = scratch[GROWING:edges_at], scratch[edges_at:counts_at].view(np.uint32)
    low_bytes, counts = low.view(np.uint8), scratch[counts_at:]
    apostrophe, terms = model[layout.APOSTROPHE_CODE], int(model[layout.TERMS])
    begin, ngrams, terms_met = U0, U0, U0
    for row in range(ends.size):
        end = U(ends[row])
        count = read_text(text, begin, end, table, lower, apostrophe, low_bytes, edges)
        begin = end
        clear(state, STATE_WORDS)
        for column in range(scores.shape[1]):
            scores[row, column] = 0.0
        known, square, bits = U0, 0.0, 0
        while bits == 0 or state[EDGE] < count:
            listed = list_candidates(model, negations, bitmap, lines, low, edges, count, state, candidates)
            found = look_up(lines, model[layout.LINES], candidates, listed, places, hits)
            if bits == 0:
                in_one_block = count <= U(BLOCK_EDGES)
                bits = count_bits(int(found) if in_one_block else distinct_max(3 * int(count), terms))
                clear(counts, 1 << bits)
            terms_met += found
            known += count_up(hits, found, counts, U64 - U(bits), places)
            square += add_up(model, lines, values, rest, hits, places, found, scores, row)
        ngrams += ngrams_of(state[TOKENS], model[layout.NGRAM_MAX])
        finish(model, rest, known, square, scores, row)
    return int(ngrams), int(terms_met)


@jit
def ngrams_of(tokens: np.uint64, ngram_max: np.uint64) -> np.uint64:
    """Return how many n-grams of one to `ngram_max` tokens, three at most, a text of so many has."""
    pairs = (tokens - min(tokens, U1)) * U(ngram_max > U1)
    return tokens + pairs + (tokens - min(tokens, U2)) * U(ngram_max > U2)


@jit
def clear(numbers: Words, size: int) -> None:
    """Set the first `size` numbers to 0."""
    for place in range(size):
        numbers[place] = U0


@jit
def add_up(  # noqa: PLR0913, PLR0917 - arrays in, arrays out: numba takes no objects
    model: Words,
    lines: Words,
    values: Scores,
    rest: Scores,
    hits: Words,
    times: Words,
    found: np.uint64,
    sums: Scores,
    row: int,
) -> float:
    """Add to sums[row] (classes,) what each hit adds to its term's weight in the text; return the same for its square.

    A term seen again adds the difference: between 1 + ln 3 and 1 + ln 2, say.
    """
    columns, weighting, with_square = model[layout.COLUMNS], model[layout.WEIGHTING], model[layout.NORM] == L2
    base = model[layout.IDF]
    factors, weights = model[layout.FACTORS] - base, model[layout.WEIGHTS] - base
    total, square = 0.0, 0.0
    for number in range(found):
        place, seen = hits[number], times[number]
        if seen + U1 < U(layout.FACTORS_KEPT):
            before, after = rest[factors + seen], rest[factors + seen + U1]
        else:
            before, after = factor(weighting, seen), factor(weighting, seen + U1)
        if with_square:
            idf = rest[lines[place] & IDF_MASK]
            square += (after * after - before * before) * (idf * idf)
        if columns == U1:
            total += (after - before) * values[place + U(LANES)]
        else:
            first = weights + lines[place + U(LANES)] * columns
            for column in range(columns):
                sums[row, column] += (after - before) * rest[first + column]
    if columns == U1:
        sums[row, 0] += total
    return square


@jit
def factor(weighting: np.uint64, times: np.uint64) -> float:
    """Return what a term counts for that occurs so often."""
    if weighting == U(layout.COUNTS):
        return np.float64(times)
    return 1.0 + math.log(np.float64(times)) if weighting == U(layout.SUBLINEAR_IDF) else 1.0


@jit
def finish(  # noqa: PLR0913, PLR0917 - arrays in, arrays out: numba takes no objects
    model: Words, rest: Scores, known: np.uint64, square: float, scores: Scores, row: int
) -> None:
    """Turn a text's sums into probabilities; one without any known term gets the same for every class."""
    norm, columns, classes = model[layout.NORM], int(model[layout.COLUMNS]), scores.shape[1]
    if known == U0:
        for column in range(classes):
            scores[row, column] = 1.0 / classes
        return
    calibration = model[layout.CALIBRATION] - model[layout.IDF]
    slope, offset, intercepts = rest[calibration], rest[calibration + U1], calibration + U2
    scale = 1.0
    if norm != NO_NORM:
        scale = 1.0 / math.sqrt(square if norm == L2 else np.float64(known))
    best = -math.inf
    for column in range(columns):
        scores[row, column] = slope * (rest[intercepts + U(column)] + scores[row, column] * scale) + offset
        best = max(best, scores[row, column])
    if columns == 1:
        scores[row, 1] = 1.0 / (1.0 + math.exp(-best))
        scores[row, 0] = 1.0 - scores[row, 1]
        return
    total = 0.0
    for column in range(columns):
        scores[row, column] = math.exp(scores[row, column] - best)
        total += scores[row, column]
    for column in range(columns):
        scores[row, column] /= total
