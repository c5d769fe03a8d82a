"""Proves, from outside, that inputs = labels + dead letters: counts each input's answers by its coordinates."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from consumer.kafka.audit_result import AuditResult, Finding, Place
from consumer.kafka.audit_windows import Windows
from consumer.kafka.dead_letters import read_dead_letter_headers, whole_number
from consumer.kafka.label_ids import LabelIds
from consumer.kafka.range_reader import Ranges, headers_or_none
from consumer.scoring.record import Record
from shared.errors import Reason
from shared.reviews import Source

# What is known of one offset of the input topic, a bit each.
THERE = 1
LABELLED = 2
DEAD_LETTERED = 4
REPEATED_SAME = 8
REPEATED_OTHER = 16
WRONG_ID = 32
# Dead-lettered because it could not be read, whatever the limits were at that time.
UNDECODABLE = 64
DIFFERING = 128
OTHER_MODEL = 256

# Labels of one input are told apart by their model's number in one byte; this one equals nothing, not even itself.
INCOMPARABLE = 255
# What the labels of further models are counted under.
OTHER_MODELS = "others"
DECODE = "decode"


class _Model(msgspec.Struct):
    digest: str


class _Answer(msgspec.Struct):
    """The part of a label that says what it answers; the rest is not even decoded."""

    source: Source
    model: _Model


_decode_answer = msgspec.json.Decoder(_Answer).decode


class Audit:
    """Counts answers for the inputs in `ranges`; takes three bytes of memory for each offset, whatever is found.

    Inputs, labels and dead letters may be added in any order. `examples_max` bounds the places named for each finding.
    """

    def __init__(self, topic: str, ranges: Ranges, examples_max: int = 20) -> None:
        self.topic = topic
        self.ranges = dict(ranges)
        self.windows = Windows(ranges)
        self._examples_max = examples_max
        self._flags = {number: array("H", bytes(2 * max(0, end - start))) for number, (start, end) in ranges.items()}
        self._models = {number: bytearray(len(flags)) for number, flags in self._flags.items()}
        self._ids = LabelIds()
        self._model_numbers: dict[str, int] = {}
        # Found in messages or while scoring again: counted, and named with details, when they are found.
        self._counts: Counter[Finding] = Counter()
        self._elsewhere = 0
        self._places: dict[Finding, list[Place]] = {finding: [] for finding in Finding}
        self.rescored: int | None = None
        self.labels_by_model: Counter[str] = Counter()

    def add_inputs(self, records: Iterable[Record]) -> None:
        """Note the inputs that are really there: offsets may have gaps."""
        for record in records:
            place = self._place(self.topic, record.partition(), record.offset())
            if place >= 0:
                self._flags[record.partition()][place] |= THERE

    def add_labels(self, records: Iterable[Record]) -> None:
        """Note labels by the source they name; check that their `ce_id` is the one for that source and model."""
        for record in records:
            try:
                answer = _decode_answer(record.value() or b"")
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                self._add_unreadable(record, "no label")
                continue
            source, digest = answer.source, answer.model.digest
            place = self._place(source.topic, source.partition, source.offset)
            if place < 0:
                self._elsewhere += 1
                continue
            right_id = _ce_id(record) == self._ids.right_id(source, digest)
            model = self._model_number(digest)
            self._add_label(source.partition, place, model if right_id else INCOMPARABLE)
            self.windows.note_label(source.partition, place, record)
            self.labels_by_model[OTHER_MODELS if model == INCOMPARABLE else digest] += 1
            if not right_id:
                self._flags[source.partition][place] |= WRONG_ID

    def add_dead_letters(self, records: Iterable[Record]) -> None:
        """Note dead letters by the source their headers name."""
        for record in records:
            wrong = read_dead_letter_headers(headers_or_none(record))
            partition, offset = whole_number(wrong.get("partition"), -1), whole_number(wrong.get("offset"), -1)
            if "topic" not in wrong or min(partition, offset) < 0:
                self._add_unreadable(record, "its headers name no source")
                continue
            place = self._place(wrong["topic"], partition, offset)
            if place < 0:
                self._elsewhere += 1
                continue
            flags = self._flags[partition]
            if flags[place] & DEAD_LETTERED:
                flags[place] |= REPEATED_SAME
            flags[place] |= DEAD_LETTERED
            if wrong.get("stage") == DECODE and wrong.get("reason") != Reason.TOO_LARGE:
                flags[place] |= UNDECODABLE

    def known_of(self, partition: int, offset: int) -> int:
        """Return what is known of an input of the range, as bits."""
        return self._flags[partition][offset - self.ranges[partition][0]]

    def add_difference(self, partition: int, offset: int, detail: str) -> None:
        """Note that the answer of an input is not what offline scoring gives."""
        self._add_flagged(DIFFERING, Finding.DIFFERING, Place(self.topic, partition, offset, detail))

    def add_other_model(self, partition: int, offset: int, digest: str) -> None:
        """Note that a label could not be scored again, since another model gave it."""
        place = Place(self.topic, partition, offset, f"labelled by the model {digest[:12]}")
        self._add_flagged(OTHER_MODEL, Finding.OTHER_MODEL, place)

    def result(self, tolerated: Iterable[Finding] = ()) -> AuditResult:
        """Return what was found; findings that are tolerated are counted and don't break the proof."""
        counts = dict.fromkeys(Finding, 0) | self._counts
        examples = {finding: [*places] for finding, places in self._places.items()}
        inputs = labelled = dead_lettered = 0
        for number, flags in self._flags.items():
            known = np.frombuffer(flags, np.uint16)
            there = known & THERE > 0
            inputs += int(there.sum())
            labelled += int((there & (known & LABELLED > 0)).sum())
            dead_lettered += int((there & (known & DEAD_LETTERED > 0)).sum())
            for finding, found in _findings(known):
                counts[finding] += int(found.sum())
                examples[finding] += self._first_places(number, found, self._examples_max - len(examples[finding]))
        return AuditResult(
            inputs,
            labelled,
            dead_lettered,
            counts,
            {finding: tuple(places) for finding, places in examples.items() if places},
            frozenset(tolerated),
            self.rescored,
            self._elsewhere,
        )

    def _place(self, topic: str, partition: int, offset: int) -> int:
        start, end = self.ranges.get(partition, (0, 0))
        return offset - start if start <= offset < end and topic == self.topic else -1

    def _model_number(self, digest: str) -> int:
        number = self._model_numbers.get(digest, INCOMPARABLE)
        if number == INCOMPARABLE and len(self._model_numbers) < INCOMPARABLE:
            number = self._model_numbers[digest] = len(self._model_numbers)
        return number

    def _add_label(self, partition: int, place: int, model: int) -> None:
        flags, models = self._flags[partition], self._models[partition]
        if flags[place] & LABELLED:
            same = models[place] == model != INCOMPARABLE
            flags[place] |= REPEATED_SAME if same else REPEATED_OTHER
        else:
            flags[place] |= LABELLED
            models[place] = model

    def _add_unreadable(self, record: Record, detail: str) -> None:
        self._keep(Finding.UNREADABLE, Place(record.topic(), record.partition(), record.offset(), detail))

    def _add_flagged(self, flag: int, finding: Finding, place: Place) -> None:
        flags, index = self._flags[place.partition], place.offset - self.ranges[place.partition][0]
        if not flags[index] & flag:
            self._keep(finding, place)
        flags[index] |= flag

    def _keep(self, finding: Finding, place: Place) -> None:
        self._counts[finding] += 1
        if len(self._places[finding]) < self._examples_max:
            self._places[finding].append(place)

    def _first_places(self, partition: int, found: NDArray[np.bool_], count: int) -> Iterator[Place]:
        start = self.ranges[partition][0]
        for index in np.flatnonzero(found)[: max(0, count)].tolist():
            yield Place(self.topic, partition, start + index)


def _findings(known: NDArray[np.uint16]) -> list[tuple[Finding, NDArray[np.bool_]]]:
    """Return which offsets (n,) each finding is true of; an input is repeated in one way only, the worst."""
    there = known & THERE > 0
    answered = known & (LABELLED | DEAD_LETTERED)
    both = there & (answered == LABELLED | DEAD_LETTERED)
    other = there & ~both & (known & REPEATED_OTHER > 0)
    return [
        (Finding.MISSING, there & (answered == 0)),
        (Finding.REPEATED_SAME_ID, there & ~both & ~other & (known & REPEATED_SAME > 0)),
        (Finding.REPEATED_OTHER_ID, other),
        (Finding.LABELLED_AND_DEAD_LETTERED, both),
        (Finding.WRONG_ID, there & (known & WRONG_ID > 0)),
        (Finding.STRAY, ~there & (answered > 0)),
    ]


def _ce_id(record: Record) -> bytes | None:
    for name, content in headers_or_none(record):
        if name == "ce_id":
            return content
    return None
