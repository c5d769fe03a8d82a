"""Half an hour at twice the consumer's capacity, then drain: is memory flat, and is everything there in the end?

    python -m tests.chaos.soak --minutes 30

Capacity is bounded by configuration (small transactions), so that twice as much is a moderate amount of data.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import numpy as np

from shared.dev_broker.choice import Purpose, choose_broker
from shared.kafka_client import KafkaSettings
from shared.machine import machine_facts
from tests.support.experiment import Experiment, Setting
from tests.support.invariants import Case
from tests.support.label_census import take_census
from tests.support.memory_samples import resident_mb
from tests.support.reviews import publish, review_values
from tests.support.steady_publisher import SteadyPublisher

MEASURE_S = 20.0
SAMPLE_EVERY_S = 5.0
SHOW_EVERY_S = 60.0
BACKLOG = 60_000
PARTITIONS = 12
# One transaction costs what it costs: this many records in each bound what a consumer can do.
SMALL_BATCH = "5"
OVERLOAD = 2
CORRUPT_EVERY = 100
HELPERS = 3
DRAIN_S_MAX = 3600.0
# A leak shows as a slope; below this, over half an hour, it is noise.
SLOPE_MB_PER_HOUR_MAX = 20.0
RESULT = Path(__file__).parents[2] / "benchmarks" / "results" / "soak.json"


class Soak:
    """One consumer under more than it can take; samples of how it bears it."""

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment
        self._consumer = experiment.start_consumer("soaked", REVIEWS_BATCH_RECORDS_MAX=SMALL_BATCH)
        self._samples: list[tuple[float, float]] = []
        self._started = time.monotonic()

    def capacity_per_second(self) -> float:
        """Return how many reviews a second it labels when there is a backlog."""
        publish(self._experiment.kafka, self._experiment.topics.input_topic, review_values(BACKLOG))
        self._consumer.wait_for("partitions_assigned")
        self._experiment.labelled.wait_for(1000)
        before, started = self._experiment.lag_records(), time.monotonic()
        threading.Event().wait(MEASURE_S)
        after = self._experiment.lag_records()
        return (before - after) / (time.monotonic() - started)

    def bear(self, per_second: float, seconds: float) -> int:
        """Publish at this rate for so long, sampling memory; return how many reviews that were."""
        end = time.monotonic() + seconds
        shown = 0.0
        with overload(self._experiment, per_second) as publisher:
            while time.monotonic() < end and self._consumer.running():
                threading.Event().wait(SAMPLE_EVERY_S)
                self.sample()
                if time.monotonic() - shown >= SHOW_EVERY_S:
                    shown = time.monotonic()
                    self.show(f"{publisher.published:,} published")
            return publisher.stop()

    def drain(self) -> int:
        """Start further members and wait until nothing is waiting; return the lag that is left."""
        helpers = [
            self._experiment.start_consumer(f"helper-{number}", REVIEWS_BATCH_RECORDS_MAX="1000")
            for number in range(HELPERS)
        ]
        for helper in helpers:
            helper.wait_for("started")
        deadline = time.monotonic() + DRAIN_S_MAX
        shown = 0.0
        while (lag_records := self._experiment.lag_records()) and time.monotonic() < deadline:
            if time.monotonic() - shown >= SHOW_EVERY_S:
                shown = time.monotonic()
                self.show(f"draining, {lag_records:,} left")
            threading.Event().wait(SAMPLE_EVERY_S)
            self.sample()
        return lag_records

    def sample(self) -> None:
        """Take one sample of the consumer's memory."""
        resident = resident_mb(self._consumer.process_id)
        if resident is not None:
            self._samples.append((time.monotonic() - self._started, resident))

    def show(self, what: str) -> None:
        """Say how it goes."""
        seconds, resident = self._samples[-1] if self._samples else (0.0, 0.0)
        click.echo(f"{seconds / 60:6.1f} min  {resident:6.1f} MB  lag {self._experiment.lag_records():>9,}  {what}")

    def memory(self) -> dict[str, Any]:
        """Return the samples, and the slope of all but the first quarter, when it was still warming up."""
        return {
            "samples_s_and_mb": [[round(seconds), round(mb, 1)] for seconds, mb in self._samples],
            "peak_mb": round(max((mb for _, mb in self._samples), default=0.0), 1),
            "slope_mb_per_hour": round(slope_per_hour(self._samples[len(self._samples) // 4 :]), 2),
        }


def slope_per_hour(samples: Sequence[tuple[float, float]]) -> float:
    """Return the slope of a straight line through samples (seconds, value), by least squares, an hour."""
    if len(samples) < 2:
        return 0.0
    seconds, values = np.array(samples).T
    return float(np.polyfit(seconds, values, 1)[0]) * 3600


@contextmanager
def overload(experiment: Experiment, per_second: float) -> Iterator[SteadyPublisher]:
    """Publish numbered reviews, one in a hundred of them corrupt."""
    topic = experiment.topics.input_topic
    with SteadyPublisher(experiment.kafka, topic, per_second, values=partly_corrupt) as publisher:
        yield publisher


def partly_corrupt(count: int, first: int) -> list[bytes]:
    """Return the values of numbered reviews, each hundredth cut in its middle."""
    values = review_values(count, first)
    return [
        value[: len(value) // 2] if number % CORRUPT_EVERY == 0 else value for number, value in enumerate(values, first)
    ]


@click.command()
@click.option("--minutes", default=30.0, show_default=True, help="How long it lasts, without the drain.")
@click.option("--delivery", default="exactly-once", show_default=True, help="How labels are delivered.")
@click.option("--model", default="models/default", show_default=True, type=click.Path(path_type=Path))
def main(minutes: float, delivery: str, model: Path) -> None:
    """Soak one consumer, drain, count, and write benchmarks/results/soak.json."""
    given = os.environ.get("REVIEWS_KAFKA_BOOTSTRAP_SERVERS")
    with choose_broker(given, Purpose.TEST) as broker:
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
        setting = Setting(kafka, model, partitions=PARTITIONS)
        with Experiment(Case("soak", delivery, "consumer"), setting) as experiment:
            result = soak(experiment, minutes)
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    told = {name: value for name, value in result.items() if name not in {"machine", "memory"}}
    click.echo(json.dumps(told | {"slope_mb_per_hour": result["memory"]["slope_mb_per_hour"]}, indent=1))
    sys.exit(0 if result["held"] else 1)


def soak(experiment: Experiment, minutes: float) -> dict[str, Any]:
    """Run it all, and return the result."""
    soaked = Soak(experiment)
    capacity = soaked.capacity_per_second()
    click.echo(f"capacity {capacity:,.0f} reviews/s; now {OVERLOAD * capacity:,.0f}/s for {minutes:g} minutes")
    started = time.monotonic()
    published = soaked.bear(OVERLOAD * capacity, minutes * 60)
    bore_s, lag_at_end = time.monotonic() - started, experiment.lag_records()
    lag_left = soaked.drain()
    drained_s = time.monotonic() - started - bore_s
    _, exits = experiment.settle()
    census = take_census(experiment.kafka.bootstrap_servers, experiment.topics)
    memory = soaked.memory()
    return {
        "held": lag_left == 0
        and census.missing == 0
        and (experiment.case.delivery != "exactly-once" or census.duplicates == 0)
        and memory["slope_mb_per_hour"] < SLOPE_MB_PER_HOUR_MAX
        and set(exits) == {0},
        "delivery": experiment.case.delivery,
        "minutes": round(bore_s / 60, 1),
        "capacity_per_s": round(capacity),
        "published_per_s": round(published / bore_s),
        "lag_records": {"after the overload": lag_at_end, "after the drain": lag_left},
        "drained_within_s": round(drained_s),
        "inputs": census.inputs,
        "labels": census.labels,
        "dead_letters": census.dead_letters,
        "missing": census.missing,
        "duplicates": census.duplicates,
        "exit_codes": exits,
        "memory": memory,
        "machine": machine_facts(("confluent-kafka", "numba", "numpy")),
    }


if __name__ == "__main__":
    main()
