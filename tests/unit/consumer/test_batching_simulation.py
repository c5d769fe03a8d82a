"""A queue in simulated time: batches of what is there, bounded by the policy, against windows of a fixed length."""

import numpy as np
import pytest
from numpy.typing import NDArray

from consumer.scoring.batching import BatchBounds, BatchPolicy

SECONDS_PER_BYTE = 2e-8
REVIEW_BYTES = 400
EVENTS = 30_000
# What the arrivals of one seed may add by chance.
NOISE = 1.05
# Milliseconds of a batch whatever its size: a pipelined delivery, and a transaction.
FIXED_S = {"at-least-once": 0.0003, "exactly-once": 0.012}


def service_s(count: int, fixed_s: float) -> float:
    return SECONDS_PER_BYTE * REVIEW_BYTES * count + fixed_s


def capacity(fixed_s: float, batch: int) -> float:
    """Return reviews a second with batches of this size."""
    return batch / service_s(batch, fixed_s)


def arrivals(rate: float, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).exponential(1 / rate, EVENTS).cumsum()


def there(times: NDArray[np.float64], done: int, now: float) -> int:
    return int(np.searchsorted(times, now, side="right")) - done


def natural(times: NDArray[np.float64], fixed_s: float) -> list[float]:
    """Return each review's latency where a batch is what is there, at most what the policy allows."""
    policy = BatchPolicy(BatchBounds())
    latencies: list[float] = []
    now = 0.0
    while len(latencies) < len(times):
        done = len(latencies)
        now = max(now, times[done])
        limits = policy.limits()
        count = min(there(times, done, now), limits.records, max(1, limits.size_bytes // REVIEW_BYTES))
        policy.note_age(now - times[done])
        took = service_s(count, fixed_s)
        policy.observe(count * REVIEW_BYTES, took)
        now += took
        latencies += [now - times[done + number] for number in range(count)]
    return latencies


def windows(times: NDArray[np.float64], fixed_s: float, window_s: float, most: int) -> list[float]:
    """Return each review's latency where a batch waits for `window_s` after its first review, or until it is full."""
    latencies: list[float] = []
    now = 0.0
    while len(latencies) < len(times):
        done = len(latencies)
        opened = max(now, times[done])
        full_at = times[done + most - 1] if done + most <= len(times) else float("inf")
        closed = max(opened, min(opened + window_s, full_at))
        count = min(there(times, done, closed), most)
        now = closed + service_s(count, fixed_s)
        latencies += [now - times[done + number] for number in range(count)]
    return latencies


@pytest.mark.parametrize("delivery", FIXED_S)
@pytest.mark.parametrize("load", [0.05, 0.5, 0.9])
@pytest.mark.parametrize(("window_s", "most"), [(0.01, 500), (0.05, 1000), (0.1, 5000)])
def test_taking_what_is_there_is_never_later_than_waiting_for_a_window(
    delivery: str, load: float, window_s: float, most: int
) -> None:
    fixed_s = FIXED_S[delivery]
    times = arrivals(load * capacity(fixed_s, most), seed=most)
    ours = np.percentile(natural(times, fixed_s), [50, 99])
    theirs = np.percentile(windows(times, fixed_s, window_s, most), [50, 99])
    assert (ours <= theirs * NOISE).all(), f"p50, p99: {ours} against {theirs}"


def test_alone_a_review_waits_for_nothing() -> None:
    times = np.arange(100.0)
    assert max(natural(times, 0.0003)) == pytest.approx(service_s(1, 0.0003))


def test_a_burst_is_worked_off_in_batches_that_keep_to_their_time() -> None:
    latencies = natural(np.zeros(EVENTS), 0.0003)
    ends = sorted(set(latencies))
    assert max(np.diff(ends)) <= BatchBounds().time_s * 1.1
