"""From a linear model to the array that the kernel reads."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from consumer.model.compiled import layout
from consumer.model.compiled.features import find_slots
from consumer.model.compiled.hashing import U, Words, hash_terms
from consumer.model.compiled.letters import byte_table, lower_case_table, typographic_apostrophe
from consumer.model.specification import LinearModel
from consumer.model.tokenising import MARK, NEGATION_WORDS, NEGATIONS
from consumer.native.code_cache import call

# A table line is one cache line of four terms: at this fill 6 of 100 lie in another line than their own (Poisson).
FILL = 0.6
# Up to the next power of two: at most one unknown n-gram in seven passes the bitmap, and it stays in the second cache.
BITMAP_BITS_A_TERM = 7
SEEDS = 64
TERMS_AT_ONCE = 20_000
NORMS = {"none": layout.NO_NORM, "l2": layout.L2, "root-known": layout.ROOT_KNOWN}
WEIGHTINGS = {"binary": layout.BINARY, "counts": layout.COUNTS, "sublinear-idf": layout.SUBLINEAR_IDF}


class Unsupported(ValueError):  # noqa: N818 - named after the state
    """The kernel can't score this model as it is defined: scikit-learn must."""


def compile_model(model: LinearModel) -> Words:
    """Return the model as one array; Unsupported where the kernel would score it otherwise than its definition."""
    _require_supported(model)
    features = model.features
    columns = model.weights.shape[1]
    table, exact_idf = _idf_table(model)
    tokens = _Tokens.of(model.terms)
    seed, hashes, negations = _find_seed(tokens, features.negation == "marked")
    lines = max(1, math.ceil(len(model.terms) / layout.LANES / FILL))
    bitmap_bits = max(6, math.ceil(math.log2(max(1, BITMAP_BITS_A_TERM * len(model.terms)))))
    weights = model.weights if model.idf is None else model.weights * model.idf[:, np.newaxis]
    values = np.ascontiguousarray(weights[:, 0]).view(np.uint64) if columns == 1 else np.arange(len(hashes), dtype=U)
    numbers = {
        layout.SEED: int(seed),
        layout.NGRAM_MAX: features.ngram_max,
        layout.LETTERS_MIN: 2 if features.tokens == "words" else 1,
        layout.SCOPE: NEGATION_WORDS if features.negation == "marked" else 0,
        layout.APOSTROPHE_CODE: typographic_apostrophe(features.tokens),
        layout.WEIGHTING: int(WEIGHTINGS[features.weighting]),
        layout.NORM: int(NORMS[features.norm]),
        layout.COLUMNS: columns,
        layout.TERMS: len(model.terms),
        layout.LINES: lines,
        layout.BITMAP_SHIFT: 64 - bitmap_bits,
    }
    sections: dict[str, NDArray[Any]] = {
        "bytes": byte_table(features.tokens),
        "lower": lower_case_table()[0],
        "negations": negations,
        "bitmap": _bitmap(hashes, bitmap_bits),
        "lines": _lines(hashes, exact_idf, values, lines),
        "idf": table,
        "factors": _factors(features.weighting),
        "weights": np.empty(0) if columns == 1 else weights,
        "calibration": np.array([model.slope, model.offset, *model.intercepts]),
    }
    return layout.pack(numbers, sections)


def _require_supported(model: LinearModel) -> None:
    features = model.features
    known = (
        features.tokens in {"words", "reviews"}
        and features.negation in {"none", "marked"}
        and features.weighting in WEIGHTINGS
        and features.norm in NORMS
        and 1 <= features.ngram_max <= 3  # noqa: PLR2004 - the kernel carries two hashes from token to token
        and (features.weighting == "sublinear-idf") == (model.idf is not None)
    )
    if not known:
        raise Unsupported(f"features the kernel does not know: {features}")
    terms, columns = model.weights.shape
    wanted = (1, "sigmoid") if len(model.classes) == 2 else (len(model.classes), "softmax")  # noqa: PLR2004
    if (columns, model.link) != wanted or terms != len(model.terms):
        raise Unsupported(f"{len(model.classes)} classes by {model.link} over {columns} scores")


