"""Results of the stream's benchmarks, made up: small, and with every part."""

from copy import deepcopy
from typing import Any

from benchmarks import stream_alone, stream_ways

MACHINE = {
    "processor": "a processor",
    "cores": 2,
    "load_average_1_min": 0.1,
    "system": "a system",
    "python": "3.11",
    "packages": {"confluent-kafka": "2"},
}


def figure(value: float) -> dict[str, float]:
    """Return a figure without any range."""
    return {"median": value, "low": value, "high": value}


def throughput(ours: float = 90_000.0) -> dict[str, Any]:
    """Return throughput where a pass-through makes 100,000 a second."""
    rates = {
        stream_ways.CONSUME_ONLY: 500_000.0,
        stream_ways.PIPELINED: 100_000.0,
        stream_ways.CONSTANT: 95_000.0,
        stream_ways.AT_LEAST_ONCE: ours,
        stream_ways.EXACTLY_ONCE: 72_000.0,
        stream_alone.SCORE: 200_000.0,
    }
    found = {
        "records": 1000,
        "ways": {
            way: {
                "records_a_second": figure(rate),
                "cpu_s_a_million": figure(10.0),
                "rss_mb_max": figure(200.0),
                "rounds": [rate],
            }
            for way, rate in rates.items()
        },
        "ratio_to_reference": {way: figure(rate / 100_000) for way, rate in rates.items()},
    }
    return {"machine": MACHINE, "settings": {"rounds": 1}, "kinds": {"one-liners": found, "IMDB": deepcopy(found)}}


def latency(waiting_at_end: int = 30, median_ms: float = 2.0) -> dict[str, Any]:
    """Return latency where the echo's median is 2 ms, and a transaction takes 10."""
    names = ("p50", "p90", "p99", "p99.9")
    echo = {"ms": {name: figure(2.0) for name in names}, "curve_ms": [1.0, 2.0, 3.0]}
    ours = {
        "ms": {name: figure(median_ms) for name in names},
        "curve_ms": [1.0, 2.0, 4.0],
        "waiting_at_half": [20],
        "waiting_at_end": [waiting_at_end],
    }
    ratio = {name: figure(median_ms / 2.0) for name in names}
    rates = {rate: {"echo": echo, "ours": ours, "ratio": ratio} for rate in ("1000", "5000")}
    return {
        "machine": MACHINE,
        "settings": {"curve_quantiles": [0.0, 0.5, 0.99]},
        "deliveries": {
            "at-least-once": rates,
            "exactly-once": {rate: {**row, "transaction_ms": 10.0} for rate, row in rates.items()},
        },
    }


def growth(rss_mb_max: float = 250.0) -> dict[str, Any]:
    """Return growth with two backlogs."""
    row = {"records_a_second": 50_000, "cpu_s_a_million": 12.0, "seconds_and_rss_mb": [[0.0, 20.0], [1.0, 240.0]]}
    return {
        "machine": MACHINE,
        "scaling": {count: {"records_a_second": figure(1e5), "ratio_to_one": figure(1.0)} for count in ("1", "2")},
        "backlog": {
            "5000": {**row, "rss_mb_max": 200.0},
            "10000": {**row, "rss_mb_max": rss_mb_max},
        },
        "start-up": {stream_ways.AT_LEAST_ONCE: figure(1.5)},
    }


def profile() -> dict[str, Any]:
    """Return profiles of which only one has a thread for transactions."""
    once = {"wall_us": 10.0, "loop_us": {"poll": 1.0}, "cpu_us": {"loop": 4.0}}
    twice = {"wall_us": 12.0, "loop_us": {"poll": 1.0}, "cpu_us": {"transactions": 5.0}}
    return {"machine": MACHINE, "kinds": {"IMDB": {"at-least-once": once, "exactly-once": twice}}}


def metrics(observer_us: float = 0.15) -> dict[str, Any]:
    """Return what metrics cost: `observer_us` a record in the largest batches."""
    ways = {"nothing": 100_000.0, "metrics": 98_000.0, "metrics, scraped": 50_000.0}
    return {
        "machine": MACHINE,
        "observer_us_a_record": {"1": 40.0, "4096": observer_us},
        "records_a_second": {way: figure(rate) for way, rate in ways.items()},
        "loop_us_a_record": {way: figure(5.0) for way in ways},
        "ratio_to_nothing": {way: figure(rate / 100_000) for way, rate in ways.items()},
        "ratio_to_scrapers_elsewhere": figure(0.51),
        "pages_a_second": figure(120.0),
    }


def faults(broken: str = "") -> dict[str, Any]:
    """Return a fault under both deliveries, another under one; `broken` is an invariant that the latter broke."""

    def verdict(fault: str, delivery: str, recovery_s: list[float], lost: str = "") -> dict[str, Any]:
        held = {"I1": "held", "I2": "held", "I6": "held" if recovery_s else "-"}
        invariants = {name: "BROKEN" if name == lost else state for name, state in held.items()}
        row = {"fault": fault, "delivery": delivery, "protocol": "consumer", "recovery_s": recovery_s}
        return {**row, "invariants": invariants, "inputs": 1500}

    return {
        "machine": MACHINE,
        "kafka": "4",
        "invariants": {"I1": "nothing lost", "I2": "no repeats", "I6": "recovered"},
        "tests": {"passed": 3, "failed": [], "skipped": {"test_disk": "no disk"}},
        "verdicts": [
            verdict("power cut", "at-least-once", [0.5, 2.5]),
            verdict("power cut", "exactly-once", [1.0]),
            verdict("odd input", "exactly-once", [], broken),
        ],
    }
