"""How many reviews a second one consumer labels from a backlog, beside what the same clients do without scoring.

python -m benchmarks.stream_throughput [--quick] [--rounds N] [--way WAY] [--kind KIND] [--keep]

The broker is the one in REVIEWS_KAFKA_BOOTSTRAP_SERVERS, else one is started. Ways take turns, round by round, each as
a process of its own with a group of its own; ratios are taken within a round. Writes results/stream_throughput.json.
"""

import sys
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click
import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks import stream_alone, stream_topics, stream_ways
from benchmarks.process_watch import WatchedProcess
from benchmarks.rounds import ratios, spread
from benchmarks.stream_results import RESULTS, broker_to_measure, machine, write_result
from benchmarks.stream_topics import KINDS, Backlog
from shared.errors import FatalError
from shared.kafka_client import KafkaSettings

RESULT = RESULTS / "stream_throughput.json"
RECORDS = {"one-liners": 500_000, "IMDB": 150_000}
QUICK_RECORDS = {"one-liners": 10_000, "IMDB": 3_000}
PARTITIONS = 6
ROUNDS = 5
WAYS = (
    stream_ways.CONSUME_ONLY,
    stream_ways.FLUSHED,
    stream_ways.PIPELINED,
    stream_ways.DISTINCT,
    stream_ways.CONSTANT,
    stream_ways.AT_LEAST_ONCE,
    stream_ways.TRANSACTED,
    stream_ways.EXACTLY_ONCE,
    stream_alone.SCORE,
    stream_alone.DECODE_AND_ENCODE,
)
WITHOUT_KAFKA = (stream_alone.SCORE, stream_alone.DECODE_AND_ENCODE)
# The first of a topic are not timed: the first fetches, and the first batch from its reading to its storing.
HEAD_SHARE = 0.05
WAY_S_MAX = 600.0


@dataclass(frozen=True, slots=True)
class Span:
    """So many records passed between two moments, seconds since 1970."""

    records: int
    started_at_s: float
    ended_at_s: float


@dataclass(slots=True)
class Measured:
    """One way's figures, a value a round."""

    records_a_second: list[float] = field(default_factory=list)
    cpu_s_a_million: list[float] = field(default_factory=list)
    rss_mb_max: list[float] = field(default_factory=list)


def span_without_head(times_s: NDArray[np.float64]) -> Span:
    """Return what passed after the head of ascending time stamps, one a record."""
    started_at_s = times_s[int(len(times_s) * HEAD_SHARE)]
    head = int(np.searchsorted(times_s, started_at_s, side="right"))
    return Span(len(times_s) - head, float(started_at_s), float(times_s[-1]))


def measure(kafka: KafkaSettings, backlog: Backlog, way: str, figures: Measured) -> None:
    """Run one way over the whole backlog and add its figures."""
    with stream_topics.topics_for(kafka, backlog) as topics:
        environment = stream_ways.environment(kafka, topics, f"bench-{uuid.uuid4().hex[:10]}")
        with WatchedProcess(stream_ways.command(way, backlog.records), environment) as process:
            output = process.wait(WAY_S_MAX)
        if way == stream_ways.CONSUME_ONLY:
            seen = msgspec.json.decode(output)
            times_s = np.repeat(seen["at_s"], np.diff(seen["read"], prepend=0))
        else:
            times_s = stream_topics.append_times_s(kafka, topics.output_topic)
    if len(times_s) != backlog.records:
        raise FatalError(f"{way}: {len(times_s)} of {backlog.records} records came through")
    span = span_without_head(times_s)
    cpu_s = process.usage.cpu_between_s(span.started_at_s, span.ended_at_s)
    figures.records_a_second.append(span.records / max(0.001, span.ended_at_s - span.started_at_s))
    figures.cpu_s_a_million.append(cpu_s / span.records * 1e6)
    figures.rss_mb_max.append(process.usage.rss_mb_max())


