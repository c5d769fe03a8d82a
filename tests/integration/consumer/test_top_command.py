"""`review-consumer top` and `lag` beside a consumer that runs, held against its own page and each other."""

import json
from pathlib import Path
from typing import Any

import pytest

from consumer.__main__ import group
from shared.command_line import run_command_line
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.metrics_page import read_metrics
from tests.support.processes import Program, settings_in_environment
from tests.support.steady_publisher import SteadyPublisher
from tests.support.stream_under_test import Deadline

pytestmark = pytest.mark.kafka

PER_SECOND = 200


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = run_command_line(group, list(arguments))
    output, errors = capsys.readouterr()
    assert output, errors
    return code, json.loads(output)


def test_top_tells_what_the_page_says_and_lag_what_the_broker_says(
    kafka: KafkaSettings, topics: TopicSettings, small_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = settings_in_environment(kafka, topics) | {
        "REVIEWS_MODEL": str(small_model),
        "REVIEWS_GROUP": topics.input_topic,
    }
    lag = ["lag", "--json", "--input-topic", topics.input_topic, "--group", topics.input_topic]
    lag += ["--bootstrap-servers", kafka.bootstrap_servers]
    with Program("consumer", ["run"], environment) as consumer:
        port = consumer.wait_for("started")["metrics_port"]
        consumer.wait_for("partitions_assigned")
        with SteadyPublisher(kafka, topics.input_topic, PER_SECOND):
            busy_view_is_right(port, capsys)
            code, held = printed(capsys, *lag)
            assert (code, held["state"], held["members"]) == (0, "stable", 1)
            assert [one["client"] for one in held["partitions"]] == ["reviewstream"] * 3
        code, found = printed(capsys, *lag, "--watch", "--max-records", "0", "--every", "0.2")
        assert (code, found["records"], found["seconds"]) == (0, 0, 0)
        _, view = printed(capsys, "top", f"127.0.0.1:{port}", "--json", "--every", "0")
        assert (view["lag"]["records"], view["interval_seconds"]) == (0, None)
        assert consumer.stop() == 0


def busy_view_is_right(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Look until something was labelled in between; then what is told lies within what the page says."""
    deadline = Deadline()
    while True:
        before = read_metrics(port)
        code, view = printed(capsys, "top", f"127.0.0.1:{port}", "--once", "--json", "--every", "1")
        after = read_metrics(port)
        assert code == 0
        labelled = view["flow"]["labelled_per_second"] * view["interval_seconds"]
        assert 0 <= labelled <= after["reviews_labelled_total"] - before["reviews_labelled_total"] + 0.5
        if labelled and view["latency"]["p50"] is not None:
            break
        deadline.check("labels between two looks")
    assert sorted(one["partition"] for one in view["lag"]["partitions"]) == [0, 1, 2]
    assert sum(view["quality"]["labels"].values()) == pytest.approx(1)
    assert sum(view["loop"].values()) == pytest.approx(1)
    assert set(view["stages"]) == {"queue", "decode", "score", "publish", "commit"}
    assert 0 < view["latency"]["p50"] <= view["latency"]["p95"] <= view["latency"]["p99"]
    (process,) = view["processes"]
    assert (process["up"], process["partitions"], process["restarted"]) == (True, 3, False)
    assert process["model"]
    assert process["memory_bytes"] == pytest.approx(after["process_resident_memory_bytes"], rel=0.5)
