"""The record of a batch that waited longest: whoever sees a slow batch wants to look at that one."""

from dataclasses import dataclass

import numpy as np

from consumer.scoring.outcome import Outcome, ReadableRecords


@dataclass(frozen=True, slots=True)
class OldestRecord:
    """Where it stands, its milliseconds since 1970, and its trace context (W3C) as it came, None where it has none."""

    partition: int
    offset: int
    timestamp_ms: int
    traceparent: bytes | None


def oldest_record(outcome: Outcome[ReadableRecords]) -> OldestRecord | None:
    """Return the record of a batch with the earliest time stamp; None where no time stamp is known."""
    stamps_ms = outcome.batch.timestamps_ms
    if not len(stamps_ms):
        return None
    # Without a sign those below 0, which are unknown, are the largest.
    row = int(stamps_ms.view(np.uint64).argmin())
    timestamp_ms = int(stamps_ms[row])
    if timestamp_ms < 0:
        return None
    record = outcome.batch.records[row]
    return OldestRecord(record.partition(), record.offset(), timestamp_ms, _traceparent(outcome, row))


def _traceparent(outcome: Outcome[ReadableRecords], row: int) -> bytes | None:
    """Return the trace context of a row's record; None for a dead letter."""
    record, labelled = outcome.batch.records[row], outcome.labelled
    # Labelled records are in order: it stands at its row, or before it by the dead letters that came first.
    first, last = max(0, row - len(outcome.dead_letters)), min(row, len(labelled.records) - 1)
    places = (place for place in range(last, first - 1, -1) if labelled.records[place] is record)
    place = next(places, None)
    return None if place is None else labelled.traceparents[place]
