"""Counts millions of labels with another client library than ours: one byte of memory an input, nothing decoded."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.topics import TopicSettings
from tests.support.independent_reader import ends_of, forgiving_its_leaks, messages

SOURCE = re.compile(rb'"source":\{"topic":"[^"]*","partition":(\d+),"offset":(\d+)\}')
COUNT_MAX = 255


@dataclass(frozen=True, slots=True)
class Census:
    """How many labels and dead letters each input has."""

    counts: Mapping[int, bytearray]
    labels: int
    dead_letters: int

    @property
    def inputs(self) -> int:
        """How many inputs there are."""
        return sum(map(len, self.counts.values()))

    @property
    def unique(self) -> int:
        """Inputs with at least one label or dead letter."""
        return self.inputs - self.missing

    @property
    def missing(self) -> int:
        """Inputs without any."""
        return sum(counts.count(0) for counts in self.counts.values())

    @property
    def duplicates(self) -> int:
        """Labels and dead letters beyond each input's first."""
        return self.labels + self.dead_letters - self.unique


@forgiving_its_leaks()
def take_census(bootstrap_servers: str, topics: TopicSettings) -> Census:
    """Read all committed labels and dead letters, and count them by their input; inputs hold no transactions."""
    counts = {number: bytearray(end) for number, end in ends_of(bootstrap_servers, topics.input_topic).items()}
    labels = dead_letters = 0
    for partition, offset in _labelled(bootstrap_servers, topics.output_topic):
        labels += 1
        counts[partition][offset] = min(COUNT_MAX, counts[partition][offset] + 1)
    for partition, offset in _dead_lettered(bootstrap_servers, topics.dead_letters):
        dead_letters += 1
        counts[partition][offset] = min(COUNT_MAX, counts[partition][offset] + 1)
    return Census(counts, labels, dead_letters)


def _labelled(bootstrap_servers: str, topic: str) -> Iterator[tuple[int, int]]:
    for message in messages(bootstrap_servers, topic):
        found = SOURCE.search(message.value)
        assert found is not None, "a label names its source"
        yield int(found[1]), int(found[2])


def _dead_lettered(bootstrap_servers: str, topic: str) -> Iterator[tuple[int, int]]:
    for message in messages(bootstrap_servers, topic):
        headers = dict(message.headers)
        yield int(headers["__dlq.errors.partition"]), int(headers["__dlq.errors.offset"])