def measure_alone(kind: str, step: str, figures: Measured) -> None:
    """Run one step without Kafka on one core and add its figures."""
    with WatchedProcess([sys.executable, "-m", "benchmarks.stream_alone", step, kind], {}) as process:
        seen = msgspec.json.decode(process.wait(WAY_S_MAX))
    figures.records_a_second.append(seen["records"] / seen["seconds"])
    figures.cpu_s_a_million.append(seen["seconds"] / seen["records"] * 1e6)
    figures.rss_mb_max.append(process.usage.rss_mb_max())


def summary(figures: dict[str, Measured]) -> dict[str, Any]:
    """Return each way's median and range, and its ratio to the better pass-through."""
    ways = {
        way: {
            "records_a_second": asdict(spread(measured.records_a_second)),
            "cpu_s_a_million": asdict(spread(measured.cpu_s_a_million)),
            "rss_mb_max": asdict(spread(measured.rss_mb_max)),
            "rounds": [round(rate) for rate in measured.records_a_second],
        }
        for way, measured in figures.items()
    }
    references = [way for way in stream_ways.REFERENCES if way in figures]
    if not references:
        return {"ways": ways}
    reference = max(references, key=lambda way: spread(figures[way].records_a_second).median)
    base = figures[reference].records_a_second
    to_reference = {way: asdict(spread(ratios(found.records_a_second, base))) for way, found in figures.items()}
    return {"ways": ways, "reference": reference, "ratio_to_reference": to_reference}


def show(kind: str, found: dict[str, Any]) -> None:
    """Print one table."""
    print(f"\n{kind:<28} {'records/s (median, range)':>32}  {'ratio':>18}  {'CPU s/million':>13}  {'RSS MB':>6}")
    for way, row in found["ways"].items():
        rate, ratio = row["records_a_second"], found.get("ratio_to_reference", {}).get(way)
        shown = f"{ratio['median']:.2f} ({ratio['low']:.2f}-{ratio['high']:.2f})" if ratio else ""
        print(
            f"{way:<28} {rate['median']:>12,.0f} ({rate['low']:,.0f}-{rate['high']:,.0f})".ljust(62)
            + f"  {shown:>18}  {row['cpu_s_a_million']['median']:>13.1f}  {row['rss_mb_max']['median']:>6.0f}"
        )


@click.command()
@click.option("--quick", is_flag=True, help="A few thousand records, one round: does it work?")
@click.option("--rounds", type=click.IntRange(min=1), default=ROUNDS, show_default=True)
@click.option("--way", "ways", multiple=True, type=click.Choice(WAYS), default=WAYS, help="Measure these only.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(list(KINDS)), default=list(KINDS))
@click.option("--keep", is_flag=True, help="Leave the filled topics on the broker for the next run.")
@click.option("--output", type=click.Path(path_type=Path), default=RESULT, help="Where the result goes.")
def main(*, quick: bool, rounds: int, ways: Sequence[str], kinds: Sequence[str], keep: bool, output: Path) -> None:  # noqa: PLR0913 - one argument an option
    """Measure, print tables, write the result."""
    records = QUICK_RECORDS if quick else RECORDS
    rounds = 1 if quick else rounds
    facts = machine()
    found: dict[str, Any] = {}
    with broker_to_measure() as kafka:
        for kind in kinds:
            backlog = stream_topics.fill(kafka, kind, records[kind], PARTITIONS)
            figures = {way: Measured() for way in ways}
            for number in range(rounds):
                # Back and forth: none is always first, or always after the same other one.
                for way in ways if number % 2 == 0 else reversed(ways):
                    print(f"{kind}, round {number + 1} of {rounds}: {way}", file=sys.stderr)
                    if way in WITHOUT_KAFKA:
                        measure_alone(kind, way, figures[way])
                    else:
                        measure(kafka, backlog, way, figures[way])
            found[kind] = {"records": backlog.records, **summary(figures)}
            show(kind, found[kind])
            if not keep:
                stream_topics.remove(kafka, backlog)
    settings = {"partitions": PARTITIONS, "rounds": rounds, "head_share_not_timed": HEAD_SHARE}
    document = {"machine": facts, "settings": settings, "kinds": found}
    write_result(output, document)


if __name__ == "__main__":
    main()
