"""How fast a contestant labels a backlog: between its first label and its last, by the broker's clock."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.peers.bench import Bench, ContestantError, Seat
from benchmarks.peers.contestants import Contestant
from benchmarks.peers.topics import LOOK_EVERY_S, Reader, append_times_ms

FIRST_LABEL_S_MAX = 60.0
WINDOWS_MAX = 4
# Who is silent for so much of the time writes in bursts; who is less so was only held up.
PAUSES_SHARE_MIN = 0.5


@dataclass(frozen=True, slots=True)
class Pace:
    """What one turn showed."""

    labels: int
    labels_per_s: float
    cpu_s_per_million: float
    rss_max_bytes: int
    first_label_after_s: float


def measure_throughput(bench: Bench, contestant: Contestant, scorer: str, backlog: str, window_s: float) -> Pace:
    """Let a contestant work on a backlog for so many seconds from its first label, or until it is through."""
    inputs = bench.topics.ends(backlog)
    started = time.monotonic()
    with bench.seat(contestant, scorer, backlog) as seat:
        output = seat.assignment.output_topic
        for _ in seat.waiting("label", FIRST_LABEL_S_MAX):
            if bench.topics.ends(output):
                break
            time.sleep(LOOK_EVERY_S)
        first_after_s = time.monotonic() - started
        before, from_ms = seat.application.usage(), time.time_ns() // 1_000_000
        _work(bench, seat, inputs, window_s)
        after, to_ms = seat.application.usage(), time.time_ns() // 1_000_000
        seat.application.kill()
        times_ms = _append_times(bench, output)
    in_window = sum(from_ms < moment <= to_ms for moment in times_ms)
    return Pace(
        labels=len(times_ms),
        labels_per_s=pace(times_ms),
        cpu_s_per_million=(after.cpu_s - before.cpu_s) / max(1, in_window) * 1e6,
        rss_max_bytes=after.rss_max_bytes,
        first_label_after_s=first_after_s,
    )


def pace(times_ms: Sequence[int]) -> float:
    """Return labels a second between the first labels' end and the last; ContestantError where one burst is all."""
    times = np.sort(np.asarray(times_ms, dtype=np.int64))
    gaps = np.diff(times)
    pauses = gaps[gaps >= gaps.max(initial=0) / 2]
    bursts = pauses.sum() >= PAUSES_SHARE_MIN * (times[-1] - times[0])
    # The first burst was made before its first label came: what it took is not known, so it does not count.
    burst_gap = max(1, pauses.min(initial=gaps.max(initial=0))) if bursts else 1
    ends = np.flatnonzero(gaps >= burst_gap)
    if not len(ends):
        raise ContestantError(f"all {len(times)} labels came at once: the time they took can't be told")
    return float((len(times) - 1 - ends[0]) / (times[-1] - times[ends[0]]) * 1000)


def _work(bench: Bench, seat: Seat, inputs: int, window_s: float) -> None:
    output = seat.assignment.output_topic
    end = time.monotonic() + window_s
    # Who writes in bursts is given the time to the end of the next one.
    at_end: int | None = None
    for _ in seat.waiting("labels", WINDOWS_MAX * window_s):
        labels = bench.topics.ends(output)
        if at_end is None and time.monotonic() >= end:
            at_end = labels
        if labels >= inputs or (at_end is not None and labels > at_end):
            return
        time.sleep(LOOK_EVERY_S)


def _append_times(bench: Bench, topic: str) -> list[int]:
    # A transaction that the kill left open counts: its labels took the same work.
    reader = Reader(bench.topics.bootstrap_servers, topic, "read_uncommitted")
    try:
        return append_times_ms(reader.read_to_end())
    finally:
        reader.close()
