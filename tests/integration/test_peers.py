"""What the comparison with other tools stands on: topics that are counted right, processes that end for certain."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from benchmarks.peers import launcher
from benchmarks.peers.assignment import label_of
from benchmarks.peers.kills import Tally
from benchmarks.peers.topics import PARTITIONS, Reader, Topics, append_times_ms, unique_name
from shared.kafka_client import KafkaSettings
from tests.support.stream_under_test import Deadline

# Starts the launcher with its own process number, says the child's, and waits to be killed.
STARTER = (
    "import os, subprocess, sys\n"
    "command = [sys.executable, sys.argv[1], str(os.getpid()), sys.executable, '-c', 'import time; time.sleep(60)']\n"
    "child = subprocess.Popen(command)\n"
    "print(child.pid, flush=True)\n"
    "child.wait()\n"
)


@pytest.fixture
def topics(kafka: KafkaSettings) -> Iterator[Topics]:
    """Topics of the test's own, removed at its end."""
    made = Topics(kafka.bootstrap_servers)
    yield made
    made.remove_all()


def label(partition: int, offset: int) -> bytes:
    return msgspec.json.encode(label_of("r-1", ("positive", 0.9), partition, offset))


@pytest.mark.kafka
def test_a_topic_is_read_to_the_end_of_each_partition_with_the_brokers_time_stamps(topics: Topics) -> None:
    topic = topics.make(unique_name("read"))
    before_ms = time.time_ns() // 1_000_000
    topics.fill(topic, ((f"r-{number}", b"{}") for number in range(1000)))
    reader = Reader(topics.bootstrap_servers, topic, "read_committed")
    times_ms = append_times_ms(reader.read_to_end())
    reader.close()
    assert topics.ends(topic) == len(times_ms) == 1000
    # The broker may round down.
    assert before_ms - 1 <= min(times_ms)
    assert max(times_ms) <= time.time_ns() // 1_000_000 + 1


@pytest.mark.kafka
def test_an_empty_topic_has_an_end_in_each_partition(topics: Topics) -> None:
    reader = Reader(topics.bootstrap_servers, topics.make(unique_name("empty")), "read_committed")
    assert list(reader.read_to_end()) == []
    reader.close()
    assert PARTITIONS > 1


@pytest.mark.kafka
def test_a_second_label_of_a_review_counts_as_a_repeat(topics: Topics) -> None:
    topic = topics.make(unique_name("tally"))
    sources = [(0, 0), (0, 1), (1, 0), (0, 1)]
    topics.fill(topic, ((f"{number}", label(*source)) for number, source in enumerate(sources)))
    tally = Tally(topics.bootstrap_servers, topic)
    deadline = Deadline()
    while tally.records < len(sources):
        tally.read(0.1)
        deadline.check("all labels")
    tally.close()
    assert (tally.records, tally.labelled) == (4, 3)
    # Of partition 0 all three have been read, of partition 1 one: one of these has no label.
    assert tally.without_label({0: 3, 1: 1}) == 1
    assert topics.committed(unique_name("nobody"), topic) == dict.fromkeys(range(PARTITIONS), 0)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux to end a process with its parent")
def test_what_was_launched_ends_when_its_starter_is_killed() -> None:
    command = [sys.executable, "-c", STARTER, launcher.__file__]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        child = int(starter.stdout.readline())
        deadline = Deadline()
        while launcher.__file__ in Path(f"/proc/{child}/cmdline").read_text("utf-8"):
            deadline.check("became its command")
        starter.kill()
    while runs(child):
        deadline.check("ended")


def runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    # Ended, and not yet noticed by whoever inherited it.
    return state != "Z"
