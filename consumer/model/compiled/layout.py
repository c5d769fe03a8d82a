"""The one array a compiled model is: a header of numbers, then sections; the kernels read it, the compiler writes it.

One array, because handing an array to compiled code costs more than looking up a term.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from consumer.model.compiled.hashing import U, Words

# Places of numbers in the header.
(SEED, NGRAM_MAX, LETTERS_MIN, SCOPE, APOSTROPHE_CODE, WEIGHTING, NORM, COLUMNS, TERMS, LINES, BITMAP_SHIFT) = (
    U(place) for place in range(11)
)
# Values of WEIGHTING and of NORM.
BINARY, SUBLINEAR_IDF, COUNTS = U(0), U(1), U(2)
NO_NORM, L2, ROOT_KNOWN = U(0), U(1), U(2)

# Section s begins at header[SECTIONS + s]; the next one's beginning is its end.
SECTIONS = 16
SECTION_NAMES = ("bytes", "lower", "negations", "bitmap", "lines", "idf", "factors", "weights", "calibration")
BYTES, LOWER, NEGATIONS, BITMAP, TABLE, IDF, FACTORS, WEIGHTS, CALIBRATION = (
    U(SECTIONS + number) for number in range(len(SECTION_NAMES))
)
HEADER = SECTIONS + len(SECTION_NAMES) + 1

# A line of the table is one cache line: four keys, then what belongs to each.
LANES = 4
LINE_WORDS = 2 * LANES
CACHE_LINE_WORDS = 8
# A key's lowest bits are not compared: they say which idf the term has.
IDF_BITS = 16
# How often a term may occur before its factor is computed rather than looked up.
FACTORS_KEPT = 256
# Slots of the table of negations, by the uppermost bits of the hash.
NEGATION_BITS = 10


def pack(numbers: Mapping[np.uint64, int], sections: Mapping[str, NDArray[Any]]) -> Words:
    """Return header and sections as one uint64 array that begins on a cache line, as each section does."""
    begins = [_aligned(HEADER)]
    for name in SECTION_NAMES:
        begins.append(_aligned(begins[-1] + -(-sections[name].nbytes // 8)))
    # Room behind the last section: a token is read in eight bytes, whatever its size.
    model = aligned_words(begins[-1])
    for place, number in numbers.items():
        model[place] = number
    model[SECTIONS : SECTIONS + len(begins)] = begins
    for name, begin in zip(SECTION_NAMES, begins, strict=False):
        content = sections[name]
        model[begin:].view(content.dtype)[: content.size] = content.ravel()
    return model


def aligned_words(size: int) -> Words:
    """Return (size,) uint64 zeros, the first on a cache line."""
    memory = np.zeros(size + CACHE_LINE_WORDS, np.uint64)
    skip = -memory.ctypes.data % (8 * CACHE_LINE_WORDS) // 8
    return memory[skip : skip + size]


def _aligned(place: int) -> int:
    return -(-place // CACHE_LINE_WORDS) * CACHE_LINE_WORDS
