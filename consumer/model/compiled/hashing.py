"""Hashes of tokens and n-grams, the same for a model's terms and for a text.

A token of up to 8 bytes is its own 64-bit key, a longer one is folded into 64 bits; mixing the key is a bijection, so
two short tokens never share a hash. An n-gram's hash is mixed from its prefix's and its last token's. The compiler
picks another seed where two terms of a model share a hash or a fingerprint. What is left is a token or n-gram outside
the vocabulary whose 64 bits fit a term's: 2**-64 a term and look-up, which for 300,000 terms and 600 look-ups a review
is 1e-11 a review, and then one of its terms weighs what another term weighs.
"""

import numpy as np
from numpy.typing import NDArray

from consumer.native.code_cache import cached_jit, jit

Words = NDArray[np.uint64]

U = np.uint64
# Everything is unsigned: numba then tests no index for being negative, and no literal turns a sum into a float.
U0, U1, U2, U3, U4, U7, U8, U32, U63, U64 = (U(n) for n in (0, 1, 2, 3, 4, 7, 8, 32, 63, 64))
ONES = U(2**64 - 1)
# Odd factors with well-spread bits: the golden ratio's of Fibonacci hashing (Knuth, TAOCP 3, 6.4), and the two of
# David Stafford's mix13, as in splitmix64.
GOLDEN, STAFFORD_1, STAFFORD_2 = U(0x9E3779B97F4A7C15), U(0xBF58476D1CE4E5B9), U(0x94D049BB133111EB)
# Any constant does: it turns the hash of a word into that of the marked word. These are the first digits of pi.
MARKED = U(0x243F6A8885A308D3)


@jit
def load_8(words: Words, place: np.uint64) -> np.uint64:
    """Return the eight bytes from byte `place` on, the first in the lowest bits."""
    word, shift = place >> U3, (place & U7) << U3
    eight: np.uint64 = (words[word] >> shift) | ((words[word + U1] << U1) << (U63 - shift))
    return eight


@jit
def token_hash(words: Words, place: np.uint64, size: np.uint64, seed: np.uint64) -> np.uint64:
    """Return the hash of the token of `size` bytes, one or more, from byte `place` on."""
    key = U0
    if size > U8:
        key = size * GOLDEN
        while size > U8:
            key = (key ^ load_8(words, place)) * STAFFORD_2
            key ^= key >> U32
            place += U8
            size -= U8
    key ^= load_8(words, place) & (ONES >> (U64 - (size << U3)))
    key = (key ^ seed) * STAFFORD_1
    return (key ^ (key >> U32)) * STAFFORD_2


@jit
def join_hashes(prefix: np.uint64, last: np.uint64) -> np.uint64:
    """Return the hash of an n-gram: that of all its tokens but the last, and the last one's."""
    key = (prefix + GOLDEN) * STAFFORD_1 ^ last
    return (key ^ (key >> U32)) * STAFFORD_2


@cached_jit
def hash_terms(  # noqa: PLR0913, PLR0917 - arrays in, arrays out: numba takes no objects
    words: Words, token_ends: Words, marks: NDArray[np.uint8], term_ends: Words, seed: np.uint64, hashes: Words
) -> None:
    """Fill hashes (n,) of terms; `words` holds the bytes of all their tokens, without the marks."""
    start, token = U0, U0
    for term in range(term_ends.size):
        joined, first = U0, token
        while token < term_ends[term]:
            key = token_hash(words, start, token_ends[token] - start, seed)
            if marks[token]:
                key ^= MARKED
            joined = key if token == first else join_hashes(joined, key)
            start = token_ends[token]
            token += U1
        hashes[term] = joined
