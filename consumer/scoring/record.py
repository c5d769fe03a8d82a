"""A record as it was read, whatever it was read from, and a micro-batch of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from operator import methodcaller
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from shared.errors import Reason, RecordError

Partition: TypeAlias = tuple[str, int]

# Not `record.headers()`: the Kafka client, written in C, returns a half-made list and an error at the same time where a
# name is not UTF-8. CPython notices that in a call from C, as here, but no longer in a loop that it has specialised;
# the list would then end the process.
_ask_for_headers: Callable[["Record"], Sequence[tuple[str, bytes | None]] | None] = methodcaller("headers")


class Record(Protocol):
    """One record as it was read; confluent_kafka's Message is one, so nothing is copied."""

    def topic(self) -> str:
        """Return the topic it was read from."""
        ...

    def partition(self) -> int:
        """Return the partition it was read from."""
        ...

    def offset(self) -> int:
        """Return its place in the partition."""
        ...

    def key(self) -> bytes | None:
        """Return its key."""
        ...

    def value(self) -> bytes | None:
        """Return its value; None is a tombstone."""
        ...

    def headers(self) -> Sequence[tuple[str, bytes | None]] | None:
        """Return its headers."""
        ...

    def timestamp(self) -> tuple[int, int]:
        """Return the kind of time stamp, and milliseconds since 1970 (negative: unknown)."""
        ...


class ClosedBy(StrEnum):
    """Why a micro-batch got no further record."""

    DRAINED = "drained"  # nothing else was there
    COUNT = "count"  # it has as many records as it may
    TIME = "time"  # more bytes would take longer than a batch may
    BYTES = "bytes"  # it has as many bytes as memory is kept for
    REVOKED = "revoked"  # a partition was taken away meanwhile

    @property
    def more_is_waiting(self) -> bool:
        """Whether a limit ended it, so that the next batch is there already."""
        return self in {ClosedBy.COUNT, ClosedBy.TIME, ClosedBy.BYTES}


@dataclass(frozen=True)
class Batch:
    """Records read together, in order of arrival; `size_bytes` is that of their values.

    `membership` is what the source held of its group when it read them: a transaction that commits their offsets
    shows it, and is refused where the group has moved on.
    """

    records: Sequence[Record]
    size_bytes: int = 0
    closed_by: ClosedBy = ClosedBy.DRAINED
    membership: object = None

    @cached_property
    def timestamps_ms(self) -> NDArray[np.int64]:
        """The records' time stamps in milliseconds since 1970, (n,) int64; negative where unknown."""
        return np.array([record.timestamp()[1] for record in self.records], np.int64)

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        """Yield the records in order of arrival."""
        return iter(self.records)


NOTHING = Batch(())


def readable_headers(record: Record) -> Sequence[tuple[str, bytes | None]] | None:
    """Return a record's headers; RecordError where a header's name is not UTF-8: never ask that record again."""
    try:
        return _ask_for_headers(record)
    except (SystemError, UnicodeError) as error:
        raise RecordError(Reason.ENCODING, "the name of a header is not UTF-8: the headers can't be kept") from error


def last_records(records: Sequence[Record]) -> dict[Partition, Record]:
    """Return the last record of each partition in the batch, given in order of arrival from one topic."""
    last = {record.partition(): record for record in records}
    return {(record.topic(), partition): record for partition, record in last.items()}


def next_offsets(last: Mapping[Partition, Record]) -> dict[Partition, int]:
    """Return where each partition goes on after its last record."""
    return {place: record.offset() + 1 for place, record in last.items()}
