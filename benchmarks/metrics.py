"""What metrics cost: the observer alone, the loop with and without it, and the same under hostile scrapers.

python -m benchmarks.metrics [--quick]     writes results/metrics.json

The loop runs in memory: ready records, the default model, labels written and dropped. Ways take turns, round by round.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import click
import numpy as np
from prometheus_client import CollectorRegistry

from benchmarks.loop_in_memory import DeafObserver, outcome_of, ready_records, run_loop
from benchmarks.rounds import ratios, spread
from benchmarks.stream_results import RESULTS, write_result
from consumer.commands.run_settings import RunSettings
from consumer.kafka import labels
from consumer.model.load import load_scorer
from consumer.scoring.oldest import oldest_record
from consumer.scoring.ports import BatchTimes, Scorer
from consumer.scoring.record import Record, last_records
from consumer.telemetry.metrics import ConsumerMetrics
from shared.clock import SystemClock
from shared.logs import configure_logs
from shared.machine import machine_facts
from shared.probes import ProbeServer

RESULT = RESULTS / "metrics.json"
PACKAGES = ("msgspec", "numpy", "prometheus-client")
BATCH_SIZES = (1, 100, 4096)
NOTHING, METRICS, SCRAPED = "an observer that does nothing", "metrics", "metrics, hostile scrapers"
BATCH_RECORDS = 1000
LOOP_RECORDS, QUICK_LOOP_RECORDS = 200_000, 2_000
ROUNDS, QUICK_ROUNDS = 7, 2
# So many records are told of in one turn, whatever the size of their batches.
TOLD_RECORDS, QUICK_TOLD_RECORDS = 81_920, 4096
END_S_MAX = 60.0

Rounds: TypeAlias = Mapping[str, list[float]]


def observer_costs(records: Sequence[Record], scorer: Scorer, rounds: int, told: int) -> dict[str, float]:
    """Return the microseconds of processor time a record that the observer takes, by the size of batches: medians."""
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
    return {size: float(f"{statistics.median(costs):.3g}") for size, costs in spent.items()}


def _teller(metrics: ConsumerMetrics, records: Sequence[Record], scorer: Scorer) -> Callable[[], None]:
    outcome = outcome_of(records, scorer)
    last, times = last_records(records), BatchTimes(np.full(len(records), 0.01), 0.1, 0.1, 0.1, 0.1, 0.1)

    def tell() -> None:
        metrics.scored(outcome, times)
        metrics.acknowledged(outcome.timestamps_ms, last, 0.1, oldest_record(outcome))

    return tell


def loop_rounds(records: Sequence[Record], scorer: Scorer, rounds: int) -> tuple[Rounds, list[float]]:
    """Return the records a second of each way in each round, and the pages a second that the scrapers got."""
    clock = SystemClock()
    rates: dict[str, list[float]] = {NOTHING: [], METRICS: [], SCRAPED: []}
    pages: list[float] = []
    run_loop(records, BATCH_RECORDS, scorer, DeafObserver(), clock)
    for _ in range(rounds):
        for way, found in rates.items():
            registry = CollectorRegistry()
            metrics = ConsumerMetrics(registry, clock)
            observer = DeafObserver() if way == NOTHING else metrics
            with hostile_scrapers(registry if way == SCRAPED else None, pages):
                started = time.perf_counter()
                run_loop(records, BATCH_RECORDS, scorer, observer, clock)
                found.append(len(records) / (time.perf_counter() - started))
    return rates, pages


@contextmanager
def hostile_scrapers(registry: CollectorRegistry | None, pages: list[float]) -> Iterator[None]:
    """Serve a registry to hostile scrapers in a process of their own, and note the pages a second that they got."""
    if registry is None:
        yield
        return
    with ProbeServer(registry, "127.0.0.1", 0, {}) as server:
        command = [sys.executable, "-m", "benchmarks.hostile_scrapers", str(server.port)]
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


def document(machine: Mapping[str, Any], costs: Mapping[str, float], rates: Rounds, pages: list[float]) -> Any:
    """Return the result."""
    return {
        "machine": machine,
        "settings": {"batch_records": BATCH_RECORDS, "rounds": len(rates[METRICS])},
        "observer_us_a_record": costs,
        "records_a_second": {way: spread(found) for way, found in rates.items()},
        "ratio_to_nothing": {way: spread(ratios(found, rates[NOTHING])) for way, found in rates.items()},
        "ratio_to_unscraped": spread(ratios(rates[SCRAPED], rates[METRICS])),
        "pages_a_second": spread(pages),
    }


@click.command()
@click.option("--quick", is_flag=True, help="A few thousand records: does it work?")
@click.option("--output", type=click.Path(path_type=Path), default=RESULT, help="Where the result goes.")
def main(*, quick: bool, output: Path) -> None:
    """Measure, print, write the result."""
    configure_logs("WARNING")
    machine = machine_facts(PACKAGES)
    labels.warm_up()
    scorer = load_scorer(RunSettings().model).scorer
    rounds = QUICK_ROUNDS if quick else ROUNDS
    records = ready_records(QUICK_LOOP_RECORDS if quick else LOOP_RECORDS, SystemClock())
    told = QUICK_TOLD_RECORDS if quick else TOLD_RECORDS
    costs = observer_costs(ready_records(max(BATCH_SIZES), SystemClock()), scorer, rounds, told)
    for size, cost in costs.items():
        print(f"batches of {size:>5}: {cost:8.3f} µs a record")
    rates, pages = loop_rounds(records, scorer, rounds)
    found = document(machine, costs, rates, pages)
    for way, rate in found["records_a_second"].items():
        print(f"{way:<32} {rate.median:10,.0f} reviews/s  {found['ratio_to_nothing'][way].median:.3f}")
    print(f"{found['pages_a_second'].median:.0f} pages a second")
    write_result(output, found)


if __name__ == "__main__":
    main()