def _idf_table(model: LinearModel) -> tuple[NDArray[np.float64], Words]:
    """Return the different idf values, and for each term which of them is its own."""
    if model.idf is None:
        return np.ones(1), np.zeros(len(model.terms), U)
    values, places = np.unique(model.idf, return_inverse=True)
    if len(values) > 1 << layout.IDF_BITS:
        raise Unsupported(f"{len(values):,} different idf values, {1 << layout.IDF_BITS:,} at most")
    return values, places.astype(U)


@dataclass(frozen=True, slots=True)
class _Tokens:
    """The tokens of all terms as bytes, one after the other without their marks; see `hash_terms`."""

    content: Words
    token_ends: Words
    marks: NDArray[np.uint8]
    term_ends: Words

    @classmethod
    def of(cls, terms: tuple[str, ...]) -> "_Tokens":
        contents, sizes, marks, counts = [b""], [np.empty(0, U)], [np.empty(0, np.uint8)], [np.empty(0, U)]
        # Part by part: Python's objects for all tokens at once would be the most memory that the consumer ever takes.
        for first in range(0, len(terms), TERMS_AT_ONCE):
            part = terms[first : first + TERMS_AT_ONCE]
            tokens = " ".join(part).split(" ")
            plain = [token.removeprefix(MARK).encode("utf-8", "surrogatepass") for token in tokens]
            if not all(plain):
                raise Unsupported("a term with an empty token")
            contents.append(b"".join(plain))
            sizes.append(np.array(list(map(len, plain)), U))
            marks.append(np.array([token.startswith(MARK) for token in tokens], np.uint8))
            counts.append(np.array([term.count(" ") + 1 for term in part], U))
        content = b"".join(contents)
        padded = np.frombuffer(content.ljust(-(-(len(content) + 16) // 8) * 8, b"\0"), U)
        ends, term_ends = np.concatenate(sizes).cumsum(dtype=U), np.concatenate(counts).cumsum(dtype=U)
        return cls(padded, ends, np.concatenate(marks), term_ends)

    def hashes(self, seed: np.uint64) -> Words:
        hashes = np.zeros(len(self.term_ends), U)
        call(hash_terms, self.content, self.token_ends, self.marks, self.term_ends, seed, hashes)
        return hashes


def _find_seed(terms: _Tokens, marked: bool) -> tuple[np.uint64, Words, Words]:  # noqa: FBT001
    """Return the first seed under which no two terms can be confused, the terms' hashes, and the negations' table."""
    opening = _Tokens.of(tuple(sorted(NEGATIONS)) if marked else ())
    for number in range(1, SEEDS + 1):
        seed = U(number)
        hashes = terms.hashes(seed)
        negations = opening.hashes(seed)
        slots = negations >> U(64 - layout.NEGATION_BITS)
        # The idf's bits are not compared: keys must differ, and not be taken for a free lane, without them.
        keys = hashes >> U(layout.IDF_BITS)
        if len(np.unique(keys)) == len(keys) and keys.all() and len(np.unique(slots)) == len(slots):
            table = np.zeros(1 << layout.NEGATION_BITS, U)
            table[slots] = negations
            return seed, hashes, table
    raise Unsupported(f"terms can't be told apart under any of {SEEDS} seeds: is one given twice?")


def _bitmap(hashes: Words, bits: int) -> Words:
    bitmap = np.zeros(1 << (bits - 6), U)
    places = hashes >> U(64 - bits)
    np.bitwise_or.at(bitmap, places >> U(6), U(1) << (places & U(63)))
    return bitmap


def _lines(hashes: Words, idf_places: Words, values: Words, lines: int) -> Words:
    table = np.zeros(lines * layout.LINE_WORDS, U)
    slots = np.zeros(len(hashes), U)
    call(find_slots, hashes, U(lines), table, slots)
    table[slots] = (hashes & ~U((1 << layout.IDF_BITS) - 1)) | idf_places
    table[slots + U(layout.LANES)] = values
    return table


def _factors(weighting: str) -> NDArray[np.float64]:
    times = np.arange(layout.FACTORS_KEPT, dtype=np.float64)
    if weighting == "counts":
        return times
    factors = np.ones(layout.FACTORS_KEPT)
    factors[0] = 0
    if weighting == "sublinear-idf":
        factors[1:] += np.log(times[1:])
    return factors
