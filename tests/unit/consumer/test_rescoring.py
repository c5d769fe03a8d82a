"""A label that is not what the model says offline is found, and so is a dead letter that can be read."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import cast

import numpy as np
import pytest

from consumer.kafka.audit import Audit
from consumer.kafka.audit_result import Finding
from consumer.kafka.audit_windows import Windows
from consumer.kafka.range_reader import RangeReader, Ranges
from consumer.kafka.rescoring import Rescoring
from consumer.scoring.outcome import Scores
from consumer.scoring.ports import Scorer
from shared.errors import Reason
from shared.reviews import Model
from tests.support.answers import by_model, changed, labels_of, letter_of
from tests.support.fake_scorer import MODEL, FakeScorer
from tests.support.memory_records import TOPIC, MemoryRecord, review_value, reviews

OTHER_DIGEST = "d2" * 32
INPUTS = [*reviews(6), *reviews(5, 1)]
RANGES = {0: (0, 6), 1: (0, 5)}


class MemoryReader:
    """Stands in for a RangeReader; remembers what it was asked for."""

    def __init__(self, records: list[MemoryRecord]) -> None:
        self._records = records
        self.asked: list[Ranges] = []
        self.read = 0

    def read_chunks(self, ranges: Ranges) -> list[list[MemoryRecord]]:
        self.asked.append(ranges)
        inside = [
            record
            for record in self._records
            if ranges.get(record.partition(), (0, 0))[0] <= record.offset() < ranges.get(record.partition(), (0, 0))[1]
        ]
        self.read += len(inside)
        return [inside[start : start + 2] for start in range(0, len(inside), 2)]


def rescored(
    inputs: list[MemoryRecord],
    labels: list[MemoryRecord],
    letters: list[MemoryRecord] | None = None,
    window: int = 1000,
    scorers: Mapping[str, Scorer] = MappingProxyType({MODEL.digest: FakeScorer()}),
) -> Audit:
    audit = Audit(TOPIC, RANGES)
    audit.windows = Windows(RANGES, window)
    audit.add_inputs(inputs)
    audit.add_labels(labels)
    audit.add_dead_letters(letters or [])
    rescoring = Rescoring(audit, scorers)
    readers = [cast("RangeReader", MemoryReader(records)) for records in (inputs, labels)]
    assert sum(len(chunk) for chunk in rescoring.run(readers[0], readers[1])) == len(inputs)
    return audit


@pytest.mark.parametrize("window", [1, 2, 3, 4, 5, 11, 1000])
def test_right_labels_hold_whatever_the_window(window: int) -> None:
    result = rescored(INPUTS, labels_of(INPUTS), window=window).result()
    assert result.holds
    assert result.rescored == len(INPUTS)


@pytest.mark.parametrize("window", [1, 4, 1000])
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"label": "negative"}, "labelled negative, scored again positive"),
        ({"score": 0.7}, "off by 0.05"),
        ({"scores": {"negative": 0.125, "neutral": 0.125 + 2e-9, "positive": 0.75}}, "off by 2e-09"),
        ({"scores": {"negative": 0.25, "positive": 0.75}}, "other classes"),
        ({"review_id": "another"}, "names another review"),
    ],
)
def test_a_label_that_differs_is_named(fields: dict[str, object], words: str, window: int) -> None:
    labels = labels_of(INPUTS)
    labels[7] = changed(labels[7], **fields)
    result = rescored(INPUTS, labels, window=window).result()
    assert not result.holds
    (place,) = result.examples[Finding.DIFFERING]
    assert (place.topic, place.partition, place.offset) == (TOPIC, 1, 1)
    assert words in place.detail


def test_a_difference_within_the_tolerance_is_none() -> None:
    labels = labels_of(INPUTS)
    labels[7] = changed(labels[7], scores={"negative": 0.125, "neutral": 0.125 + 5e-10, "positive": 0.75})
    assert rescored(INPUTS, labels).result().holds


def test_labels_in_any_order_and_partition_are_compared() -> None:
    labels = labels_of(INPUTS)
    shuffled = [
        replace(label, at_offset=offset // 2, in_partition=offset % 2) for offset, label in enumerate(reversed(labels))
    ]
    shuffled[3] = changed(shuffled[3], label="negative")
    result = rescored(INPUTS, shuffled, window=3).result()
    assert (result.rescored, result.count(Finding.DIFFERING)) == (len(INPUTS), 1)


def test_labels_of_other_topics_places_and_kinds_in_between_are_passed_over() -> None:
    labels = labels_of(INPUTS)
    foreign = [
        changed(labels_of([replace(INPUTS[0], in_topic="another")])[0], label="negative"),
        changed(labels_of(reviews(1, 5))[0], label="negative"),
        changed(labels_of(reviews(1, 0, 6))[0], label="negative"),
        MemoryRecord(b"no label", in_topic="labels"),
    ]
    between = [*labels[:5], *foreign, *labels[5:]]
    stored = [replace(label, at_offset=offset) for offset, label in enumerate(between)]
    result = rescored(INPUTS, stored).result()
    assert (result.rescored, result.count(Finding.DIFFERING), result.count(Finding.UNREADABLE)) == (len(INPUTS), 0, 1)


def test_every_repeat_of_a_label_is_compared_and_the_input_counts_once() -> None:
    labels = labels_of(INPUTS)
    wrong = replace(changed(labels[0], label="negative"), at_offset=len(labels))
    result = rescored(INPUTS, [*labels, wrong, replace(wrong, at_offset=len(labels) + 1)]).result()
    assert (result.rescored, result.count(Finding.DIFFERING)) == (len(INPUTS) + 2, 1)


def test_a_label_by_another_model_is_not_proved_and_fails_unless_that_is_tolerated() -> None:
    labels = labels_of(INPUTS)
    labels[0] = by_model(labels[0], "d2" * 32)
    audit = rescored(INPUTS, labels)
    result = audit.result()
    assert (result.rescored, result.count(Finding.OTHER_MODEL)) == (len(INPUTS) - 1, 1)
    assert result.examples[Finding.OTHER_MODEL][0].detail == "labelled by the model d2d2d2d2d2d2"
    assert not result.holds
    assert audit.result([Finding.OTHER_MODEL]).holds


class Contrary:
    """A Scorer of other classes, to which all is bad."""

    def score(self, texts: Sequence[str]) -> Scores:
        shares = np.tile([0.875, 0.125], (len(texts), 1))
        model = Model("contrary", "1", OTHER_DIGEST)
        return Scores(model, ("negative", "positive"), ["negative"] * len(texts), shares[:, 0], shares)


def contrary(label: MemoryRecord) -> MemoryRecord:
    """Return a label as Contrary would have given it."""
    fields = {"label": "negative", "score": 0.875, "scores": {"negative": 0.875, "positive": 0.125}}
    return by_model(changed(label, **fields), OTHER_DIGEST)


@pytest.mark.parametrize("window", [1, 4, 1000])
def test_labels_of_two_models_hold_where_each_is_what_the_model_it_names_says(window: int) -> None:
    labels = labels_of(INPUTS)
    labels[4:] = [contrary(label) for label in labels[4:]]
    scorers: dict[str, Scorer] = {MODEL.digest: FakeScorer(), OTHER_DIGEST: Contrary()}
    result = rescored(INPUTS, labels, window=window, scorers=scorers).result()
    assert result.holds
    assert result.rescored == len(INPUTS)
    labels[2] = by_model(labels[2], OTHER_DIGEST)
    labels[5] = changed(labels[5], label="positive")
    result = rescored(INPUTS, labels, window=window, scorers=scorers).result()
    assert sorted(place.detail for place in result.examples[Finding.DIFFERING]) == [
        "labelled positive, scored again negative",
        "labelled positive, scored again negative",
    ]


@pytest.mark.parametrize(
    ("value", "reason", "differing"),
    [
        (review_value("r"), Reason.SCHEMA, 1),
        (review_value("r"), Reason.NOT_JSON, 1),
        (review_value("r"), Reason.TOO_LARGE, 0),
        (b"{", Reason.NOT_JSON, 0),
        (None, Reason.EMPTY_VALUE, 0),
    ],
)
def test_a_dead_letter_that_can_be_read_differs_and_its_size_is_not_judged(
    value: bytes | None, reason: Reason, differing: int
) -> None:
    bad = MemoryRecord(value, 0, 0)
    inputs = [bad, *INPUTS[1:]]
    result = rescored(inputs, labels_of(INPUTS[1:]), [letter_of(bad, reason)]).result()
    assert result.count(Finding.DIFFERING) == differing
    assert result.missing == 0


def test_a_label_for_what_can_not_be_read_differs() -> None:
    inputs = [MemoryRecord(b"{", 0, 0), *INPUTS[1:]]
    result = rescored(inputs, labels_of(INPUTS)).result()
    assert result.examples[Finding.DIFFERING][0].detail == "labelled, but it can't be read: not_json"


def test_windows_cover_every_input_once_and_read_labels_in_order_about_once() -> None:
    ranges = {0: (100, 1100), 1: (0, 10), 2: (5, 5)}
    windows = Windows(ranges, 64)
    inputs = [(0, place) for place in range(1000)] + [(1, place) for place in range(10)]
    for offset, (partition, place) in enumerate(sorted(inputs, key=lambda found: found[1] / (1000, 10)[found[0]])):
        windows.note_label(partition, place, MemoryRecord(at_offset=offset))
    slices = list(windows)
    covered = [
        (number, offset) for window in slices for number, span in window.inputs.items() for offset in range(*span)
    ]
    assert sorted(covered) == sorted((number, offset) for number, span in ranges.items() for offset in range(*span))
    assert max(sum(end - start for start, end in window.inputs.values()) for window in slices) <= 64 + len(ranges)
    assert sum(end - start for window in slices for start, end in window.labels.values()) == len(inputs)


def test_a_windows_labels_are_found_wherever_they_stand() -> None:
    windows = Windows({0: (0, 4)}, 2)
    for place, partition, offset in ((0, 0, 9), (1, 0, 4), (2, 0, 5), (3, 1, 7), (0, 1, 8), (1, 0, 7)):
        windows.note_label(0, place, MemoryRecord(in_partition=partition, at_offset=offset))
    assert [(window.inputs, window.labels) for window in windows] == [
        ({0: (0, 2)}, {0: (4, 10), 1: (8, 9)}),
        ({0: (2, 4)}, {0: (5, 6), 1: (7, 8)}),
    ]
