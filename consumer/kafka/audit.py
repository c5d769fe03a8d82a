"""Proves, from outside, that inputs = labels + dead letters: counts each input's answers by its coordinates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consumer.kafka.events import read_dead_letter_headers
from consumer.kafka.range_reader import StoredMessage
from shared.codec import decode_label

Ranges = Mapping[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class AuditResult:
    """What was found in an offset range of the input topic."""

    inputs: int
    labelled: int
    dead_lettered: int
    missing: int
    repeated: int

    @property
    def holds(self) -> bool:
        """Whether every input was answered exactly once."""
        return self.missing == 0 and self.repeated == 0


class Audit:
    """Counts answers for the inputs in `ranges`; one byte of memory for each input."""

    def __init__(self, topic: str, ranges: Ranges) -> None:
        self._topic = topic
        self._starts = {number: start for number, (start, _) in ranges.items()}
        self._inputs = _zeros(ranges)
        self._labels = _zeros(ranges)
        self._letters = _zeros(ranges)

    def add_inputs(self, messages: Iterable[StoredMessage]) -> None:
        """Note the inputs that are really there: offsets may have gaps."""
        for message in messages:
            self._count(self._inputs, self._topic, message.partition, message.offset)

    def add_label(self, message: StoredMessage) -> None:
        """Note one label by the source it names."""
        source = decode_label(message.value or b"").source
        self._count(self._labels, source.topic, source.partition, source.offset)

    def add_dead_letter(self, message: StoredMessage) -> None:
        """Note one dead letter by the source it names."""
        wrong = read_dead_letter_headers(message.headers)
        if {"topic", "partition", "offset"} <= wrong.keys():
            self._count(self._letters, wrong["topic"], int(wrong["partition"]), int(wrong["offset"]))

    def result(self) -> AuditResult:
        """Return what was found."""
        inputs, labels, letters = (_joined(counts) for counts in (self._inputs, self._labels, self._letters))
        answers = labels + letters
        there = inputs > 0
        return AuditResult(
            inputs=int(there.sum()),
            labelled=int((labels[there] > 0).sum()),
            dead_lettered=int((letters[there] > 0).sum()),
            missing=int((answers[there] == 0).sum()),
            repeated=int((answers[there] > 1).sum()),
        )

    def _count(self, counts: dict[int, NDArray[np.uint8]], topic: str, partition: int, offset: int) -> None:
        place = offset - self._starts.get(partition, offset + 1)
        if topic == self._topic and 0 <= place < len(counts.get(partition, ())):
            counts[partition][place] = min(counts[partition][place] + 1, 100)


def _zeros(ranges: Ranges) -> dict[int, NDArray[np.uint8]]:
    return {number: np.zeros(max(0, end - start), dtype=np.uint8) for number, (start, end) in ranges.items()}


def _joined(counts: Mapping[int, NDArray[np.uint8]]) -> NDArray[np.uint8]:
    return np.concatenate(list(counts.values())) if counts else np.zeros(0, dtype=np.uint8)
