"""What the kernel's time goes to: the same passes, ended early."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.interleaved import interleaved
from consumer.model.compiled import kernel, layout
from consumer.model.compiled.compiler import compile_model
from consumer.model.compiled.features import STATE_WORDS, list_candidates, look_up
from consumer.model.compiled.hashing import U0, U, Words
from consumer.model.compiled.reading import read_text
from consumer.model.specification import LinearModel
from consumer.native.code_cache import jit

READ, LIST, LOOK_UP = 1, 2, 3
TEXTS_TOGETHER = 64
ROUNDS = 8


@jit
def run_until(last: int, text: bytes, ends: NDArray[np.int64], model: Words, scratch: Words) -> np.uint64:
    """Take texts of one block through the kernel's passes up to `last`; return a sum that keeps them from vanishing."""
    table = model[model[layout.BYTES] : model[layout.LOWER]].view(np.uint16)
    lower = model[model[layout.LOWER] : model[layout.NEGATIONS]].view(np.uint32)
    negations = model[model[layout.NEGATIONS] : model[layout.BITMAP]]
    bitmap = model[model[layout.BITMAP] : model[layout.TABLE]]
    lines = model[model[layout.TABLE] : model[layout.IDF]]
    state, candidates = scratch[:STATE_WORDS], scratch[kernel.CANDIDATES : kernel.PLACES]
    places, hits = scratch[kernel.PLACES : kernel.HITS], scratch[kernel.HITS : kernel.GROWING]
    low = scratch[kernel.GROWING : kernel.GROWING + scratch.size // 4]
    edges = scratch[kernel.GROWING + scratch.size // 4 :].view(np.uint32)
    begin, total = U0, U0
    for row in range(ends.size):
        end = U(ends[row])
        count = read_text(text, begin, end, table, lower, model[layout.APOSTROPHE_CODE], low.view(np.uint8), edges)
        begin = end
        total += count
        if last >= LIST:
            state[:] = U0
            listed = list_candidates(model, negations, bitmap, lines, low, edges, count, state, candidates)
            total += listed
            if last >= LOOK_UP:
                total += look_up(lines, model[layout.LINES], candidates, listed, places, hits)
    return total


def stage_times(linear: LinearModel, texts: Sequence[str]) -> dict[str, float]:
    """Return microseconds a text of each pass of the kernel."""
    model = compile_model(linear)
    longest = max(len(text.encode()) for text in texts)
    scratch = layout.aligned_words(8 * kernel.scratch_words(longest, len(linear.terms)))
    batches = [_joined(texts[start : start + TEXTS_TOGETHER]) for start in range(0, len(texts), TEXTS_TOGETHER)]
    scores = np.empty((TEXTS_TOGETHER, len(linear.classes)))

    def up_to(last: int) -> Any:
        return lambda batch: run_until(last, batch[0], batch[1], model, scratch)

    ways = {"read": up_to(READ), "hash": up_to(LIST), "look up": up_to(LOOK_UP)}
    ways["count, weigh, link"] = lambda batch: kernel.score_batch(batch[0], batch[1], model, scratch, scores)
    for way in ways.values():
        way(batches[0])
    seconds = interleaved(ways, batches, ROUNDS)
    ends = [1e6 * spent / len(texts) for spent in seconds.values()]
    return {name: end - start for name, start, end in zip(ways, [0.0, *ends], ends, strict=False)}


def _joined(texts: Sequence[str]) -> tuple[bytes, NDArray[np.int64]]:
    encoded = [text.encode() for text in texts]
    return b"".join(encoded), np.cumsum([len(text) for text in encoded], dtype=np.int64)
