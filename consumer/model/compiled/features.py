"""From tokens to the distinct known n-grams of a text and how often each occurs."""

import numpy as np
from numpy.typing import NDArray

from consumer.model.compiled import layout
from consumer.model.compiled.hashing import (
    GOLDEN,
    MARKED,
    U0,
    U1,
    U2,
    U3,
    U8,
    U32,
    U63,
    U64,
    U,
    Words,
    join_hashes,
    load_8,
    token_hash,
)
from consumer.model.compiled.prefetching import prefetch
from consumer.model.compiled.reading import KIND_BITS, SEPARATOR, WORD
from consumer.native.code_cache import cached_jit, jit

# A text is taken in blocks of so many edges, so that what lies between the passes stays in the fastest cache.
BLOCK_EDGES = 2048
CANDIDATES_MAX = 3 * BLOCK_EDGES

# What is carried from block to block.
STATE_WORDS = 8
EDGE, LAST, PAIR, TOKENS, SCOPE_LEFT = (U(place) for place in range(5))

KIND_MASK = U(3)
IDF_LIMIT = U(1 << layout.IDF_BITS)
NEGATION_SHIFT = U(64 - layout.NEGATION_BITS)
LINE_SIZE, LANES = U(layout.LINE_WORDS), U(layout.LANES)
LOW_HALF = U(0xFFFFFFFF)
# In place of a place: no line holds the term, or the next one may.
UNKNOWN, FURTHER = U(1 << 63), U(1 << 63 | 1)
# The last three bytes of "don't", as eight bytes that end there.
NOT_ENDING, NOT_SHIFT = U(int.from_bytes(b"n't", "little")), U(40)


@jit
def list_candidates(  # noqa: PLR0913, PLR0917 - arrays in, arrays out: numba takes no objects
    model: Words,
    negations: Words,
    bitmap: Words,
    table: Words,
    low: Words,
    edges: NDArray[np.uint32],
    count: np.uint64,
    state: Words,
    candidates: Words,
) -> np.uint64:
    """Write the hashes of a block's n-grams that the bitmap does not rule out; return how many."""
    seed, ngram_max, letters_min = model[layout.SEED], model[layout.NGRAM_MAX], model[layout.LETTERS_MIN]
    scope, shift, lines = model[layout.SCOPE], model[layout.BITMAP_SHIFT], model[layout.LINES]
    edge, last, pair, tokens, left = state[EDGE], state[LAST], state[PAIR], state[TOKENS], state[SCOPE_LEFT]
    stop = min(count, edge + U(BLOCK_EDGES))
    found = U0
    while edge < stop:
        here = U(edges[edge])
        edge += U1
        kind = here & KIND_MASK
        if kind == SEPARATOR:
            continue
        place = here >> KIND_BITS
        size = (U(edges[edge]) >> KIND_BITS) - place
        if letters_min > U1 and is_one_letter(low, place, size):
            continue
        token = token_hash(low, place, size, seed)
        if scope > U0:
            ends_so = (load_8(low, place + size - U8) >> NOT_SHIFT == NOT_ENDING) & (size > U2)
            opens = ends_so | (negations[token >> NEGATION_SHIFT] == token)
            marks = (left > U0) & (kind == WORD) & (not opens)
            left = scope if opens else (left - U1 if marks else U0)
            token ^= MARKED if marks else U0
        found += note(token, U1, bitmap, shift, table, lines, candidates, found)
        if ngram_max > U1:
            triple = join_hashes(pair, token)
            pair = join_hashes(last, token)
            found += note(pair, U(tokens > U0), bitmap, shift, table, lines, candidates, found)
            if ngram_max > U2:
                found += note(triple, U(tokens > U1), bitmap, shift, table, lines, candidates, found)
            last = token
        tokens += U1
    state[EDGE], state[LAST], state[PAIR], state[TOKENS], state[SCOPE_LEFT] = edge, last, pair, tokens, left
    return found


@jit
def is_one_letter(low: Words, place: np.uint64, size: np.uint64) -> bool:
    """Return whether a token of so many bytes is one code point."""
    lead = load_8(low, place) & U(255)
    return bool(size == U1 + U(lead >= U(0xC0)) + U(lead >= U(0xE0)) + U(lead >= U(0xF0)))


