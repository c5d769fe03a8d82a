"""Local Kafka is a real Kafka: it keeps transactions and records, survives what tests do to it, and leaves nothing."""

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from shared.dev_broker.jars import local_kafka_obstacle
from shared.dev_broker.local_kafka import LocalKafka
from shared.errors import BrokerUnavailable, ConfigurationError

OBSTACLE = local_kafka_obstacle()
pytestmark = [
    pytest.mark.kafka,
    pytest.mark.skipif(OBSTACLE is not None and not os.environ.get("CI"), reason=f"local Kafka can't run: {OBSTACLE}"),
]

WAIT_S = 30.0
PARENT = """
import time
from shared.dev_broker.local_kafka import LocalKafka
kafka = LocalKafka()
kafka.start()
print(kafka.process_ids[1], kafka.log_folder, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def kafka() -> Iterator[LocalKafka]:
    with LocalKafka() as running:
        yield running


def new_topic(kafka: LocalKafka, copies: int = 1) -> str:
    name = f"reviews-{uuid.uuid4()}"
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    admin.create_topics([NewTopic(name, 1, copies)])[name].result(WAIT_S)
    return name


def send(kafka: LocalKafka, topic: str, *values: bytes) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "acks": "all"})
    for value in values:
        producer.produce(topic, value)
    assert producer.flush(WAIT_S) == 0


def reader(kafka: LocalKafka) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": kafka.bootstrap_servers,
            "group.id": f"readers-{uuid.uuid4()}",
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
        }
    )


def read(kafka: LocalKafka, topic: str, count: int) -> list[bytes | None]:
    consumer = reader(kafka)
    consumer.assign([TopicPartition(topic, 0, 0)])
    messages = consumer.consume(count, WAIT_S)
    consumer.close()
    return [message.value() for message in messages]


def is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_committed_transaction_is_read_with_its_offsets_and_an_aborted_one_is_not(kafka: LocalKafka) -> None:
    topic = new_topic(kafka)
    consumer = reader(kafka)
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "transactional.id": topic})
    producer.init_transactions(WAIT_S)
    producer.begin_transaction()
    producer.produce(topic, b"aborted")
    assert producer.flush(WAIT_S) == 0
    producer.abort_transaction(WAIT_S)
    producer.begin_transaction()
    producer.produce(topic, b"committed")
    offset = TopicPartition("elsewhere", 0, 42)
    elsewhere = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    elsewhere.create_topics([NewTopic("elsewhere", 1, 1)])["elsewhere"].result(WAIT_S)
    producer.send_offsets_to_transaction([offset], consumer.consumer_group_metadata(), WAIT_S)
    producer.commit_transaction(WAIT_S)
    assert read(kafka, topic, 1) == [b"committed"]
    assert [each.offset for each in consumer.committed([TopicPartition("elsewhere", 0)], WAIT_S)] == [42]
    consumer.close()


def test_topics_are_not_made_by_those_who_write_to_them(kafka: LocalKafka) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    assert "never-made" not in admin.list_topics(timeout=WAIT_S).topics
    metadata = admin.list_topics("never-made", timeout=WAIT_S)
    assert metadata.topics["never-made"].error is not None


def test_paused_broker_acknowledges_nothing_until_it_is_resumed(kafka: LocalKafka) -> None:
    topic = new_topic(kafka)
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers})
    producer.list_topics(topic, timeout=WAIT_S)
    kafka.pause(1)
    producer.produce(topic, b"patience")
    assert producer.flush(1.0) == 1
    kafka.resume(1)
    assert producer.flush(WAIT_S) == 0


def test_killed_broker_has_its_records_and_its_address_after_a_restart(kafka: LocalKafka) -> None:
    topic, address = new_topic(kafka), kafka.bootstrap_servers
    send(kafka, topic, b"kept")
    kafka.kill(1)
    assert kafka.process_ids == {}
    kafka.restart(1)
    kafka.wait_ready()
    assert kafka.bootstrap_servers == address
    assert read(kafka, topic, 1) == [b"kept"]


def test_parent_that_is_killed_takes_its_broker_and_the_data_with_it() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        process, folder = parent.stdout.readline().split()
        assert (Path(folder) / "data").is_dir()
        assert not is_gone(int(process))
        parent.kill()
    deadline = time.monotonic() + WAIT_S
    # Nobody is told when a process ends that is not its child, so this asks.
    while not (is_gone(int(process)) and not (Path(folder) / "data").exists()):
        assert time.monotonic() < deadline, "the broker outlived its parent"
        time.sleep(0.05)
    shutil.rmtree(folder)


def test_broker_that_ends_while_it_starts_shows_the_end_of_its_log_and_keeps_it() -> None:
    kafka = LocalKafka(extra_settings={"authorizer.class.name": "there.is.no.such.Class"})
    with pytest.raises(BrokerUnavailable, match=r"ended by itself[\s\S]*there\.is\.no\.such\.Class") as caught:
        kafka.start()
    folder = kafka.log_folder
    assert folder is not None
    assert str(folder) in caught.value.hint
    assert (folder / "node-1.log").stat().st_size > 0
    assert not (folder / "data").exists()
    shutil.rmtree(folder)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_command_prints_where_kafka_answers_and_leaves_with_zero_when_told_to_stop(stop: signal.Signals) -> None:
    command = [sys.executable, "-m", "shared.dev_broker", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        answers, export = process.stdout.readline(), process.stdout.readline()
        process.send_signal(stop)
        assert process.wait(WAIT_S) == 0
    address = export.strip().removeprefix("export REVIEWS_KAFKA_BOOTSTRAP_SERVERS=")
    assert f"Kafka answers at {address};" in answers


def test_port_that_is_taken_is_refused_before_anything_starts(kafka: LocalKafka) -> None:
    taken = int(kafka.bootstrap_servers.rpartition(":")[2])
    with pytest.raises(ConfigurationError, match=f"port {taken} is taken"):
        LocalKafka(first_port=taken).start()


@pytest.mark.slow
def test_three_brokers_keep_acknowledged_records_and_take_new_ones_when_one_is_killed() -> None:
    with LocalKafka(brokers=3) as kafka:
        topic = new_topic(kafka, copies=3)
        send(kafka, topic, b"before")
        kafka.kill(2)
        send(kafka, topic, b"after")
        assert read(kafka, topic, 2) == [b"before", b"after"]
        kafka.restart(2)
        kafka.wait_ready()
        assert sorted(kafka.process_ids) == [1, 2, 3]
