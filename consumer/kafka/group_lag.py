"""How far a group is behind in its topic, as seen from outside: what is known of each partition, and what follows."""

from collections.abc import Mapping
from dataclasses import dataclass

from consumer.kafka.range_reader import Ranges


@dataclass(frozen=True, slots=True)
class Waiting:
    """The first record that a group has not done: its offset and time stamp, seconds since 1970, None without one."""

    offset: int
    stamp_s: float | None


@dataclass(frozen=True, slots=True)
class Holder:
    """The member of a group that holds a partition."""

    member: str
    client: str
    host: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a group stands in its topic, as the broker says; offsets by partition.

    `bounds` are those of a reader of committed records, `written_ends` lie behind open transactions; `first_waiting`
    lacks partitions where nobody said in time, and holds None where no record waits.
    """

    committed: Mapping[int, int]
    bounds: Ranges
    written_ends: Mapping[int, int]
    first_waiting: Mapping[int, Waiting | None]
    holders: Mapping[int, Holder]


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """How far a group is behind in one partition; `committed` is None where it stands nowhere, and reads all there is.

    `records` counts the offsets from the first record that waits: markers of transactions and records compacted away
    among them count too, so it is exact where there are none, and 0 is always exact. None where the group stands
    behind the end: the topic is another one by now. `seconds` is that record's age, None where it has no time stamp
    or could not be read in time. `gone` records were removed by retention before they were done, `undecided` offsets
    belong to transactions that are open.
    """

    partition: int
    first: int
    committed: int | None
    end: int
    records: int | None
    seconds: float | None
    gone: int
    undecided: int
    holder: Holder | None


@dataclass(frozen=True, slots=True)
class LagLimits:
    """How far a group may be behind: records in all, and seconds in the worst partition; None is no limit."""

    records: int | None = None
    seconds: float | None = None

    def given(self) -> bool:
        """Return whether there is any limit."""
        return self.records is not None or self.seconds is not None


@dataclass(frozen=True, slots=True)
class GroupLag:
    """How far a group is behind in all partitions of its topic, at a moment in seconds since 1970."""

    group: str
    topic: str
    state: str
    members: int
    at_s: float
    partitions: tuple[PartitionLag, ...]

    @property
    def records(self) -> int | None:
        """Records not done in all, None where a partition's are not known."""
        known = [one.records for one in self.partitions if one.records is not None]
        return sum(known) if len(known) == len(self.partitions) else None

    @property
    def seconds(self) -> float | None:
        """Age of the oldest record not done, in seconds; None where that of a partition is not known."""
        known = [one.seconds for one in self.partitions if one.seconds is not None]
        return max(known, default=0.0) if len(known) == len(self.partitions) else None

    @property
    def unheld(self) -> int:
        """How many partitions no member holds."""
        return sum(one.holder is None for one in self.partitions)

    def within(self, limits: LagLimits) -> bool:
        """Return whether no limit is exceeded; what is not known exceeds every limit."""
        records, seconds = self.records, self.seconds
        records_held = limits.records is None or (records is not None and records <= limits.records)
        return records_held and (limits.seconds is None or (seconds is not None and seconds <= limits.seconds))


def partition_lags(standing: Standing, now_s: float) -> tuple[PartitionLag, ...]:
    """Return the lag of each partition that the topic has."""
    return tuple(_partition_lag(standing, number, now_s) for number in sorted(standing.bounds))


def unread_ranges(committed: Mapping[int, int], bounds: Ranges) -> dict[int, tuple[int, int]]:
    """Return, for each partition with offsets that are not done, where they begin and end."""
    ranges = {}
    for number, (first, end) in bounds.items():
        start = max(first, committed.get(number, first))
        if start < end:
            ranges[number] = (start, end)
    return ranges


def _partition_lag(standing: Standing, number: int, now_s: float) -> PartitionLag:
    first, end = standing.bounds[number]
    committed = standing.committed.get(number)
    written_end = max(end, standing.written_ends.get(number, end))
    records, seconds = _waiting(standing, number, now_s)
    if committed is not None and committed > written_end:
        records = seconds = None
    return PartitionLag(
        partition=number,
        first=first,
        committed=committed,
        end=end,
        records=records,
        seconds=seconds,
        gone=max(0, first - committed) if committed is not None else 0,
        undecided=written_end - end,
        holder=standing.holders.get(number),
    )


def _waiting(standing: Standing, number: int, now_s: float) -> tuple[int | None, float | None]:
    first, end = standing.bounds[number]
    start = max(first, standing.committed.get(number, first))
    if start >= end:
        return 0, 0.0
    if number not in standing.first_waiting:
        return end - start, None
    waiting = standing.first_waiting[number]
    if waiting is None or waiting.offset >= end:
        # Markers and aborted records only, or what came after the end was asked for.
        return 0, 0.0
    # One from the future counts as of now.
    return end - waiting.offset, None if waiting.stamp_s is None else max(0.0, now_s - waiting.stamp_s)
