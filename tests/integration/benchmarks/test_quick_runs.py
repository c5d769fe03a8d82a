import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from confluent_kafka import Producer

from benchmarks.stream_generator import events, send
from benchmarks.stream_ways import CONSTANT, PIPELINED
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings

pytestmark = pytest.mark.kafka

ROOT = Path(__file__).parents[3]


def measured(kafka: KafkaSettings, output: Path, module: str, *options: str, model: Path) -> dict[str, Any]:
    settings = {"REVIEWS_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "REVIEWS_MODEL": str(model)}
    command = [sys.executable, "-m", f"benchmarks.{module}", "--quick", "--output", str(output), *options]
    run = subprocess.run(
        command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True, check=False, timeout=280
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = msgspec.json.decode(output.read_bytes())
    return found


def test_ways_of_one_backlog_are_compared(kafka: KafkaSettings, tmp_path: Path, small_model: Path) -> None:
    options = ("--kind", "one-liners", "--way", PIPELINED, "--way", CONSTANT)

    found = measured(kafka, tmp_path / "result.json", "stream_throughput", *options, model=small_model)

    one_liners = found["kinds"]["one-liners"]
    assert one_liners["reference"] == PIPELINED
    assert all(row["records_a_second"]["median"] > 0 for row in one_liners["ways"].values())
    assert one_liners["ratio_to_reference"][PIPELINED]["median"] == 1


@pytest.mark.slow
def test_latency_is_compared_with_an_echo(kafka: KafkaSettings, tmp_path: Path, small_model: Path) -> None:
    options = ("--delivery", "at-least-once")

    found = measured(kafka, tmp_path / "result.json", "stream_latency", *options, model=small_model)

    for row in found["deliveries"]["at-least-once"].values():
        for name in ("echo", "ours"):
            assert 0 < row[name]["ms"]["p50"]["median"] <= row[name]["ms"]["p99"]["median"]


def test_the_loop_goes_on_while_hostile_scrapers_get_their_pages(
    kafka: KafkaSettings, tmp_path: Path, small_model: Path
) -> None:
    found = measured(kafka, tmp_path / "result.json", "metrics", model=small_model)

    assert all(cost > 0 for cost in found["observer_us_a_record"].values())
    assert all(rate["low"] > 0 for rate in found["records_a_second"].values())
    assert found["pages_a_second"]["low"] > 0


def test_generator_keeps_its_schedule(kafka: KafkaSettings, topics: TopicSettings) -> None:
    producer = Producer(kafka.producer_config())

    started_at_s, left_at_s = send(producer, topics.input_topic, events(50), rate=200)

    assert producer.flush(30) == 0
    due_s = [started_at_s + number / 200 for number in range(50)]
    assert all(left >= due for left, due in zip(left_at_s, due_s, strict=True)), "none leaves before it is due"
    assert left_at_s[-1] - left_at_s[0] < 30, "it is not slowed down by what it waits for"
