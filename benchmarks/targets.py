"""What the stream is held to, judged by the results of one run."""

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks import stream_alone, stream_ways
from benchmarks.rounds import ratios

# Latency is held to the echo's up to this rate; above it the machine's own limit is near, and only lag is judged.
COMPARED_RATES = ("10", "100", "1000")
SUSTAINED_RATE = "5000"
MEDIAN_RATIO_MAX, P99_RATIO_MAX = 1.15, 1.5
# So many waiting records are a tenth of a second of SUSTAINED_RATE: no sign of falling behind.
WAITING_MAX = 500
TRANSACTIONS_MAX = 3
RSS_MB_MAX = 300
START_UP_S_MAX = 2.0


@dataclass(frozen=True, slots=True)
class Target:
    """One thing the stream is held to, what was found, and whether it is met."""

    what: str
    wanted: str
    found: str
    met: bool


def at_least(what: str, wanted: float, found: float) -> Target:
    """Return a target that is met from `wanted` upwards."""
    return Target(what, f"≥ {wanted:g}", f"{found:.3g}", found >= wanted)


def at_most(what: str, wanted: float, found: float) -> Target:
    """Return a target that is met up to `wanted`."""
    return Target(what, f"≤ {wanted:g}", f"{found:.3g}", found <= wanted)


def throughput_targets(results: Mapping[str, Any]) -> Iterator[Target]:
    """Yield what throughput is held to; a way that was not measured is left out."""
    ours, twice = stream_ways.AT_LEAST_ONCE, stream_ways.EXACTLY_ONCE
    for kind, wanted in (("one-liners", 0.85), ("IMDB", 0.3)):
        found = results["kinds"].get(kind, {}).get("ratio_to_reference", {}).get(ours)
        if found:
            yield at_least(f"{kind}: at-least-once over the better pass-through", wanted, found["median"])
    for kind, measured in results["kinds"].items():
        rounds = {way: row["rounds"] for way, row in measured["ways"].items()}
        parts = [rounds.get(way) for way in (stream_ways.CONSTANT, stream_alone.SCORE)]
        if kind == "IMDB" and ours in rounds and parts[0] and parts[1]:
            slower = [min(pair) for pair in zip(parts[0], parts[1], strict=True)]
            share = statistics.median(ratios(rounds[ours], slower))
            yield at_least("IMDB: at-least-once over the slower of its two parts", 0.5, share)
        if ours in rounds and twice in rounds:
            share = statistics.median(ratios(rounds[twice], rounds[ours]))
            yield at_least(f"{kind}: exactly-once over at-least-once", 0.7, share)


def latency_targets(results: Mapping[str, Any]) -> Iterator[Target]:
    """Yield what latency is held to."""
    for delivery, rates in results["deliveries"].items():
        for rate in COMPARED_RATES:
            if rate in rates:
                ratio = rates[rate]["ratio"]
                where = f"{delivery}, {int(rate):,}/s"
                yield at_most(f"{where}: p50 over the echo's", MEDIAN_RATIO_MAX, ratio["p50"]["median"])
                yield at_most(f"{where}: p99 over the echo's", P99_RATIO_MAX, ratio["p99"]["median"])
        if SUSTAINED_RATE in rates:
            ours = rates[SUSTAINED_RATE]["ours"]
            half, end = (statistics.median(ours[f"waiting_at_{moment}"]) for moment in ("half", "end"))
            yield Target(
                f"{delivery}, {int(SUSTAINED_RATE):,}/s: records waiting do not become more",
                f"≤ {WAITING_MAX}, or twice those at half time",
                f"{half:,.0f} at half time, {end:,.0f} at the end",
                end <= max(WAITING_MAX, 2 * half),
            )
        if "transaction_ms" in rates.get("1000", {}):
            transactions = rates["1000"]["ours"]["ms"]["p50"]["median"] / rates["1000"]["transaction_ms"]
            yield at_most(f"{delivery}, 1,000/s: p50 in transaction times", TRANSACTIONS_MAX, transactions)


def peer_targets(results: Mapping[str, Any]) -> Iterator[Target]:
    """Yield how many times faster than other tools with the same model, on one-liners, ours is held to be."""
    paces = {
        name: found.get("throughput", {}).get("sklearn", {}).get("one-liners", {}).get("labels_per_s")
        for name, found in results["contestants"].items()
    }
    ours = paces.get("ours")
    others = {name: pace for name, pace in paces.items() if pace and not name.startswith("ours")}
    if ours and others:
        best = max(others, key=others.__getitem__)
        yield at_least(f"times the best other tool ({results['contestants'][best]['title']})", 15, ours / others[best])
    if ours and others.get("quixstreams"):
        yield at_least("times Quix Streams", 100, ours / others["quixstreams"])


def growth_targets(results: Mapping[str, Any]) -> Iterator[Target]:
    """Yield what memory and start-up are held to."""
    if results.get("backlog"):
        records, row = max(results["backlog"].items(), key=lambda item: int(item[0]))
        yield at_most(f"MB of memory at most, {int(records):,} reviews waiting", RSS_MB_MAX, row["rss_mb_max"])
    for way, seconds in results.get("start-up", {}).items():
        yield at_most(f"{way}: seconds from process start to first label", START_UP_S_MAX, seconds["median"])
