"""A topic's records labelled in bulk into a topic: exact whatever interrupts it, and what the stream would say."""

import signal
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from consumer.bounded.ports import Mode
from consumer.bounded.progress import Job, Progress
from consumer.kafka.label_store import GROUP_PREFIX, LabelStore
from consumer.model.load import load_scorer
from shared.clock import SystemClock
from shared.errors import ConfigurationError, FatalError, FencedError
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.fail_points import STEPS, Step
from tests.support.fake_scorer import FakeScorer
from tests.support.independent_reader import Found, read_everything
from tests.support.memory_records import MemoryRecord, reviews
from tests.support.processes import Program, settings_in_environment
from tests.support.reviews import publish, review_values
from tests.support.topic_job import CHECKPOINT_ROWS, CLOCK, KILL_AT, MODULE, SMALL_ROWS, WHOLE, TopicJob
from tests.support.topic_writer import begin_transaction, put, store, wait_until_decided

pytestmark = pytest.mark.kafka

PLACES = {0: 2500, 1: 1500}
REJECTED = {(0, 2500), (1, 1500), (1, 1501)}
COUNT = 4000


@pytest.fixture
def job(kafka: KafkaSettings, topics: TopicSettings) -> TopicJob:
    return TopicJob(kafka, topics.input_topic, topics.output_topic)


def found_in(kafka: KafkaSettings, topics: TopicSettings) -> Found:
    return read_everything(kafka.bootstrap_servers, topics)


def open_store(job: TopicJob, mode: Mode) -> LabelStore:
    return LabelStore(job.kafka, job.output_topic, mode, (), SystemClock())


def fill(kafka: KafkaSettings, topics: TopicSettings) -> None:
    """Store reviews in two of three partitions, three unreadable records, and a transaction that was aborted."""
    for partition, count in PLACES.items():
        store(kafka, topics.input_topic, reviews(count, partition))
    store(kafka, topics.input_topic, [MemoryRecord(b"{", 0), MemoryRecord(None, 1), MemoryRecord(b"[1]", 1)])
    producer = begin_transaction(kafka)
    put(producer, topics.input_topic, reviews(3, 1))
    producer.flush()
    producer.abort_transaction()
    wait_until_decided(kafka, topics.input_topic)


def kill_and_count(kafka: KafkaSettings, topics: TopicSettings, kill_at: str, clock: str) -> int:
    """Run the job in a process that kills itself, and return how many labels are there then."""
    environment = settings_in_environment(kafka, topics) | {CLOCK: clock, KILL_AT: kill_at}
    with Program(MODULE, [], environment) as program:
        assert program.wait() == -signal.SIGKILL, program.said
    found = found_in(kafka, topics)
    assert found.repeated == 0
    return len(found.label_ids)


def resume_and_check(kafka: KafkaSettings, topics: TopicSettings, job: TopicJob) -> None:
    progress = job.run(Mode.RESUME, FakeScorer())
    assert (progress.labelled, progress.rejected) == (COUNT, len(REJECTED))
    found = found_in(kafka, topics)
    assert (found.missing, found.repeated) == (REJECTED, 0)


def test_every_readable_record_is_labelled_once_and_the_rest_is_counted(
    kafka: KafkaSettings, topics: TopicSettings, job: TopicJob
) -> None:
    fill(kafka, topics)
    progress = job.run(Mode.FRESH, FakeScorer())
    assert (progress.labelled, progress.rejected) == (COUNT, len(REJECTED))
    found = found_in(kafka, topics)
    assert (found.missing, found.repeated, len(found.dead_letters)) == (REJECTED, 0, 0)


def test_labels_keep_the_order_of_each_partition(kafka: KafkaSettings, topics: TopicSettings, job: TopicJob) -> None:
    fill(kafka, topics)
    job.run(Mode.FRESH, FakeScorer())
    order = found_in(kafka, topics).order
    assert sum(map(len, order.values())) == COUNT
    assert all(offsets == sorted(offsets) for offsets in order.values())


def test_the_groups_offsets_say_that_the_inputs_are_done(
    kafka: KafkaSettings, topics: TopicSettings, job: TopicJob
) -> None:
    fill(kafka, topics)
    job.run(Mode.FRESH, FakeScorer())
    consumer = Consumer(kafka.client_config() | {"group.id": GROUP_PREFIX + topics.output_topic})
    places = consumer.committed([TopicPartition(topics.input_topic, number) for number in range(3)], 30)
    consumer.close()
    # Behind the aborted transaction and its marker.
    assert [place.offset for place in places] == [2501, 1506, 0]


@pytest.mark.parametrize("step", STEPS["exactly-once"])
def test_a_job_killed_at_any_step_and_run_again_labels_every_record_once(
    kafka: KafkaSettings, topics: TopicSettings, job: TopicJob, step: Step
) -> None:
    fill(kafka, topics)
    labels = kill_and_count(kafka, topics, f"{step}:2", "patient")
    assert 0 < labels < COUNT, "it was killed in the middle"
    resume_and_check(kafka, topics, job)


