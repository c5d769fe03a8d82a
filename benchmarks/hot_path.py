"""What each step costs a record, in microseconds: `python -m benchmarks.hot_path` writes results/hot_path.json.

Steps are measured in turn, several rounds, and the median round is kept: compare steps of one run, not runs.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from confluent_kafka import Message
from prometheus_client import CollectorRegistry, Histogram

from consumer.kafka.labels import LabelWriter
from consumer.scoring.decoding import decode
from consumer.scoring.outcome import Outcome, Scores
from consumer.scoring.record import Batch, Record, last_records
from consumer.telemetry.batch_histogram import BatchHistogram
from consumer.telemetry.metrics import END_TO_END_BOUNDS_S
from shared.codec import encode_review
from shared.machine import machine_facts
from shared.reviews import Model, Review

PACKAGES = ("confluent-kafka", "numpy", "prometheus-client", "msgspec")
RECORDS = 1000
ROUNDS = 15
RESULT = Path(__file__).parent / "results" / "hot_path.json"
SENTENCE = "The battery of this camera lasts for a long and pleasant day out in the hills. "


def main() -> int:
    """Measure, print a table, write the result."""
    records = [_record(number) for number in range(RECORDS)]
    readable, _ = decode(records, 1_000_000)
    scores = _constant_scores()
    outcome = Outcome(Batch(records), readable, scores, [], datetime.now(UTC))
    labels = LabelWriter()
    ages = np.random.default_rng(7).gamma(2, 0.01, RECORDS)
    batched = BatchHistogram("batched", "one call a batch", END_TO_END_BOUNDS_S)
    single = Histogram("single", "one call a record", buckets=END_TO_END_BOUNDS_S, registry=CollectorRegistry())

    def observe_singly() -> None:
        for age in ages.tolist():
            single.observe(age)

    def metrics_of_a_batch() -> None:
        _ = Batch(records).timestamps_ms
        last_records(records)
        batched.observe_batch(ages)

    steps: dict[str, Callable[[], object]] = {
        "decode": lambda: decode(records, 1_000_000),
        "encode the label": lambda: list(labels.messages(outcome)),
        "metrics, a batch at a time": metrics_of_a_batch,
        "metrics, a record at a time": observe_singly,
    }
    costs = _measure(steps)
    result = {"machine": machine_facts(PACKAGES), "records": RECORDS, "microseconds_a_record": costs}
    for name, cost in costs.items():
        sys.stdout.write(f"{name:<28} {cost:8.3f} µs a record\n")
    RESULT.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    return 0


def _measure(steps: dict[str, Callable[[], object]]) -> dict[str, float]:
    rounds: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(ROUNDS):
        for name, step in steps.items():
            started = time.perf_counter()
            step()
            rounds[name].append((time.perf_counter() - started) / RECORDS * 1e6)
    return {name: round(statistics.median(costs), 3) for name, costs in rounds.items()}


def _record(number: int) -> Record:
    value = encode_review(Review(f"r-{number:06d}", SENTENCE * 2))
    made: Record = Message(  # type: ignore[assignment]  # a polled message has all of these
        topic="reviews", partition=number % 6, offset=number, key=b"k", value=value, timestamp=(1, 1_700_000_000_000)
    )
    return made


def _constant_scores() -> Scores:
    probabilities = np.tile([0.2, 0.8], (RECORDS, 1))
    model = Model("constant", "1", "0" * 64)
    return Scores(model, ("negative", "positive"), ["positive"] * RECORDS, probabilities[:, 1], probabilities)


if __name__ == "__main__":
    sys.exit(main())
