"""The whole program: rows go in by a file or a pipe, records stand in the topic."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from consumer.kafka.topic_admin import TopicAdmin
from shared.codec import decode_review
from shared.kafka_client import KafkaSettings
from shared.reviews import Review
from shared.topics import TopicSettings, TopicSpec
from tests.support.topic_reader import await_record, read_topic

ROOT = Path(__file__).parents[3]
TIME_S_MAX = 60


class Scene:
    """One topic and the command line that writes to it."""

    def __init__(self, kafka: KafkaSettings, topics: TopicSettings) -> None:
        self.servers = kafka.bootstrap_servers
        self.topic = topics.input_topic

    def command(self, *arguments: str) -> list[str]:
        broker = ["--bootstrap-servers", self.servers, "--input-topic", self.topic]
        return [sys.executable, "-m", "producer", "replay", "--json", *broker, *arguments]

    def run(self, *arguments: str, standard_input: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*arguments),
            cwd=ROOT,
            env=environment(),
            input=standard_input,
            capture_output=True,
            text=True,
            timeout=TIME_S_MAX,
            check=False,
        )

    @contextmanager
    def running(self, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
        pipe = subprocess.PIPE
        with subprocess.Popen(
            self.command(*arguments), cwd=ROOT, env=environment(), stdin=pipe, stdout=pipe, stderr=pipe, text=True
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def stored(self) -> list[Review]:
        return [decode_review(message.value(), None, 1_000_000) for message in read_topic(self.servers, self.topic)]


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("REVIEWS_")}


def stop(process: "subprocess.Popen[str]", number: signal.Signals) -> dict[str, Any]:
    """Send a signal, wait for the end (with the process's input still open), return the summary."""
    process.send_signal(number)
    assert process.wait(TIME_S_MAX) == 0
    assert process.stdout is not None
    summary: dict[str, Any] = json.loads(process.stdout.read())
    return summary


@pytest.fixture
def scene(kafka: KafkaSettings, topics: TopicSettings) -> Scene:
    return Scene(kafka, topics)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.jsonl"
    rows = [{"review_id": f"r{number % 40}", "text": f"remark {number}", "rating": 4} for number in range(2000)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.kafka
def test_every_row_arrives_once_and_in_order_for_each_key(scene: Scene, file: Path) -> None:
    result = scene.run(str(file))
    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert (summary["sent"], summary["acknowledged"], summary["failed"]) == (2000, 2000, 0)
    numbers = defaultdict(list)
    for review in scene.stored():
        numbers[review.review_id].append(int(review.text.removeprefix("remark ")))
    assert {name: list(range(int(name[1:]), 2000, 40)) for name in numbers} == numbers
    assert sum(map(len, numbers.values())) == 2000


@pytest.mark.kafka
def test_a_bad_row_stops_with_its_file_and_line_and_what_came_before_it_is_stored(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_text('text,rating\n"fits\nwell",5\ntoo small,4\nlost,11\nnever read,3\n', encoding="utf-8")
    result = scene.run(str(path))
    assert result.returncode == 65
    assert f"{path}:5: 'rating'" in result.stderr
    summary = json.loads(result.stdout)
    assert (summary["sent"], summary["acknowledged"], summary["bad_rows"]) == (2, 2, 1)
    assert {review.review_id: review.text for review in scene.stored()} == {
        "shop-2": "fits\nwell",
        "shop-4": "too small",
    }


@pytest.mark.kafka
def test_standard_input_is_published_and_its_bad_rows_are_skipped_on_request(scene: Scene) -> None:
    lines = '{"text":"light"}\n{"text":\n{"text":"heavy"}\n'
    result = scene.run("-", "--skip-bad-rows", standard_input=lines)
    assert result.returncode == 0, result.stderr
    assert "bad row: standard input:2: " in result.stderr
    assert Counter(review.review_id for review in scene.stored()) == {"stdin-1": 1, "stdin-3": 1}


@pytest.mark.kafka
def test_a_loop_with_a_limit_gives_every_record_an_id_of_its_own(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_text("text\nfine\ngood\n", encoding="utf-8")
    assert scene.run(str(path), "--loop", "--limit", "5").returncode == 0
    ids = {review.review_id for review in scene.stored()}
    assert ids == {"shop-2", "shop-3", "shop-2#2", "shop-3#2", "shop-2#3"}


@pytest.mark.kafka
def test_a_review_too_large_for_a_topic_is_a_bad_row(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_text(f"text\nfine\n{'long ' * 400_000}\ngood\n", encoding="utf-8")
    result = scene.run(str(path), "--skip-bad-rows")
    assert result.returncode == 0, result.stderr
    assert f"bad row: {path}:3: the review has 2000" in result.stderr
    assert {review.review_id for review in scene.stored()} == {"shop-2", "shop-4"}


@pytest.mark.kafka
def test_what_the_broker_refuses_is_counted_as_failed_and_the_exit_code_says_so(
    kafka: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    narrow = TopicSettings(input_topic=f"{topics.input_topic}.narrow")
    TopicAdmin(kafka).create([TopicSpec(narrow.input_topic, 1, 1, {"max.message.bytes": "2000"})])
    path = tmp_path / "shop.csv"
    path.write_text(f"text\nfine\n{'long ' * 40_000}\n", encoding="utf-8")
    result = Scene(kafka, narrow).run(str(path), "-X", "compression.type=none", "-X", "linger.ms=0")
    assert result.returncode == 75, result.stderr
    summary = json.loads(result.stdout)
    assert summary["sent"] == 2
    assert summary["acknowledged"] + summary["failed"] == 2
    assert {"review_id": "shop-3", "error": "MSG_SIZE_TOO_LARGE"} in summary["failures"]


@pytest.mark.kafka
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_signal_drains_and_every_record_is_accounted_for(
    scene: Scene, file: Path, number: signal.Signals
) -> None:
    with scene.running(str(file), "--loop", "--rate", "500") as process:
        await_record(scene.servers, scene.topic)
        summary = stop(process, number)
    assert summary["ending"] == "signal"
    assert summary["sent"] == summary["acknowledged"] == len(scene.stored()) > 0


@pytest.mark.kafka
def test_a_stop_signal_ends_the_wait_for_more_standard_input(scene: Scene) -> None:
    with scene.running("-") as process:
        assert process.stdin is not None
        process.stdin.write('{"text":"only"}\n{"text":"cut')
        process.stdin.flush()
        await_record(scene.servers, scene.topic)
        summary = stop(process, signal.SIGTERM)
    assert (summary["ending"], summary["sent"], summary["bad_rows"]) == ("signal", 1, 0)


@pytest.mark.kafka
def test_a_missing_topic_is_refused_and_says_how_to_make_it(scene: Scene, file: Path) -> None:
    result = scene.run(str(file), "--input-topic", "no-such-topic")
    assert result.returncode == 78
    assert "topics apply" in result.stderr


def test_without_a_broker_the_program_gives_up_after_the_time_asked_for(file: Path) -> None:
    scene = Scene(KafkaSettings(bootstrap_servers="localhost:1"), TopicSettings())
    result = scene.run(str(file), "--broker-wait-s-max", "0.5")
    assert result.returncode == 69
    assert "--bootstrap-servers" in result.stderr
