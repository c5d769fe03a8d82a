"""Reads a text: lower-cases it and finds where its tokens begin, in one pass over its UTF-8."""

import numpy as np
from numpy.typing import NDArray

from consumer.model.compiled import letters
from consumer.model.compiled.hashing import U0, U1, U2, U3, U4, U8, U
from consumer.native.code_cache import jit

SEPARATOR, WORD, PUNCTUATION, APOSTROPHE, ANGLE, BEYOND_ASCII = (
    U(kind)
    for kind in (
        letters.SEPARATOR,
        letters.WORD,
        letters.MARKS,
        letters.APOSTROPHE,
        letters.ANGLE,
        letters.BEYOND_ASCII,
    )
)
U6, U16, SPACE, SLASH, LESS, GREATER, QUOTE = U(6), U(16), U(ord(" ")), U(ord("/")), U(ord("<")), U(ord(">")), U(39)
# `<br`, a space and 15 characters more may come before the `>` of a line break tag.
TAG_REST_MAX = U(16)
# Lower-cased text starts here in its array: the three bytes before a token's end can always be read.
MARGIN = U8
# An edge holds a place and, in its lowest bits, the kind of what begins there.
KIND_BITS = U2

Bytes = NDArray[np.uint8]
Place = np.uint64


@jit
def read_text(  # noqa: PLR0913, PLR0917 - arrays in, arrays out: numba takes no objects
    text: bytes,
    begin: Place,
    end: Place,
    table: NDArray[np.uint16],
    lower: NDArray[np.uint32],
    apostrophe: np.uint64,
    low: Bytes,
    edges: NDArray[np.uint32],
) -> np.uint64:
    """Write a text's lower-case form and the edges of its tokens and gaps; return how many edges there are.

    The edge after the last says where the text ends.
    """
    count, at, here, before = U0, MARGIN, begin, SEPARATOR
    while here < end:
        entry = U(table[text[here]])
        kind, length, width = entry >> U8, U1, U1
        low[at] = np.uint8(entry)
        if kind > PUNCTUATION:
            if kind == BEYOND_ASCII:
                code, length = decode(text, here)
                if code == apostrophe:
                    kind = APOSTROPHE
                else:
                    kind, width = fold(code, lower, low, at)
            if kind == APOSTROPHE:
                low[at] = np.uint8(QUOTE)
                inside = before == WORD and begins_word(text, here + length, end, table, lower)
                kind = WORD if inside else SEPARATOR
            elif kind == ANGLE:
                length = tag_length(text, here, end)
                kind = SEPARATOR
        edges[count] = np.uint32((at << KIND_BITS) | kind)
        count += U((kind != before) | (kind == PUNCTUATION))
        before = kind
        here += length
        at += width
    edges[count] = np.uint32(at << KIND_BITS)
    return count


@jit
def decode(text: bytes, here: Place) -> tuple[np.uint64, np.uint64]:
    """Return the code point beyond ASCII that begins at `here`, and how many bytes it takes."""
    lead, second = U(text[here]), U(text[here + U1]) & U(63)
    if lead < U(0xE0):
        return ((lead & U(31)) << U6) | second, U2
    third = U(text[here + U2]) & U(63)
    if lead < U(0xF0):
        return ((lead & U(15)) << U(12)) | (second << U6) | third, U3
    fourth = U(text[here + U3]) & U(63)
    return ((lead & U(7)) << U(18)) | (second << U(12)) | (third << U6) | fourth, U4


@jit
def fold(code: np.uint64, lower: NDArray[np.uint32], low: Bytes, at: Place) -> tuple[np.uint64, np.uint64]:
    """Write a code point's lower-case form; return its kind and how many bytes it takes (never one: see `letters`)."""
    form = U(lower[code]) if code < U(lower.size) else U0
    if form == U0:
        return SEPARATOR, U1
    if form < U(0x800):
        low[at] = np.uint8(U(0xC0) | (form >> U6))
        low[at + U1] = np.uint8(U(0x80) | (form & U(63)))
        return WORD, U2
    if form < U(0x10000):
        low[at] = np.uint8(U(0xE0) | (form >> U(12)))
        low[at + U1] = np.uint8(U(0x80) | ((form >> U6) & U(63)))
        low[at + U2] = np.uint8(U(0x80) | (form & U(63)))
        return WORD, U3
    low[at] = np.uint8(U(0xF0) | (form >> U(18)))
    low[at + U1] = np.uint8(U(0x80) | ((form >> U(12)) & U(63)))
    low[at + U2] = np.uint8(U(0x80) | ((form >> U6) & U(63)))
    low[at + U3] = np.uint8(U(0x80) | (form & U(63)))
    return WORD, U4


@jit
def begins_word(text: bytes, here: Place, end: Place, table: NDArray[np.uint16], lower: NDArray[np.uint32]) -> bool:
    """Return whether a word character begins at `here`."""
    if here >= end:
        return False
    kind = U(table[text[here]]) >> U8
    if kind == BEYOND_ASCII:
        code, _ = decode(text, here)
        return bool(code < U(lower.size) and lower[code] != np.uint32(0))
    return bool(kind == WORD)


@jit
def tag_length(text: bytes, here: Place, end: Place) -> np.uint64:
    """Return how many bytes the line break tag at `here` takes, 1 where a `<` begins none; see `tokenising`."""
    name = here + U3
    if name >= end or (text[here + U1] | 32) != ord("b") or (text[here + U2] | 32) != ord("r"):
        return U1
    byte = U(text[name])
    if byte == GREATER:
        return U4
    # A chain of comparisons, because numba would make a set of them.
    if byte != SPACE and byte != SLASH and byte != U(9) and byte != U(10) and byte != U(13):  # noqa: PLR1714 - see above
        return U1
    at = name + U1
    while at < end and at <= name + TAG_REST_MAX:
        byte = U(text[at])
        if byte == GREATER:
            return at + U1 - here
        if byte == LESS or byte > U(127):
            return U1
        at += U1
    return U1
