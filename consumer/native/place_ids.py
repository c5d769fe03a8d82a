"""Ids of records' places: UUIDv5 (RFC 9562, section 5.5) of "PARTITION/OFFSET" in a namespace, many at a time.

Partition and offset have 10 and 19 digits at most: with the namespace's 16 bytes a name fits one block of SHA-1
(FIPS 180-4, section 6.1), which names, steps and constants here follow.
"""

import numpy as np
from numpy.typing import NDArray

from consumer.native.code_cache import cached_jit, jit

Words32 = NDArray[np.uint32]

ID_CHARS = 36
# The steps of SHA-1, each with a word of its own; the first 16 are the block.
SCHEDULE_WORDS = 80

U = np.uint32
_BLOCK_WORDS, _NAMESPACE_WORDS = 16, 4
_STEPS_A_CONSTANT = 20
_BYTE_BITS = U(8)
_SLASH, _DASH, _DIGIT_0, _LETTER_A, _END_OF_NAME = U(ord("/")), U(ord("-")), U(ord("0")), U(ord("a")), U(0x80)


@jit
def _rotated(word: np.uint32, bits: int) -> np.uint32:
    """Return a word turned to the left."""
    return U((word << U(bits)) | (word >> U(32 - bits)))


@jit
def _write_byte(words: Words32, place: int, content: np.uint32) -> int:
    """Put a byte where zero stands; return the next place. Words are big-endian, as SHA-1 wants them."""
    words[place >> 2] |= U(content << U(24 - 8 * (place & 3)))
    return place + 1


@jit
def _write_decimal(words: Words32, place: int, number: np.uint64) -> int:
    """Write a number's digits; return the place behind them."""
    rest, end = number, place + 1
    while rest >= np.uint64(10):
        rest //= np.uint64(10)
        end += 1
    at = end
    while at > place:
        at -= 1
        _write_byte(words, at, U(_DIGIT_0 + U(number % np.uint64(10))))
        number //= np.uint64(10)
    return end


@jit
def _hash_block(w: Words32) -> tuple[np.uint32, np.uint32, np.uint32, np.uint32]:
    """Return the first four words of the digest of the block in the first 16 words; fills the others."""
    for t in range(_BLOCK_WORDS, SCHEDULE_WORDS):
        w[t] = _rotated(U(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16]), 1)
    a, b, c, d, e = U(0x67452301), U(0xEFCDAB89), U(0x98BADCFE), U(0x10325476), U(0xC3D2E1F0)
    for t in range(SCHEDULE_WORDS):
        if t < _STEPS_A_CONSTANT:
            mixed = U(((b & c) | (~b & d)) + U(0x5A827999))
        elif t < 2 * _STEPS_A_CONSTANT:
            mixed = U((b ^ c ^ d) + U(0x6ED9EBA1))
        elif t < 3 * _STEPS_A_CONSTANT:
            mixed = U(((b & c) | (b & d) | (c & d)) + U(0x8F1BBCDC))
        else:
            mixed = U((b ^ c ^ d) + U(0xCA62C1D6))
        a, b, c, d, e = U(_rotated(a, 5) + mixed + e + w[t]), a, _rotated(b, 30), c, d
    return U(a + U(0x67452301)), U(b + U(0xEFCDAB89)), U(c + U(0x98BADCFE)), U(d + U(0x10325476))


@jit
def _write_text(digest: tuple[np.uint32, np.uint32, np.uint32, np.uint32], text: NDArray[np.uint8]) -> None:
    """Write the 32 digits of an id (36,), in groups of 8, 4, 4, 4 and 12."""
    for place in (8, 13, 18, 23):
        text[place] = _DASH
    for digit in range(32):
        value = U(digest[digit >> 3] >> U(28 - 4 * (digit & 7))) & U(15)
        dashes = min(max((digit >> 2) - 1, 0), 4)
        text[digit + dashes] = value + (_DIGIT_0 if value < U(10) else _LETTER_A - U(10))


@cached_jit
def write_place_ids(
    namespace: Words32,
    partitions: NDArray[np.int64],
    offsets: NDArray[np.int64],
    schedule: Words32,
    texts: NDArray[np.uint8],
) -> None:
    """Fill texts (n, 36) with the ids of n places in a namespace (4,); `schedule` (80,) is written over."""
    for row in range(offsets.size):
        for word in range(_BLOCK_WORDS):
            schedule[word] = namespace[word] if word < _NAMESPACE_WORDS else U(0)
        place = _write_decimal(schedule, 4 * _NAMESPACE_WORDS, np.uint64(partitions[row]))
        place = _write_byte(schedule, place, _SLASH)
        place = _write_decimal(schedule, place, np.uint64(offsets[row]))
        _write_byte(schedule, place, _END_OF_NAME)
        # The length in bits closes the block.
        schedule[_BLOCK_WORDS - 1] = U(8 * place)
        first, second, third, fourth = _hash_block(schedule)
        version, variant = U(second & U(0xFFFF0FFF) | U(0x5000)), U(third & U(0x3FFFFFFF) | U(0x80000000))
        _write_text((first, version, variant, fourth), texts[row])
