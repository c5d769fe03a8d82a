"""Holds answers against offline work: reviews are scored again, and what was dead-lettered is decoded again.

Bounded memory: the inputs are taken window by window (`audit_windows`). Of a window's reviews only what the model says
is kept, then its labels are read and compared. No text is kept beyond the chunk it came in.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
import numpy as np

from consumer.kafka.audit import LABELLED, UNDECODABLE, Audit
from consumer.kafka.range_reader import RangeReader, Ranges
from consumer.scoring.decoding import decode
from consumer.scoring.outcome import ReadableRecords
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


class _Model:
    """One model, and what it makes of the window's inputs."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._names: list[str] = []
        self.classes = scorer.score([]).classes
        self.expected: dict[int, _Expected] = {}

    def begin(self, window: Mapping[int, tuple[int, int]]) -> None:
        """Forget the window before, and make room for these ranges of inputs."""
        self.expected = {
            number: _Expected(first, max(first, end), len(self.classes)) for number, (first, end) in window.items()
        }

    def add(self, readable: ReadableRecords) -> None:
        """Score inputs of the window, and keep what comes of it."""
        scores = self._scorer.score(readable.texts())
        rows = zip(readable.records, readable.reviews, scores.labels, scores.probabilities, strict=True)
        for record, review, label, probabilities in rows:
            expected = self.expected[record.partition()]
            row = record.offset() - expected.first
            expected.known[row] = True
            expected.labels[row] = self._name_number(label)
            expected.review_ids[row] = hash(review.review_id)
            expected.probabilities[row] = probabilities

    def difference(self, label: Label, expected: _Expected, row: int) -> str:
        """Return in which way a label is not what the model says of its input, nothing where it is."""
        name = self._names[expected.labels[row]]
        probabilities = dict(zip(self.classes, expected.probabilities[row].tolist(), strict=True))
        if label.label != name:
            return f"labelled {label.label}, scored again {name}"
        if hash(label.review_id) != expected.review_ids[row]:
            return "the label names another review"
        if label.scores.keys() != probabilities.keys():
            return "the label has other classes"
        off = max(abs(label.scores[name] - probability) for name, probability in probabilities.items())
        off = max(off, abs(label.score - max(probabilities.values())))
        return "" if off <= TOLERANCE else f"a probability is off by {off:.3g}"

    def _name_number(self, label: str) -> int:
        if label not in self._names:
            self._names.append(label)
        return self._names.index(label)


class Rescoring:
    """Compares an audit's answers with offline work by the model that each label names, found by its digest.

    Every input is scored by each of `scorers`: which of them labelled it shows only afterwards.
    """

    def __init__(self, audit: Audit, scorers: Mapping[str, Scorer]) -> None:
        self._audit = audit
        self._models = {digest: _Model(scorer) for digest, scorer in scorers.items()}
        audit.rescored = 0

    def run(self, inputs: RangeReader, labels: RangeReader) -> Iterator[Sequence[Record]]:
        """Score everything again, and yield the inputs as they are read; what differs is noted in the audit."""
        for window in self._audit.windows:
            for model in self._models.values():
                model.begin(window.inputs)
            for chunk in inputs.read_chunks(window.inputs):
                self._add_inputs(chunk)
                yield chunk
            for chunk in labels.read_chunks(window.labels):
                self._compare_labels(chunk, window.inputs)

    def _add_inputs(self, records: Sequence[Record]) -> None:
        """Decode and score inputs of the window; note what was answered wrongly already in that."""
        readable, refused = decode(records, VALUE_BYTES_MAX)
        for model in self._models.values():
            model.add(readable)
        for record in readable.records:
            number, offset = record.partition(), record.offset()
            if self._audit.known_of(number, offset) & UNDECODABLE:
                self._audit.add_difference(number, offset, "dead-lettered as unreadable, but it can be read")
        for letter in refused:
            number, offset = letter.record.partition(), letter.record.offset()
            if self._audit.known_of(number, offset) & LABELLED:
                self._audit.add_difference(number, offset, f"labelled, but it can't be read: {letter.reason}")

    def _compare_labels(self, records: Iterable[Record], window: Ranges) -> None:
        """Compare the labels among `records` that answer inputs of the window."""
        for record in records:
            try:
                label = decode_label(record.value() or b"")
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                # Counted as unreadable before, or only its source and model are readable.
                continue
            partition, offset = label.source.partition, label.source.offset
            first, end = window.get(partition, (0, 0))
            if label.source.topic == self._audit.topic and first <= offset < end:
                self._compare(label, partition, offset)

    def _compare(self, label: Label, partition: int, offset: int) -> None:
        model = self._models.get(label.model.digest)
        if model is None:
            self._audit.add_other_model(partition, offset, label.model.digest)
            return
        expected = model.expected[partition]
        row = offset - expected.first
        if not expected.known[row]:
            return
        self._audit.rescored = (self._audit.rescored or 0) + 1
        difference = model.difference(label, expected, row)
        if difference:
            self._audit.add_difference(partition, offset, difference)
