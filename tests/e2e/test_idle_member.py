"""A member of the group that gets no partition is ready all the same, and takes over when one is free."""

import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.processes import DEADLINE_S, Program, settings_in_environment

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_member_without_partitions_becomes_ready(
    kafka: KafkaSettings, topics: TopicSettings, small_model: Path, protocol: str
) -> None:
    environment = settings_in_environment(kafka, topics) | {
        "REVIEWS_MODEL": str(small_model),
        "REVIEWS_GROUP": topics.input_topic,
        "REVIEWS_GROUP_PROTOCOL": protocol,
    }
    members = [Program("consumer", ["run"], environment) for _ in range(topics.partitions + 1)]
    try:
        for member in members:
            await_ready(member.wait_for("started")["metrics_port"])
        assert [member.stop() for member in members] == [0] * len(members)
    finally:
        for member in members:
            member.__exit__(None, None, None)


def await_ready(port: int) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10):
                return
        except urllib.error.HTTPError as error:
            error.close()
            assert time.monotonic() < deadline, "it did not become ready"
