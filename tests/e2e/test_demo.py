"""The demo shows what it promises, on whatever broker there is, and leaves nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from shared.dev_broker.choice import DevBroker
from tests.support.processes import ROOT

pytestmark = pytest.mark.slow


def demo(model: Path, **environment: str) -> str:
    result = subprocess.run(
        [sys.executable, "-m", "consumer", "demo"],
        cwd=ROOT,
        env=os.environ | {"REVIEWS_MODEL": str(model), "COLUMNS": "120"} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.mark.kafka
def test_the_demo_labels_real_reviews_and_proves_that_none_was_lost(kafka_broker: DevBroker, small_model: Path) -> None:
    said = demo(small_model, REVIEWS_KAFKA_BOOTSTRAP_SERVERS=kafka_broker.bootstrap_servers)
    assert "5,003 inputs = 5,000 labels + 3 dead letters, 0 missing, 0 repeated" in said
    assert "not_json, schema, empty_value" in said
    topics = AdminClient({"bootstrap.servers": kafka_broker.bootstrap_servers}).list_topics(timeout=30).topics
    assert [name for name in topics if name.startswith("demo-")] == []


def test_a_machine_without_java_and_docker_gets_the_embedded_broker_and_is_told_what_that_is_worth(
    small_model: Path,
) -> None:
    said = demo(
        small_model,
        PATH="/nonexistent",
        JAVA_HOME="",
        DOCKER_HOST="tcp://127.0.0.1:1",
        REVIEWS_KAFKA_BOOTSTRAP_SERVERS="",
    )
    assert "the embedded broker, because" in said
    assert "no evidence" in said
