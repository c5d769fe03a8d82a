"""Holds answers against offline work: reviews are scored again, and what was dead-lettered is decoded again.

Bounded memory: the inputs are taken window by window (`audit_windows`). Of a window's reviews only what the model says
is kept, then its labels are read and compared. No text is kept beyond the chunk it came in.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
import numpy as np

from consumer.kafka.audit import LABELLED, UNDECODABLE, Audit
from consumer.kafka.range_reader import RangeReader
from consumer.scoring.decoding import decode
from consumer.scoring.ports import Scorer
from consumer.scoring.record import Record
from shared.codec import decode_label
from shared.reviews import Label

# The limit that was in force is not known: size alone makes no answer wrong.
VALUE_BYTES_MAX = 1 << 31
TOLERANCE = 1e-9


class _Expected:
    """What offline work makes of one partition's slice of a window: a row for each offset, `known` where it is filled.

    `labels` (n,) are places in `names`, `review_ids` (n,) are hashes, `probabilities` (n, k) one column a class.
    """

    def __init__(self, first: int, end: int, classes: int) -> None:
        self.first = first
        self.known = np.zeros(end - first, np.bool_)
        self.labels = np.zeros(end - first, np.uint8)
        self.review_ids = np.zeros(end - first, np.int64)
        self.probabilities = np.zeros((end - first, classes))


class Rescoring:
    """Compares an audit's answers with offline work by `scorer`, the model with this digest."""

    def __init__(self, audit: Audit, scorer: Scorer, digest: str) -> None:
        self._audit = audit
        self._scorer = scorer
        self._digest = digest
        self._classes = scorer.score([]).classes
        self._names: list[str] = []
        self._expected: dict[int, _Expected] = {}
        audit.rescored = 0

    def run(self, inputs: RangeReader, labels: RangeReader) -> Iterator[Sequence[Record]]:
        """Score everything again, and yield the inputs as they are read; what differs is noted in the audit."""
        for window in self._audit.windows:
            self.begin(window.inputs)
            for chunk in inputs.read_chunks(window.inputs):
                self.add_inputs(chunk)
                yield chunk
            for chunk in labels.read_chunks(window.labels):
                self.compare_labels(chunk)

    def begin(self, window: Mapping[int, tuple[int, int]]) -> None:
        """Forget the window before, and make room for these ranges of inputs."""
        self._expected = {
            number: _Expected(first, max(first, end), len(self._classes)) for number, (first, end) in window.items()
        }

    def add_inputs(self, records: Sequence[Record]) -> None:
        """Decode and score inputs of the window; note what was answered wrongly already in that."""
        readable, refused = decode(records, VALUE_BYTES_MAX)
        scores = self._scorer.score(readable.texts())
        rows = zip(readable.records, readable.reviews, scores.labels, scores.probabilities, strict=True)
        for record, review, label, probabilities in rows:
            number, offset = record.partition(), record.offset()
            expected = self._expected[number]
            row = offset - expected.first
            expected.known[row] = True
            expected.labels[row] = self._name_number(label)
            expected.review_ids[row] = hash(review.review_id)
            expected.probabilities[row] = probabilities
            if self._audit.known_of(number, offset) & UNDECODABLE:
                self._audit.add_difference(number, offset, "dead-lettered as unreadable, but it can be read")
        for letter in refused:
            number, offset = letter.record.partition(), letter.record.offset()
            if self._audit.known_of(number, offset) & LABELLED:
                self._audit.add_difference(number, offset, f"labelled, but it can't be read: {letter.reason}")

    def compare_labels(self, records: Iterable[Record]) -> None:
        """Compare the labels among `records` that answer inputs of the window."""
        for record in records:
            try:
                label = decode_label(record.value() or b"")
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                # Counted as unreadable before, or only its source and model are readable.
                continue
            expected = self._expected.get(label.source.partition)
            row = -1 if expected is None else label.source.offset - expected.first
            if expected is None or not 0 <= row < len(expected.known) or label.source.topic != self._audit.topic:
                continue
            if label.model.digest != self._digest:
                self._audit.add_other_model(label.source.partition, label.source.offset, label.model.digest)
            elif expected.known[row]:
                self._compare(label, expected, row)

    def _compare(self, label: Label, expected: _Expected, row: int) -> None:
        self._audit.rescored = (self._audit.rescored or 0) + 1
        name = self._names[expected.labels[row]]
        probabilities = dict(zip(self._classes, expected.probabilities[row].tolist(), strict=True))
        if label.label != name:
            what = f"labelled {label.label}, scored again {name}"
        elif hash(label.review_id) != expected.review_ids[row]:
            what = "the label names another review"
        elif label.scores.keys() != probabilities.keys():
            what = "the label has other classes"
        else:
            off = max(abs(label.scores[name] - probability) for name, probability in probabilities.items())
            off = max(off, abs(label.score - max(probabilities.values())))
            if off <= TOLERANCE:
                return
            what = f"a probability is off by {off:.3g}"
        self._audit.add_difference(label.source.partition, label.source.offset, what)

    def _name_number(self, label: str) -> int:
        if label not in self._names:
            self._names.append(label)
        return self._names.index(label)
