"""What metrics cost: the observer alone, the loop with and without it, and the same under hostile scrapers.

python -m benchmarks.metrics [--quick]     writes results/metrics.json

The loop runs in memory: ready records, the default model, labels written and dropped. Ways take turns, round by round.
"""

import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import numpy as np
from prometheus_client import CollectorRegistry

from benchmarks.loop_in_memory import outcome_of, ready_records, run_loop
from benchmarks.rounds import ratios, spread
from benchmarks.stream_results import RESULTS, write_result
from consumer.commands.run_settings import RunSettings
from consumer.commands.stream import COLLECT_AFTER
from consumer.kafka import labels
from consumer.model.load import load_scorer
from consumer.scoring.oldest import oldest_record
from consumer.scoring.ports import BatchTimes, Scorer
from consumer.scoring.record import Record, last_records
from consumer.scoring.silent_observer import SilentObserver
from consumer.telemetry.metrics import ConsumerMetrics
from shared.clock import SystemClock
from shared.logs import configure_logs
from shared.machine import machine_facts
from shared.probes import ProbeServer

RESULT = RESULTS / "metrics.json"
PACKAGES = ("msgspec", "numpy", "prometheus-client")
BATCH_SIZES = (1, 100, 4096)
NOTHING, METRICS, SCRAPED = "an observer that does nothing", "metrics", "metrics, hostile scrapers"
# What the scrapers themselves take of the machine, whoever they are at.
ELSEWHERE = "metrics, hostile scrapers at another process"
WAYS = NOTHING, METRICS, ELSEWHERE, SCRAPED
BATCH_RECORDS = 1000
LOOP_RECORDS, QUICK_LOOP_RECORDS = 100_000, 2_000
ROUNDS, QUICK_ROUNDS = 11, 1
# So many records are told of in one turn, whatever the size of their batches.
TOLD_RECORDS, QUICK_TOLD_RECORDS = 81_920, 4096
END_S_MAX = 60.0


