"""Where the time of a review goes: what the loop waits for or works at, and which threads use the processor.

python -m benchmarks.stream_profile [--quick]     writes results/stream_profile.json; microseconds a review

Our stream, put together as `run` does it, labels a backlog inside this process. What the rest of the machine used in
the same time is the broker, where nothing else runs.
"""

import sys
import threading
import time
import uuid
from collections import defaultdict
from pathlib import Path
from typing import Any

import click
from prometheus_client import CollectorRegistry

from benchmarks import stream_topics
from benchmarks.process_watch import TICKS_A_SECOND, cpu_seconds
from benchmarks.stream_results import RESULTS, broker_to_measure, machine, write_result
from benchmarks.stream_topics import KINDS, Backlog
from consumer.commands.run_settings import RunSettings
from consumer.commands.stream import assembled_stream
from consumer.kafka.delivery import Delivery
from consumer.kafka.group import ReadTo
from consumer.model.load import load_scorer
from consumer.scoring.ports import Scorer
from consumer.telemetry.loop_seconds import LOOP_STATES
from consumer.telemetry.metrics import ConsumerMetrics
from shared.clock import SystemClock
from shared.kafka_client import KafkaSettings
from shared.logs import configure_logs

RESULT = RESULTS / "stream_profile.json"
RECORDS = {"one-liners": 500_000, "IMDB": 150_000}
QUICK_RECORDS = {"one-liners": 10_000, "IMDB": 3_000}
PARTITIONS = 6
LOOP, KAFKA_CLIENT, OTHER, REST = "loop", "Kafka client", "other threads", "rest of the machine"
# How librdkafka calls its threads.
CLIENT_PREFIX = "rdk:"
# Columns of /proc/stat's first line that are not work: idle and iowait; and those counted in others: guest.
IDLE_COLUMNS, GUEST_COLUMNS = slice(3, 5), 8


def profile(kafka: KafkaSettings, backlog: Backlog, delivery: Delivery, scorer: Scorer) -> dict[str, Any]:
    """Label a backlog and return microseconds a review: of the loop by state, of the processor by thread."""
    settings = RunSettings(group=f"bench-{uuid.uuid4().hex[:10]}", delivery=delivery.value)
    registry = CollectorRegistry()
    metrics = ConsumerMetrics(registry, SystemClock())
    with (
        stream_topics.topics_for(kafka, backlog) as topics,
        assembled_stream(kafka, topics, settings, ReadTo.END, scorer, metrics) as stream,
    ):
        before, machine_before_s, started_at_s = cpu_by_thread(), machine_cpu_s(), time.monotonic()
        stream.run(lambda: False)
        wall_s = time.monotonic() - started_at_s
        machine_s = machine_cpu_s() - machine_before_s
        spent = {thread: seconds - before.get(thread, 0.0) for thread, seconds in cpu_by_thread().items()}
    spent[REST] = max(0.0, machine_s - sum(spent.values()))
    states = {state: registry.get_sample_value("reviews_loop_seconds_total", {"state": state}) for state in LOOP_STATES}

    def a_review(seconds: float | None) -> float:
        return round((seconds or 0.0) / backlog.records * 1e6, 3)

    return {
        "wall_us": a_review(wall_s),
        "loop_us": {state: a_review(seconds) for state, seconds in states.items()},
        "cpu_us": {thread: a_review(seconds) for thread, seconds in sorted(spent.items())},
    }


def cpu_by_thread() -> dict[str, float]:
    """Return the processor seconds of this process so far, by what its threads do."""
    ours = {thread.native_id: thread.name.partition("_")[0] for thread in threading.enumerate()}
    ours[threading.main_thread().native_id] = LOOP
    found: dict[str, float] = defaultdict(float)
    for task in Path("/proc/self/task").iterdir():
        try:
            name, seconds = task.joinpath("comm").read_text(), cpu_seconds(task.joinpath("stat").read_text())
        except OSError:
            # It ended since it was listed.
            continue
        by_name = KAFKA_CLIENT if name.startswith(CLIENT_PREFIX) else OTHER
        found[ours.get(int(task.name), by_name)] += seconds
    return found


def machine_cpu_s() -> float:
    """Return the processor seconds that everything on this machine has used so far."""
    ticks = [int(text) for text in Path("/proc/stat").read_text().splitlines()[0].split()[1:]][:GUEST_COLUMNS]
    return float(sum(ticks) - sum(ticks[IDLE_COLUMNS])) / TICKS_A_SECOND


def show(name: str, found: dict[str, Any]) -> None:
    """Print one profile."""
    states = "  ".join(f"{state} {spent:.2f}" for state, spent in found["loop_us"].items())
    threads = "  ".join(f"{thread} {spent:.2f}" for thread, spent in found["cpu_us"].items())
    print(f"{name}: {found['wall_us']:.2f} µs a review\n  loop: {states}\n  processor: {threads}")


@click.command()
@click.option("--quick", is_flag=True, help="A few thousand records: does it work?")
@click.option("--output", type=click.Path(path_type=Path), default=RESULT, help="Where the result goes.")
def main(*, quick: bool, output: Path) -> None:
    """Profile both deliveries on both kinds of text, print, write the result."""
    configure_logs("WARNING")
    facts = machine()
    scorer = load_scorer(RunSettings().model).scorer
    records = QUICK_RECORDS if quick else RECORDS
    found: dict[str, dict[str, Any]] = {}
    with broker_to_measure() as kafka:
        for kind in KINDS:
            backlog = stream_topics.fill(kafka, kind, records[kind], PARTITIONS)
            for delivery in Delivery:
                print(f"profile: {kind}, {delivery}", file=sys.stderr)
                found.setdefault(kind, {})[delivery.value] = profile(kafka, backlog, delivery, scorer)
                show(f"{kind}, {delivery}", found[kind][delivery.value])
            stream_topics.remove(kafka, backlog)
    settings = {"partitions": PARTITIONS, "records": records}
    document = {"machine": facts, "settings": settings, "kinds": found}
    write_result(output, document)


if __name__ == "__main__":
    main()
