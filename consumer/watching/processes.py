"""One process as its page shows it."""

import math
from collections.abc import Iterator

from consumer.watching.metric_names import Name
from consumer.watching.sample import Sample
from consumer.watching.view import PartitionView, ProcessView
from consumer.watching.watch import Reading


def process_view(reading: Reading, at_s: float) -> ProcessView:
    """Return what is known of one process; `at_s` in seconds since 1970."""
    change = reading.change
    if change is None:
        return ProcessView(str(reading.address), up=False, reason=reading.reason)
    page = change.later
    built = next((labels for labels, _ in page.labelled(Name.BUILD_INFO)), {})
    started_s, catching_up = page.value(Name.STARTED), page.value(Name.CATCHING_UP)
    lags = [age_s for _, age_s in page.labelled(Name.LAG_SECONDS)]
    workers = page.by_label(Name.WORKER_UP, "worker").values()
    return ProcessView(
        str(reading.address),
        up=True,
        reason="",
        restarted=change.restarted,
        version=built.get("version"),
        model=built.get("model"),
        digest=built.get("digest"),
        uptime_seconds=None if started_s is None else max(0.0, at_s - started_s),
        consumed_per_second=change.rate(Name.CONSUMED),
        labelled_per_second=change.rate(Name.LABELLED),
        dead_lettered_per_second=change.rate(Name.DEAD_LETTERED),
        partitions=page.value(Name.ASSIGNED),
        lag_records=page.value(Name.LAG_RECORDS),
        lag_seconds=max(lags, default=None),
        inflight_records=page.value(Name.INFLIGHT_RECORDS),
        inflight_bytes=page.value(Name.INFLIGHT_BYTES),
        memory_bytes=page.value(Name.MEMORY),
        memory_limit_bytes=_finite(page.value(Name.MEMORY_LIMIT)),
        processor_share=change.rate(Name.PROCESSOR),
        catching_up=None if catching_up is None else catching_up > 0,
        workers=len(workers) if workers else None,
        workers_up=sum(up > 0 for up in workers) if workers else None,
    )


def partition_views(reading: Reading) -> Iterator[PartitionView]:
    """Yield the lag of each partition that a process holds."""
    if reading.change is None:
        return
    page: Sample = reading.change.later
    seconds = {
        (labels.get("topic"), labels.get("partition")): value for labels, value in page.labelled(Name.LAG_SECONDS)
    }
    for labels, records in page.labelled(Name.LAG_RECORDS):
        topic, number = labels.get("topic", ""), labels.get("partition", "")
        if number.isascii() and number.isdigit():
            yield PartitionView(topic, int(number), records, seconds.get((topic, number)), str(reading.address))


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None
