"""What every code point is to the tokenisers, as str.lower and the word characters of Python's re see it."""

import re
import sys
from functools import cache

import numpy as np
from numpy.typing import NDArray

from consumer.model.tokenising import APOSTROPHES, PUNCTUATION

# What a byte or code point is. A token starts where the kind changes, and at each punctuation.
SEPARATOR, WORD, MARKS, APOSTROPHE, ANGLE, BEYOND_ASCII = range(6)

# Lower-casing of these can't be told from one code point alone: by Python first.
#   capital sigma: by its neighbours; others: two code points for one, or an ASCII letter for one that is none.
_CAPITAL_SIGMA = "\u03a3"


@cache
def lower_case_table() -> tuple[NDArray[np.uint32], frozenset[str]]:
    """Return each code point's lower-case form, 0 where it is no word character; and the letters it can't fold.

    (m,) uint32 up to the last word character there is.
    """
    # From numbers, not from a million strings of one letter: these would be most of the memory of the whole start.
    every = np.arange(sys.maxunicode + 1, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    runs = [run.span() for run in re.finditer(r"\w+", every)]
    every = every[: runs[-1][1]]
    changed = {letter: letter.lower() for letter in every if letter.lower() != letter}
    exceptions = {
        letter
        for letter, lower in changed.items()
        if len(lower) != 1 or (lower.isascii() and not letter.isascii()) or letter == _CAPITAL_SIGMA
    }
    table = np.zeros(len(every), np.uint32)
    for start, end in runs:
        table[start:end] = np.arange(start, end)
    folded = table.copy()
    for letter in changed.keys() - exceptions:
        folded[ord(letter)] = table[ord(changed[letter])]
    return folded, frozenset(exceptions)


def byte_table(tokens: str) -> NDArray[np.uint16]:
    """Return (256,) uint16: each byte's lower-case form, and its kind in the upper half."""
    table = np.zeros(256, np.uint16)
    for byte in range(128):
        character = chr(byte).lower()
        table[byte] = ord(character) | _kind(character, tokens) << 8
    table[128:] = BEYOND_ASCII << 8
    return table


def typographic_apostrophe(tokens: str) -> int:
    """Return the code point that a tokeniser takes for an apostrophe, 0 for none."""
    return ord(APOSTROPHES) if tokens == "reviews" else 0


def _kind(character: str, tokens: str) -> int:
    if character.isalnum() or character == "_":
        return WORD
    if tokens == "words":
        return SEPARATOR
    if character in PUNCTUATION:
        return MARKS
    return {"'": APOSTROPHE, "<": ANGLE}.get(character, SEPARATOR)
