"""What a supervisor is told: while it starts, while it is stuck, and while no broker is there."""

import os
import time
from pathlib import Path

import pytest

from shared.dev_broker.embedded import EmbeddedBroker
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support import killable_consumer
from tests.support.probe_answers import ask, await_status
from tests.support.processes import Program, settings_in_environment
from tests.support.reviews import publish, review_values

FOREVER_S = "100000"
LIVE_WITHIN_S = 1


@pytest.mark.kafka
def test_it_answers_while_its_model_loads_and_a_stuck_scorer_fails_liveness(
    kafka: KafkaSettings, topics: TopicSettings, small_model: Path, tmp_path: Path
) -> None:
    publish(kafka, topics.input_topic, review_values(1))
    model = tmp_path / "model"
    model.mkdir()
    for file in small_model.iterdir():
        (model / file.name).symlink_to(file)
    slow = model / "manifest.json"
    slow.unlink()
    # Whoever opens it waits until somebody writes.
    os.mkfifo(slow)
    environment = settings_in_environment(kafka, topics) | {
        "REVIEWS_MODEL": str(model),
        "REVIEWS_GROUP": topics.input_topic,
        "REVIEWS_LIVE_WITHIN": str(LIVE_WITHIN_S),
        killable_consumer.SCORE_DELAY_S: FOREVER_S,
    }
    with Program(killable_consumer.MODULE, ["run"], environment) as consumer:
        port = consumer.wait_for("listening")["metrics_port"]
        awaited = "starting: waiting for the model"
        assert await_status(port, "/startupz", 503) == awaited
        assert ask(port, "/readyz") == (503, awaited)
        assert ask(port, "/livez") == (200, "ok")
        manifest = (small_model / "manifest.json").read_bytes()
        with slow.open("wb") as first_reading:
            # Whoever reads it again finds a file.
            (tmp_path / "manifest.json").write_bytes(manifest)
            (tmp_path / "manifest.json").replace(slow)
            first_reading.write(manifest)
        consumer.wait_for("partitions_assigned")
        assert ask(port, "/startupz") == (200, "ok")
        assert "the loop has not turned for" in await_status(port, "/livez", 503)
        assert ask(port, "/metrics")[0] == 200


def test_a_broker_that_goes_away_after_the_start_fails_no_liveness(small_model: Path) -> None:
    topics = TopicSettings("reviews", "labels", partitions=1)
    with EmbeddedBroker() as broker:
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
        for topic in (topics.input_topic, topics.output_topic, topics.dead_letters):
            publish(kafka, topic, review_values(1))
        environment = settings_in_environment(kafka, topics) | {
            "REVIEWS_MODEL": str(small_model),
            "REVIEWS_GROUP_PROTOCOL": "classic",
            "REVIEWS_LIVE_WITHIN": str(LIVE_WITHIN_S),
        }
        with Program("consumer", ["run"], environment) as consumer:
            port = consumer.wait_for("started")["metrics_port"]
            broker.stop()
            consumer.wait_for("client_error")
            ends_at_s = time.monotonic() + 2.5 * LIVE_WITHIN_S
            while time.monotonic() < ends_at_s:
                assert ask(port, "/livez") == (200, "ok")
