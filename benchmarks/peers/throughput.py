"""How fast a contestant labels a backlog: between its first label and its last, by the broker's clock."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.peers.bench import Bench, Seat
from benchmarks.peers.contestants import Contestant
from benchmarks.peers.topics import LOOK_EVERY_S, Reader, append_times_ms

FIRST_LABEL_S_MAX = 60.0


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
    """Return labels a second from the first to the last; those of the first moment were made before it."""
    first, last = min(times_ms), max(times_ms)
    if last == first:
        return 0.0
    return sum(moment > first for moment in times_ms) / (last - first) * 1000


def _work(bench: Bench, seat: Seat, inputs: int, window_s: float) -> None:
    end = time.monotonic() + window_s
    for _ in seat.waiting("end of the window", window_s + FIRST_LABEL_S_MAX):
        if time.monotonic() >= end or bench.topics.ends(seat.assignment.output_topic) >= inputs:
            return
        time.sleep(LOOK_EVERY_S)


def _append_times(bench: Bench, topic: str) -> list[int]:
    # A transaction that the kill left open counts: its labels took the same work.
    reader = Reader(bench.topics.bootstrap_servers, topic, "read_uncommitted")
    try:
        return append_times_ms(reader.read_to_end())
    finally:
        reader.close()
