"""A view made of readings: sums over processes, rates, shares and quantiles."""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

from consumer.watching.change import Change
from consumer.watching.histogram import Histogram
from consumer.watching.metric_names import Name
from consumer.watching.processes import partition_views, process_view
from consumer.watching.view import Batches, Flow, Lag, PartitionView, Quality, Quantiles, SizeCount, View
from consumer.watching.watch import Reading

UNKNOWN = Quantiles(None, None, None)


def view_of(readings: Sequence[Reading], at_s: float) -> View:
    """Return what the readings of one look come to; `at_s` in seconds since 1970."""
    changes = [one.change for one in readings if one.change is not None]
    processes = tuple(process_view(one, at_s) for one in readings)
    intervals = [change.interval_s for change in changes if change.interval_s is not None]
    limits = [process.memory_limit_bytes for process in processes if process.memory_bytes is not None]
    stages = dict.fromkeys(stage for change in changes for stage in _values_of(change, Name.STAGES, "stage"))
    return View(
        at_seconds=at_s,
        interval_seconds=max(intervals, default=None),
        processes=processes,
        flow=Flow(
            total(process.consumed_per_second for process in processes),
            total(process.labelled_per_second for process in processes),
            total(process.dead_lettered_per_second for process in processes),
            _increases(changes, Name.DEAD_LETTERED, "reason"),
        ),
        lag=_lag(readings),
        latency=_quantiles(_histogram(changes, Name.LATENCY)),
        stages={stage: _quantiles(_histogram(changes, Name.STAGES, "stage", stage)) for stage in stages},
        loop=shares(_increases(changes, Name.LOOP, "state")),
        batches=_batches(changes),
        quality=_quality(changes),
        inflight_records=total(process.inflight_records for process in processes),
        inflight_bytes=total(process.inflight_bytes for process in processes),
        memory_bytes=total(process.memory_bytes for process in processes),
        memory_limit_bytes=total(limits) if None not in limits else None,
        rebalances=_increases(changes, Name.REBALANCES, "kind"),
        transactions=_increases(changes, Name.TRANSACTIONS, "outcome"),
        rewinds=total(change.increase(Name.REWINDS) for change in changes),
    )


def total(numbers: Iterable[float | None]) -> float | None:
    """Return the sum of those that are known, None where none is."""
    known = [number for number in numbers if number is not None]
    return math.fsum(known) if known else None


def shares(counts: Mapping[str, float]) -> dict[str, float]:
    """Return each one's share of the sum; nothing where there is nothing to share."""
    together = math.fsum(counts.values())
    return {name: count / together for name, count in counts.items()} if together > 0 else {}


def _lag(readings: Sequence[Reading]) -> Lag:
    known: dict[tuple[str, int], PartitionView] = {}
    for one in (row for reading in readings for row in partition_views(reading)):
        # While a partition moves, both pages may tell of it: the worse is shown, once.
        other = known.get((one.topic, one.partition), one)
        known[one.topic, one.partition] = max(one, other, key=lambda row: row.records)
    rows = sorted(known.values(), key=lambda row: (-(row.seconds or 0), -row.records, row.topic, row.partition))
    seconds = [row.seconds for row in rows if row.seconds is not None]
    return Lag(total(row.records for row in rows), max(seconds, default=None), tuple(rows))


def _batches(changes: Sequence[Change]) -> Batches:
    found = _histogram(changes, Name.BATCH_RECORDS)
    counts = found.counts() if found else ()
    sizes = tuple(SizeCount(None if math.isinf(bound) else bound, count) for bound, count in counts)
    closed_by = shares(_increases(changes, Name.BATCHES, "closed_by"))
    return Batches(found.count if found else None, found.mean if found else None, sizes, closed_by)


def _quality(changes: Sequence[Change]) -> Quality:
    scores = _histogram(changes, Name.SCORE)
    references = [change.later.by_label(Name.REFERENCE, "label") for change in changes]
    return Quality(
        shares(_increases(changes, Name.LABELLED, "label")),
        next((found for found in references if found), {}),
        scores.mean if scores else None,
        shares(_increases(changes, Name.TERMS, "known")).get("no"),
        shares(_increases(changes, Name.AGREEMENT, "agree")).get("yes"),
    )


def _increases(changes: Sequence[Change], name: str, label: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for change in changes:
        for value, count in change.increases(name, label).items():
            found[value] = found.get(value, 0.0) + count
    return found


def _histogram(changes: Sequence[Change], name: str, label: str = "", value: str = "") -> Histogram | None:
    found = [one for one in (change.histogram(name, label, value) for change in changes) if one is not None]
    return reduce(Histogram.plus, found) if found else None


def _quantiles(found: Histogram | None) -> Quantiles:
    return UNKNOWN if found is None else Quantiles(found.quantile(0.5), found.quantile(0.95), found.quantile(0.99))


def _values_of(change: Change, name: str, label: str) -> list[str]:
    return list(change.later.by_label(f"{name}_count", label))
