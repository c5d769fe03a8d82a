"""Several workers from one command, as whole processes on a real broker."""

import json
import os
import signal
from pathlib import Path

import pytest

from shared.dev_broker.choice import DevBroker
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support import killable_consumer
from tests.support.independent_reader import read_everything
from tests.support.metrics_page import await_value, read_metrics
from tests.support.probe_answers import ask, await_status
from tests.support.processes import Program, settings_in_environment
from tests.support.reviews import publish, review_values
from tests.support.stream_under_test import Deadline

pytestmark = pytest.mark.kafka

RUN = ["run", "--workers", "2", "--instance", "test"]


@pytest.fixture
def environment(kafka: KafkaSettings, topics: TopicSettings, small_model: Path) -> dict[str, str]:
    return settings_in_environment(kafka, topics) | {
        "REVIEWS_MODEL": str(small_model),
        "REVIEWS_GROUP": topics.input_topic,
        "REVIEWS_DELIVERY": "exactly-once",
        # A killed member is missed after 10 s; the newer protocol leaves that to the broker, which takes 45.
        "REVIEWS_GROUP_PROTOCOL": "classic",
    }


def workers_of(parent: Program) -> dict[str, int]:
    """Return the process of each of two workers that have just been started."""
    started = [parent.wait_for("worker_started") for _ in range(2)]
    return {event["of"]: event["process_id"] for event in started}


def await_end_of(process_id: int) -> None:
    deadline = Deadline()
    while True:
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            return
        deadline.check(f"process {process_id} ends")


def test_workers_share_the_reviews_a_killed_one_is_started_again_and_a_stop_ends_all_with_0(
    kafka: KafkaSettings, kafka_broker: DevBroker, topics: TopicSettings, environment: dict[str, str]
) -> None:
    with Program("consumer", RUN, environment) as parent:
        port = parent.wait_for("supervising")["metrics_port"]
        processes = workers_of(parent)
        await_status(port, "/readyz", 200)
        assert ask(port, "/livez") == ask(port, "/startupz") == (200, "ok")
        publish(kafka, topics.input_topic, review_values(500))

        os.kill(processes["1"], signal.SIGKILL)
        assert parent.wait_for("worker_failed")["exit_code"] == 137
        assert ask(port, "/livez") == (200, "ok")
        again = parent.wait_for("worker_started")
        assert (again["of"], again["process_id"] == processes["1"]) == ("1", False)
        await_status(port, "/readyz", 200)
        publish(kafka, topics.input_topic, review_values(500, first=500))

        _, page = ask(port, "/targets")
        targets = {entry["labels"].get("worker", "parent"): entry["targets"][0] for entry in json.loads(page)}
        ports = {worker: int(address.rpartition(":")[2]) for worker, address in targets.items()}
        assert ports.keys() == {"0", "1", "parent"}
        assert ports.pop("parent") == port
        for worker_port in ports.values():
            assert "reviews_consumed_total" in read_metrics(worker_port)
        metrics = await_value(port, "reviews_worker_up", 2)
        assert metrics["reviews_worker_starts_total"] == 3
        assert metrics["reviews_worker_exits_total"] == 1
        assert parent.stop() == 0, parent.said
    with Program("consumer", ["run", "--until-caught-up"], environment) as last:
        assert last.wait() == 0, last.said
    found = read_everything(kafka_broker.bootstrap_servers, topics)
    assert len(found.inputs) == 1000
    assert (found.missing, found.repeated) == (set(), 0)


def test_workers_of_a_killed_parent_end_by_themselves(environment: dict[str, str]) -> None:
    with Program("consumer", RUN, environment) as parent:
        processes = workers_of(parent)
        parent.wait_for("started")
        parent.kill()
        for process_id in processes.values():
            await_end_of(process_id)


def test_a_second_signal_ends_workers_that_do_not_get_done(
    kafka: KafkaSettings, topics: TopicSettings, environment: dict[str, str]
) -> None:
    publish(kafka, topics.input_topic, review_values(100))
    environment |= {killable_consumer.SCORE_DELAY_S: "100000", "REVIEWS_LIVE_WITHIN": "1"}
    with Program(killable_consumer.MODULE, RUN, environment) as parent:
        port = parent.wait_for("supervising")["metrics_port"]
        processes = workers_of(parent)
        assert "the loop has not turned" in await_status(port, "/livez", 503)
        parent.signal(signal.SIGINT)
        parent.wait_for("workers_stopping")
        parent.signal(signal.SIGINT)
        assert parent.wait() == 130, parent.said
        for process_id in processes.values():
            await_end_of(process_id)
