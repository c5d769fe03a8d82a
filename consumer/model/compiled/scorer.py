"""A linear model at work: the Scorer port over the kernel."""

import threading
from collections.abc import Sequence
from copy import copy
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from consumer.model.compiled import layout
from consumer.model.compiled.compiler import compile_model
from consumer.model.compiled.hashing import Words
from consumer.model.compiled.kernel import score_batch, scratch_words
from consumer.model.compiled.letters import lower_case_table
from consumer.model.labelling import Labelling, confidences
from consumer.model.specification import LinearModel
from consumer.native.code_cache import call, say_what_is_not_kept
from consumer.scoring.outcome import LabelNumbers, Scores, TermCounts
from consumer.scoring.texts import Utf8Texts
from shared.reviews import Model

# Scratch for texts up to this size is kept, about eight times as much memory for each thread.
KEPT_TEXT_BYTES = 1024 * 1024

# Probabilities (n, k) of the classes, in order of the texts, and the texts' terms.
_Answer: TypeAlias = tuple[NDArray[np.float64], TermCounts]


class _Workspace(threading.local):
    """What one thread writes to, and uses again."""

    def __init__(self) -> None:
        self.text_bytes = -1
        self.scratch: Words = np.empty(0, np.uint64)
        self.end = np.zeros(1, np.int64)


class CompiledScorer:
    """Scores by a compiled model; threads may share it, the GIL is released while texts are read."""

    def __init__(self, linear: LinearModel, model: Model) -> None:
        self._model = model
        self._labelling = Labelling(linear.classes, linear.neutral_band)
        self._compiled = compile_model(linear)
        self._terms = len(linear.terms)
        self._exceptions = tuple(sorted(lower_case_table()[1]))
        self._exceptions_utf8 = tuple(letter.encode() for letter in self._exceptions)
        self._workspace = _Workspace()

    def score(self, texts: Sequence[str]) -> Scores:
        """Return the label, confidence and probabilities of each text; see the port."""
        classes = self._labelling.classes
        if len(texts) == 1 and not isinstance(texts, Utf8Texts):
            probabilities, terms = self._read_one(texts[0])
            label, confidence = self._labelling.label_one(probabilities[0].tolist())
            return Scores(self._model, classes, [label], np.array([confidence]), probabilities, terms=terms)
        probabilities, terms = self._read_all(texts)
        numbers = self._labelling.numbers(probabilities)
        labels = self._labelling.named(numbers)
        numbered = LabelNumbers(self._labelling.names, numbers)
        return Scores(self._model, classes, labels, confidences(probabilities), probabilities, numbered, terms)

    def labelling_by(self, labelling: Labelling) -> "CompiledScorer":
        """Return a scorer that shares this one's numbers and labels otherwise."""
        other = copy(self)
        other._labelling = labelling  # noqa: SLF001 - its own class
        return other

    def warm_up(self) -> None:
        """Have everything compiled that scoring needs: seconds without numba's cache, a moment with it."""
        say_what_is_not_kept()
        call(self.score, ["warm", "up"])
        self.score(["warm"])

    def _read_all(self, texts: Sequence[str]) -> _Answer:
        if isinstance(texts, Utf8Texts) and not self._exceptional_bytes(texts.content):
            return self._read(texts.content, texts.ends, int(np.diff(texts.ends, prepend=0).max(initial=0)))
        try:
            encoded = list(map(str.encode, texts))
        except UnicodeEncodeError:
            encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        content = b"".join(encoded)
        if not content.isascii() and self._exceptional(texts):
            encoded = list(map(self._encode, texts))
            content = b"".join(encoded)
        sizes = np.fromiter(map(len, encoded), np.int64, len(encoded))
        return self._read(content, sizes.cumsum(), int(sizes.max(initial=0)))

    def _read(self, content: bytes, ends: NDArray[np.int64], longest_bytes: int) -> _Answer:
        probabilities = np.empty((len(ends), len(self._labelling.classes)))
        terms = score_batch(content, ends, self._compiled, self._scratch(longest_bytes), probabilities)
        return probabilities, terms

    def _read_one(self, text: str) -> _Answer:
        content = text.encode() if text.isascii() else self._encode(text)
        workspace = self._workspace
        workspace.end[0] = size = len(content)
        scratch = workspace.scratch if size <= workspace.text_bytes else self._scratch(size)
        probabilities = np.empty((1, len(self._labelling.classes)))
        terms = score_batch(content, workspace.end, self._compiled, scratch, probabilities)
        return probabilities, terms

    def _exceptional(self, texts: Sequence[str]) -> bool:
        # A plain loop over the few letters: on texts of ASCII and Latin-1 the test itself looks at nothing.
        return any(letter in text for letter in self._exceptions for text in texts)

    def _exceptional_bytes(self, content: bytes) -> bool:
        # A single byte is found far faster than a letter of two or three, and most texts lack it.
        return any(letter[:1] in content and letter in content for letter in self._exceptions_utf8)

    def _encode(self, text: str) -> bytes:
        # Where lower-casing is more than a table of single letters can say, Python does it.
        if self._exceptional((text,)):
            text = text.lower()
        return text.encode("utf-8", "surrogatepass")

    def _scratch(self, text_bytes: int) -> Words:
        workspace = self._workspace
        if text_bytes <= workspace.text_bytes:
            return workspace.scratch
        if text_bytes > KEPT_TEXT_BYTES:
            return layout.aligned_words(scratch_words(text_bytes, self._terms))
        workspace.text_bytes = min(KEPT_TEXT_BYTES, max(4096, text_bytes * 5 // 4))
        workspace.scratch = layout.aligned_words(scratch_words(workspace.text_bytes, self._terms))
        return workspace.scratch