@jit
def note(  # noqa: PLR0913, PLR0917 - arrays in, arrays out: numba takes no objects
    key: np.uint64,
    complete: np.uint64,
    bitmap: Words,
    shift: np.uint64,
    table: Words,
    lines: np.uint64,
    candidates: Words,
    found: np.uint64,
) -> np.uint64:
    """Write an n-gram's hash and ask for its line, if it is a complete one that may be a term; return 1 if so."""
    bit = key >> shift
    listed: np.uint64 = (bitmap[bit >> U(6)] >> (bit & U63)) & complete
    candidates[found] = key
    prefetch(table, home_line(key, lines) * LINE_SIZE * listed)
    return listed


@jit
def home_line(key: np.uint64, lines: np.uint64) -> np.uint64:
    """Return the line where a term is looked for first; the factor brings down the bits that keys don't keep."""
    return (((key * GOLDEN) >> U32) * lines) >> U32


@jit
def probe(  # noqa: PLR0913, PLR0917 - arrays in, arrays out: numba takes no objects
    table: Words, lines: np.uint64, line_offset: np.uint64, candidates: Words, count: np.uint64, places: Words
) -> None:
    """Write each candidate's place in the line so far behind its home line; UNKNOWN or FURTHER where it has none.

    Neither a branch nor an address that is written to depends on what is read: the processor can wait for many lines
    at the same time.
    """
    for number in range(count):
        key = candidates[number]
        line = home_line(key, lines) + line_offset
        at = (line - lines if line >= lines else line) * LINE_SIZE
        last = table[at + U3]
        second = U((table[at + U1] ^ key) < IDF_LIMIT)
        third = U((table[at + U2] ^ key) < IDF_LIMIT)
        fourth = U((last ^ key) < IDF_LIMIT)
        known = U((table[at] ^ key) < IDF_LIMIT) | second | third | fourth
        place = at + second + (third << U1) + fourth * U3
        # Lanes are filled in order: where the last is free, no other line holds the term.
        missing = UNKNOWN if last == U0 else FURTHER
        places[number] = place if known != U0 else missing


@jit
def look_up(  # noqa: PLR0913, PLR0917 - arrays in, arrays out: numba takes no objects
    table: Words, lines: np.uint64, candidates: Words, count: np.uint64, places: Words, hits: Words
) -> np.uint64:
    """Write the places of the terms among the candidates, repeated as they are; return how many.

    Line by line, each time for those that have no answer yet; the candidates are used up.
    """
    found, line_offset = U0, U0
    while count > U0:
        probe(table, lines, line_offset, candidates, count, places)
        left = U0
        for number in range(count):
            place = places[number]
            hits[found] = place
            found += U(place < UNKNOWN)
            candidates[left] = candidates[number]
            left += U(place == FURTHER)
        count = left
        line_offset += U1
    return found


@jit
def count_up(hits: Words, count: np.uint64, counts: Words, shift: np.uint64, times: Words) -> np.uint64:
    """Write how often each hit's term was seen before it; return how many were not.

    Counts in an open-addressing table of 2**(64 - shift) entries: place plus one in the upper half, count in the lower.
    """
    mask = (U1 << (U64 - shift)) - U1
    distinct = U0
    for number in range(count):
        place = hits[number] + U1
        at = (place * GOLDEN) >> shift
        entry = counts[at]
        while entry != U0 and (entry >> U32) != place:
            at = (at + U1) & mask
            entry = counts[at]
        times[number] = entry & LOW_HALF
        distinct += U(entry == U0)
        counts[at] = ((place << U32) | (entry & LOW_HALF)) + U1
    return distinct


@cached_jit
def find_slots(hashes: Words, lines: np.uint64, table: Words, slots: Words) -> None:
    """Write hashes (n,) into the first free lane from their home line on, and each one's place to `slots` (n,)."""
    for term in range(hashes.size):
        line, lane = home_line(hashes[term], lines), U0
        while table[line * LINE_SIZE + lane] != U0:
            lane += U1
            if lane == LANES:
                lane = U0
                line = line + U1 if line + U1 < lines else U0
        table[line * LINE_SIZE + lane] = hashes[term]
        slots[term] = line * LINE_SIZE + lane
