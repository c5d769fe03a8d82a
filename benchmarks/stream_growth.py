"""What grows with what: throughput with processes, memory with the backlog; and how soon the first label comes.

python -m benchmarks.stream_growth [--quick] [--part scaling|backlog|start-up]

Writes results/stream_growth.json. The largest backlog takes about 3 GB of the broker's disk, and is removed.
"""

import sys
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks import stream_topics, stream_ways
from benchmarks.process_watch import WatchedProcess
from benchmarks.rounds import ratios, spread
from benchmarks.stream_results import RESULTS, broker_to_measure, machine, write_result
from benchmarks.stream_topics import Backlog
from shared.errors import FatalError
from shared.kafka_client import KafkaSettings

RESULT = RESULTS / "stream_growth.json"
KIND = "one-liners"
PROCESSES = (1, 2, 4)
# Between these shares of the labels all members are at work: before, some still start; after, some are done.
STEADY_SHARES = (0.3, 0.8)
RSS_POINTS = 120
WAY_S_MAX = 1800.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured, and how often."""

    scaling_records: int
    backlogs: tuple[int, ...]
    rounds: int


FULL = Sizes(1_000_000, (1_000_000, 5_000_000, 10_000_000), 2)
QUICK = Sizes(20_000, (5_000, 10_000), 1)


def steady_rate(times_s: NDArray[np.float64]) -> float:
    """Return labels a second between the two STEADY_SHARES of ascending time stamps."""
    first, last = (int(len(times_s) * share) for share in STEADY_SHARES)
    return float((last - first) / max(0.001, times_s[last] - times_s[first]))


def label(kafka: KafkaSettings, backlog: Backlog, processes: int) -> tuple[NDArray[np.float64], list[WatchedProcess]]:
    """Label a backlog by one group of so many processes; return the labels' time stamps, and the processes, ended."""
    with stream_topics.topics_for(kafka, backlog) as topics, ExitStack() as stack:
        environment = stream_ways.environment(kafka, topics, f"bench-{uuid.uuid4().hex[:10]}")
        command = stream_ways.command(stream_ways.AT_LEAST_ONCE, backlog.records)
        running = [stack.enter_context(WatchedProcess(command, environment)) for _ in range(processes)]
        for process in running:
            process.wait(WAY_S_MAX)
        times_s = stream_topics.append_times_s(kafka, topics.output_topic)
    if len(times_s) < backlog.records:
        raise FatalError(f"{len(times_s)} of {backlog.records} records were labelled")
    return times_s, running


def scaling(kafka: KafkaSettings, sizes: Sizes) -> dict[str, Any]:
    """Return throughput by the number of partitions, each with a process of its own."""
    backlogs = {count: stream_topics.fill(kafka, KIND, sizes.scaling_records, count) for count in PROCESSES}
    rates: dict[int, list[float]] = {count: [] for count in PROCESSES}
    for number in range(sizes.rounds):
        for count, backlog in backlogs.items():
            print(f"scaling, round {number + 1} of {sizes.rounds}: {count} processes", file=sys.stderr)
            times_s, _ = label(kafka, backlog, count)
            rates[count].append(steady_rate(times_s))
    for backlog in backlogs.values():
        stream_topics.remove(kafka, backlog)
    return {
        str(count): {
            "records_a_second": asdict(spread(found)),
            "ratio_to_one": asdict(spread(ratios(found, rates[PROCESSES[0]]))),
        }
        for count, found in rates.items()
    }


def backlogs(kafka: KafkaSettings, sizes: Sizes) -> dict[str, Any]:
    """Return throughput, processor time and memory of one process by how much waits for it."""
    waiting = stream_topics.new_input(kafka, 6)
    found: dict[str, Any] = {}
    for records in sizes.backlogs:
        print(f"backlog: filling up to {records:,}", file=sys.stderr)
        waiting = stream_topics.fill_up(kafka, waiting, KIND, records)
        print(f"backlog: {records:,} wait", file=sys.stderr)
        times_s, (process,) = label(kafka, waiting, 1)
        seconds = float(times_s[-1] - times_s[0])
        found[str(records)] = {
            "records_a_second": round(records / max(0.001, seconds)),
            "cpu_s_a_million": round(process.usage.cpu_between_s(times_s[0], times_s[-1]) / records * 1e6, 2),
            "rss_mb_max": round(process.usage.rss_mb_max(), 1),
            "seconds_and_rss_mb": process.usage.rss_over_time(RSS_POINTS).round(2).tolist(),
        }
    stream_topics.remove(kafka, waiting)
    return found


def start_up(kafka: KafkaSettings, sizes: Sizes) -> dict[str, Any]:
    """Return the seconds from a process's start to its first label on the topic."""
    backlog = stream_topics.fill(kafka, KIND, 1, 6)
    found: dict[str, list[float]] = {way: [] for way in stream_ways.OUR_DELIVERIES}
    for number in range(sizes.rounds * 2):
        for way, seconds in found.items():
            print(f"start-up, round {number + 1} of {sizes.rounds * 2}: {way}", file=sys.stderr)
            with stream_topics.topics_for(kafka, backlog) as topics:
                environment = stream_ways.environment(kafka, topics, f"bench-{uuid.uuid4().hex[:10]}")
                with WatchedProcess(stream_ways.command(way, 1), environment) as process:
                    process.wait(WAY_S_MAX)
                times_s = stream_topics.append_times_s(kafka, topics.output_topic)
            seconds.append(float(times_s[0]) - process.started_at_s)
    stream_topics.remove(kafka, backlog)
    return {way: asdict(spread(seconds)) for way, seconds in found.items()}


PARTS = {"scaling": scaling, "backlog": backlogs, "start-up": start_up}


def show(found: dict[str, Any]) -> None:
    """Print what was found."""
    for count, row in found.get("scaling", {}).items():
        rate, ratio = row["records_a_second"]["median"], row["ratio_to_one"]["median"]
        print(f"{count} processes on {count} partitions: {rate:,.0f} records/s, {ratio:.2f} times one")
    for records, row in found.get("backlog", {}).items():
        print(
            f"{int(records):,} waiting: {row['records_a_second']:,} records/s, "
            f"{row['cpu_s_a_million']:.1f} CPU s a million, at most {row['rss_mb_max']:.0f} MB"
        )
    for way, seconds in found.get("start-up", {}).items():
        print(f"{way}: first label {seconds['median']:.2f} s after the start (at most {seconds['high']:.2f} s)")


@click.command()
@click.option("--quick", is_flag=True, help="A few thousand records, one round: does it work?")
@click.option("--part", "parts", multiple=True, type=click.Choice(list(PARTS)), default=list(PARTS))
@click.option("--output", type=click.Path(path_type=Path), default=RESULT, help="Where the result goes.")
def main(*, quick: bool, parts: Sequence[str], output: Path) -> None:
    """Measure, print, write the result."""
    sizes = QUICK if quick else FULL
    facts = machine()
    with broker_to_measure() as kafka:
        found = {part: PARTS[part](kafka, sizes) for part in parts}
    show(found)
    document = {"machine": facts, "settings": asdict(sizes), **found}
    write_result(output, document)


if __name__ == "__main__":
    main()
