"""Dead letters as they are read back: what each says of itself, and which of them somebody asks for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from consumer.kafka.dead_letters import REPLAYED_PREFIX, read_dead_letter_headers, read_headers, whole_number
from consumer.kafka.range_reader import RangeReader, StoredMessage
from shared.errors import Reason
from shared.reviews import Source

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StoredDeadLetter:
    """One dead letter as it is stored; `source` is None where its headers name none, as if another program wrote it."""

    stored: StoredMessage
    reason: str
    message: str
    stage: str
    source: Source | None
    model: str
    failed_at: datetime | None
    attempts: int

    @property
    def size_bytes(self) -> int:
        """How many bytes the record's value has."""
        return len(self.stored.value or b"")


@dataclass(frozen=True, slots=True)
class DeadLetterFilter:
    """Which dead letters are meant; what is not given is not asked for. Partition and offset are the source's."""

    reasons: frozenset[Reason] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    partitions: frozenset[int] = frozenset()
    offsets: range | None = None

    def matches(self, letter: StoredDeadLetter) -> bool:
        """Return whether this one is meant."""
        return (
            (not self.reasons or letter.reason in self.reasons)
            and self._in_time(letter.failed_at)
            and self._in_place(letter.source)
        )

    def _in_time(self, failed_at: datetime | None) -> bool:
        if self.since is None and self.until is None:
            return True
        if failed_at is None:
            return False
        return (self.since is None or failed_at >= self.since) and (self.until is None or failed_at < self.until)

    def _in_place(self, source: Source | None) -> bool:
        if not self.partitions and self.offsets is None:
            return True
        if source is None:
            return False
        in_partition = not self.partitions or source.partition in self.partitions
        return in_partition and (self.offsets is None or source.offset in self.offsets)


def read_dead_letter(stored: StoredMessage) -> StoredDeadLetter:
    """Return what a stored dead letter says of itself; what it does not say is unknown."""
    wrong = read_dead_letter_headers(stored.headers)
    return StoredDeadLetter(
        stored,
        wrong.get("reason", UNKNOWN),
        wrong.get("message", ""),
        wrong.get("stage", UNKNOWN),
        _source(wrong),
        wrong.get("model", ""),
        _moment(wrong.get("failed_at", "")),
        whole_number(wrong.get("attempts"), 1),
    )


def read_dead_letters(reader: RangeReader) -> Iterator[StoredDeadLetter]:
    """Yield the dead letters that a topic holds now."""
    for stored in reader.read(reader.bounds()):
        yield read_dead_letter(stored)


def replayed_source(headers: tuple[tuple[str, bytes | None], ...]) -> Source | None:
    """Return which failed record a replayed one repeats, None where it is no replayed one."""
    said = read_headers(headers, REPLAYED_PREFIX)
    topic, _, place = said.get("of", "").rpartition("@")
    partition, _, offset = place.partition(":")
    return _source({"topic": topic, "partition": partition, "offset": offset}) if topic else None


def _source(said: dict[str, str]) -> Source | None:
    partition, offset = whole_number(said.get("partition"), -1), whole_number(said.get("offset"), -1)
    return Source(said["topic"], partition, offset) if "topic" in said and min(partition, offset) >= 0 else None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
