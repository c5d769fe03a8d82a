"""Which dead letters go back into a topic: each at most once, however often it is asked for.

A replayed record says in a header which failed record it repeats. Before anything is put back, the topic is read for
such headers: from right after the failed record in its own partition, into which a replay goes, else from the topic's
first record. Where retention has removed part of what must be read, nobody can tell, and the dead letter is held back.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from consumer.kafka.range_reader import Ranges, headers_or_none
from consumer.kafka.stored_dead_letters import DeadLetterFilter, StoredDeadLetter, replayed_source
from consumer.scoring.record import Partition, Record
from shared.reviews import Source


class Fate(StrEnum):
    """What becomes of a dead letter; a closed set, and the names in the JSON output."""

    REPLAYED = "replayed"
    ALREADY = "already_replayed"
    UNVERIFIABLE = "unverifiable"
    OTHER_TOPIC = "other_topic"
    NO_SOURCE = "no_source"
    FILTERED = "filtered"


@dataclass(frozen=True, slots=True)
class ReplayTarget:
    """The topic that dead letters go into and what it holds; `from_topic` is the one they failed in."""

    topic: str
    bounds: Ranges
    from_topic: str

    @property
    def is_source(self) -> bool:
        """Whether records go back to where they came from."""
        return self.topic == self.from_topic

    def ranges_to_read(self, candidates: Iterable[Source]) -> dict[int, tuple[int, int]]:
        """Return where replayed candidates could stand; asks for each candidate's coordinates once."""
        if not self.is_source:
            return dict(self.bounds)
        first: dict[int, int] = {}
        for source in candidates:
            first[source.partition] = min(source.offset + 1, first.get(source.partition, source.offset + 1))
        ends = {
            number: (max(low, first[number]), high) for number, (low, high) in self.bounds.items() if number in first
        }
        return {number: (start, end) for number, (start, end) in ends.items() if start < end}

    def remembers(self, source: Source) -> bool:
        """Return whether every record that could be a replay of this one is still there."""
        if self.is_source:
            low, _ = self.bounds.get(source.partition, (0, 0))
            return low <= source.offset + 1
        return all(low == 0 for low, _ in self.bounds.values())


class ReplayedRecords:
    """Which failed records were put back before, or in this run; one number for each."""

    def __init__(self) -> None:
        self._offsets: dict[Partition, set[int]] = {}

    def add(self, source: Source) -> None:
        """Note a replay of this record."""
        self._offsets.setdefault((source.topic, source.partition), set()).add(source.offset)

    def add_from(self, records: Iterable[Record]) -> None:
        """Note the replays among records of the target."""
        for record in records:
            source = replayed_source(headers_or_none(record))
            if source is not None:
                self.add(source)

    def __contains__(self, source: Source) -> bool:
        return source.offset in self._offsets.get((source.topic, source.partition), ())


@dataclass(frozen=True, slots=True)
class ReplayRules:
    """What is meant and how far to go: `unverifiable_too` takes what nobody can vouch for."""

    meant: DeadLetterFilter
    limit: int | None = None
    unverifiable_too: bool = False


@dataclass(slots=True)
class ReplayPlan:
    """Decides what becomes of each dead letter, and counts."""

    target: ReplayTarget
    replayed: ReplayedRecords
    rules: ReplayRules
    counts: Counter[Fate] = field(default_factory=Counter)

    def accept(self, letter: StoredDeadLetter) -> bool:
        """Return whether this one is to be put back now; it counts as put back from then on."""
        fate = self._fate(letter.source) if self.rules.meant.matches(letter) else Fate.FILTERED
        self.counts[fate] += 1
        if fate is Fate.REPLAYED and letter.source is not None:
            self.replayed.add(letter.source)
        return fate is Fate.REPLAYED

    def full(self) -> bool:
        """Return whether the limit is reached."""
        return self.rules.limit is not None and self.counts[Fate.REPLAYED] >= self.rules.limit

    def _fate(self, source: Source | None) -> Fate:
        if source is None:
            return Fate.NO_SOURCE
        if source.topic != self.target.from_topic:
            return Fate.OTHER_TOPIC
        # A repeated dead letter of one record is met here, too.
        if source in self.replayed:
            return Fate.ALREADY
        if not self.target.remembers(source) and not self.rules.unverifiable_too:
            return Fate.UNVERIFIABLE
        return Fate.REPLAYED