def observer_costs(records: Sequence[Record], scorer: Scorer, rounds: int, told: int) -> dict[str, float]:
    """Return the microseconds of processor time a record of the observer, by the size of batches: fastest rounds."""
    metrics = ConsumerMetrics(CollectorRegistry(), SystemClock())
    tellers = {str(size): _teller(metrics, records[:size], scorer) for size in BATCH_SIZES}
    spent: dict[str, list[float]] = {size: [] for size in tellers}
    for _ in range(rounds):
        for size, tell in tellers.items():
            times = max(1, told // int(size) // (1 if int(size) > 1 else 20))
            started = time.thread_time()
            for _ in range(times):
                tell()
            spent[size].append((time.thread_time() - started) / times / int(size) * 1e6)
    return {size: float(f"{min(costs):.3g}") for size, costs in spent.items()}


def _teller(metrics: ConsumerMetrics, records: Sequence[Record], scorer: Scorer) -> Callable[[], None]:
    outcome = outcome_of(records, scorer)
    last, times = last_records(records), BatchTimes(np.full(len(records), 0.01), 0.1, 0.1, 0.1, 0.1)

    def tell() -> None:
        metrics.scored(outcome, times)
        metrics.acknowledged(outcome.batch.timestamps_ms, last, 0.1, oldest_record(outcome))

    return tell


@dataclass(slots=True)
class LoopRounds:
    """What was found of each way, round by round: records a second, and microseconds of the loop's thread a record.

    `pages` are those that the scrapers got a second.
    """

    rates: dict[str, list[float]] = field(default_factory=lambda: {way: [] for way in WAYS})
    loop_us: dict[str, list[float]] = field(default_factory=lambda: {way: [] for way in WAYS})
    pages: list[float] = field(default_factory=list)


def loop_rounds(records: Sequence[Record], scorer: Scorer, rounds: int) -> LoopRounds:
    """Return what the loop does in each way, in turn."""
    clock, found = SystemClock(), LoopRounds()
    run_loop(records, BATCH_RECORDS, scorer, SilentObserver(), clock)
    for _ in range(rounds):
        for way in WAYS:
            registry = CollectorRegistry()
            metrics = ConsumerMetrics(registry, clock)
            observer = SilentObserver() if way == NOTHING else metrics
            with ExitStack() as around:
                if way == SCRAPED:
                    server = around.enter_context(ProbeServer(registry, "127.0.0.1", 0, {}))
                    around.enter_context(hostile_scrapers(server.port, found.pages))
                elif way == ELSEWHERE:
                    around.enter_context(hostile_scrapers(around.enter_context(another_server()), []))
                started, worked = time.perf_counter(), time.thread_time()
                run_loop(records, BATCH_RECORDS, scorer, observer, clock)
                found.rates[way].append(len(records) / (time.perf_counter() - started))
                found.loop_us[way].append((time.thread_time() - worked) / len(records) * 1e6)
    return found


@contextmanager
def another_server() -> Iterator[int]:
    """Serve metrics in a process of their own; give its port."""
    command = [sys.executable, "-m", "benchmarks.scraped_server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        if server.stdout is None:
            raise RuntimeError("the other server did not begin")
        try:
            yield int(server.stdout.readline())
        finally:
            server.communicate("", END_S_MAX)


@contextmanager
def hostile_scrapers(port: int, pages: list[float]) -> Iterator[None]:
    """Have hostile scrapers at a port, from a process of their own, and note the pages a second that they got."""
    command = [sys.executable, "-m", "benchmarks.hostile_scrapers", str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as scrapers:
        if scrapers.stdout is None or scrapers.stdout.readline() != "ready\n":
            raise RuntimeError("the hostile scrapers did not begin")
        started = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - started
            got, _ = scrapers.communicate("", END_S_MAX)
    pages.append(int(got) / seconds)


def document(machine: Mapping[str, Any], costs: Mapping[str, float], found: LoopRounds) -> dict[str, Any]:
    """Return the result."""
    rates = found.rates
    return {
        "machine": machine,
        "settings": {"batch_records": BATCH_RECORDS, "rounds": len(rates[METRICS])},
        "observer_us_a_record": costs,
        "records_a_second": {way: spread(rounds) for way, rounds in rates.items()},
        "loop_us_a_record": {way: spread(rounds) for way, rounds in found.loop_us.items()},
        "ratio_to_nothing": {way: spread(ratios(rounds, rates[NOTHING])) for way, rounds in rates.items()},
        "ratio_to_scrapers_elsewhere": spread(ratios(rates[SCRAPED], rates[ELSEWHERE])),
        "pages_a_second": spread(found.pages),
    }


@click.command()
@click.option("--quick", is_flag=True, help="A few thousand records: does it work?")
@click.option("--output", type=click.Path(path_type=Path), default=RESULT, help="Where the result goes.")
def main(*, quick: bool, output: Path) -> None:
    """Measure, print, write the result."""
    configure_logs("WARNING")
    machine = machine_facts(PACKAGES)
    labels.warm_up()
    scorer = load_scorer(Path(os.environ.get("REVIEWS_MODEL", RunSettings().model))).scorer
    rounds = QUICK_ROUNDS if quick else ROUNDS
    records = ready_records(QUICK_LOOP_RECORDS if quick else LOOP_RECORDS, SystemClock())
    told = QUICK_TOLD_RECORDS if quick else TOLD_RECORDS
    costs = observer_costs(ready_records(max(BATCH_SIZES), SystemClock()), scorer, rounds, told)
    for size, cost in costs.items():
        print(f"batches of {size:>5}: {cost:8.3f} µs a record")
    # As `run` does.
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    found = document(machine, costs, loop_rounds(records, scorer, rounds))
    for way, rate in found["records_a_second"].items():
        ratio, loop_us = found["ratio_to_nothing"][way].median, found["loop_us_a_record"][way].median
        print(f"{way:<32} {rate.median:10,.0f} reviews/s  {ratio:.3f}  {loop_us:.2f} µs of the loop's thread")
    print(f"{found['pages_a_second'].median:.0f} pages a second")
    write_result(output, found)


if __name__ == "__main__":
    main()
