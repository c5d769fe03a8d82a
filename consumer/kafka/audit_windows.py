"""Windows over the inputs, and where in the output topic the labels of each window stand."""

from collections.abc import Iterator
from dataclasses import dataclass

from consumer.kafka.range_reader import Ranges, offsets_in
from consumer.scoring.record import Record

# What is kept while one window is scored again is some 40 bytes an input.
WINDOW_INPUTS = 262_144


@dataclass(frozen=True, slots=True)
class Window:
    """A slice of each input partition, and the ranges of the output topic that hold its labels."""

    inputs: Ranges
    labels: Ranges


class Windows:
    """Cuts ranges into as many slices a partition, side by side, as keep a window within about `inputs_max` offsets.

    Labels are written in about the order of their reviews, so the ranges of labels hardly overlap: all windows
    together read the output topic little more than once. Where the order is another, they read it again and again;
    what is found is the same.
    """

    def __init__(self, ranges: Ranges, inputs_max: int = WINDOW_INPUTS) -> None:
        self._ranges = ranges
        self._count = max(1, -(-offsets_in(ranges) // inputs_max))
        self._label_ranges: dict[tuple[int, int], tuple[int, int]] = {}

    def note_label(self, partition: int, place: int, label: Record) -> None:
        """Note where the label of an input stands; `place` is the input's offset after its range's start."""
        start, end = self._ranges[partition]
        key = (place * self._count // (end - start), label.partition())
        first, last = self._label_ranges.get(key, (label.offset(), label.offset()))
        self._label_ranges[key] = min(first, label.offset()), max(last, label.offset())

    def __iter__(self) -> Iterator[Window]:
        for number in range(self._count):
            inputs = {partition: self._slice(partition, number) for partition in self._ranges}
            labels = {
                partition: (first, last + 1)
                for (window, partition), (first, last) in self._label_ranges.items()
                if window == number
            }
            yield Window(inputs, labels)

    def _slice(self, partition: int, number: int) -> tuple[int, int]:
        start, end = self._ranges[partition]
        # Rounded up, as `place * count // length` needs it: place p is in window w from ceil(w * length / count) on.
        length = max(0, end - start)
        return start + -(-number * length // self._count), start + -(-(number + 1) * length // self._count)