@pytest.mark.parametrize(("step", "labels"), [(Step.COMMITTED, 3 * SMALL_ROWS), (Step.OFFSETS_SENT, 2 * SMALL_ROWS)])
def test_a_checkpoint_of_several_transactions_goes_on_between_them(
    kafka: KafkaSettings, topics: TopicSettings, job: TopicJob, step: Step, labels: int
) -> None:
    fill(kafka, topics)
    assert labels < CHECKPOINT_ROWS
    assert kill_and_count(kafka, topics, f"{step}:3", "impatient") == labels
    resume_and_check(kafka, topics, job)


def test_the_stream_and_a_bulk_job_give_the_same_labels_under_the_same_ids(
    kafka: KafkaSettings, topics: TopicSettings, job: TopicJob, small_model: Path
) -> None:
    publish(kafka, topics.input_topic, review_values(3000))
    environment = settings_in_environment(kafka, topics) | {
        "REVIEWS_MODEL": str(small_model),
        "REVIEWS_GROUP": topics.input_topic,
    }
    with Program("consumer", ["run", "--until-caught-up"], environment) as program:
        assert program.wait() == 0, program.said
    streamed = found_in(kafka, topics)
    assert (len(streamed.labels), streamed.repeated) == (3000, 0)
    job.run(Mode.FRESH, load_scorer(small_model).scorer)
    both = found_in(kafka, topics)
    assert both.labels == streamed.labels
    assert both.label_ids == {place: ids * 2 for place, ids in streamed.label_ids.items()}


def test_the_same_job_is_not_stored_twice_and_another_one_may_follow(
    kafka: KafkaSettings, topics: TopicSettings, job: TopicJob
) -> None:
    store(kafka, topics.input_topic, reviews(5))
    job.run(Mode.FRESH, FakeScorer())
    for mode in (Mode.FRESH, Mode.RESUME):
        with pytest.raises(ConfigurationError, match="this very job's labels already"):
            job.run(mode, FakeScorer())
    tomorrow = Job({"model": "keywords", "inputs": "tomorrow's"})
    for mode in (Mode.FRESH, Mode.APPEND):
        assert job.run(mode, FakeScorer(), tomorrow).labelled == 5


def test_an_unfinished_job_is_gone_on_with_by_itself_alone_and_only_where_asked(job: TopicJob) -> None:
    store = open_store(job, Mode.FRESH)
    assert store.begin(WHOLE, None) == Progress()
    for mode in (Mode.FRESH, Mode.APPEND):
        with pytest.raises(ConfigurationError, match="part of a job's labels") as refused:
            open_store(job, mode).begin(WHOLE, None)
        assert "--resume" in refused.value.hint
    with pytest.raises(ConfigurationError, match="differs in: inputs"):
        open_store(job, Mode.RESUME).begin(Job({"model": "keywords", "inputs": "others"}), None)
    # Those who were refused fenced nobody.
    store.finish(Progress(1))
    store.close()


def test_a_second_run_that_resumes_fences_the_first(job: TopicJob) -> None:
    first, second = open_store(job, Mode.FRESH), open_store(job, Mode.RESUME)
    first.begin(WHOLE, None)
    assert second.begin(WHOLE, None) == Progress()
    with pytest.raises(FencedError, match="another run") as fenced:
        first.finish(Progress(3))
    assert fenced.value.exit_code == 71
    second.finish(Progress(1))
    for either in (first, second):
        either.close()
        either.close()


def test_an_empty_topic_makes_a_finished_job_without_labels(
    kafka: KafkaSettings, topics: TopicSettings, job: TopicJob
) -> None:
    assert job.run(Mode.FRESH, FakeScorer()).rows == 0
    assert not found_in(kafka, topics).labels
    with pytest.raises(ConfigurationError, match="already"):
        job.run(Mode.RESUME, FakeScorer())


def test_a_topic_that_is_missing_and_a_broker_that_is_away_are_said(topics: TopicSettings, job: TopicJob) -> None:
    nowhere = TopicJob(job.kafka, topics.input_topic, "nobody-made-this")
    with pytest.raises(ConfigurationError, match="nobody-made-this") as missing:
        open_store(nowhere, Mode.FRESH).begin(WHOLE, None)
    assert "topics apply" in missing.value.hint
    away = TopicJob(KafkaSettings("127.0.0.1:1", broker_wait_s_max=0.1), topics.input_topic, "labels")
    with pytest.raises(FatalError, match="no Kafka broker answered") as gone:
        open_store(away, Mode.FRESH).begin(WHOLE, None)
    assert "--resume" in gone.value.hint
