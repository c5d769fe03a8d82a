"""How far a job has come, kept as a committed offset of a group of its own: as durable as the labels beside it."""

import hashlib

import msgspec
from confluent_kafka import Consumer, TopicPartition

from consumer.bounded.ports import Mode
from consumer.bounded.progress import Job, Progress
from consumer.kafka.group import ask_until_answered
from shared.errors import ConfigurationError
from shared.kafka_client import KafkaSettings, create_client

REQUEST_S = 10.0
# An offset's metadata has 4096 bytes in all (offset.metadata.max.bytes); settings may be long.
DIGEST_CHARS = 12
# Which partition of the output topic carries the progress: every topic has it.
PARTITION = 0
FORGET = "kafka-consumer-groups --delete --group"


class JobState(msgspec.Struct, frozen=True):
    """What a job has stored; `ahead` labels of what follows `progress` are stored as well."""

    job: Job
    progress: Progress = msgspec.field(default_factory=Progress)
    ahead: int = 0
    finished: bool = False


class JobOffsets:
    """The committed offset of one job's group."""

    def __init__(self, kafka: KafkaSettings, group: str, topic: str) -> None:
        self._kafka = kafka
        self._group = group
        self._topic = topic

    def read(self, isolation: str) -> JobState | None:
        """Return what was stored last, None where nothing was; `read_committed` waits for an open transaction's end."""
        consumer = self._consumer(isolation)
        try:
            (found,) = ask_until_answered(
                f"how far {self._group} has come",
                lambda: consumer.committed([TopicPartition(self._topic, PARTITION)], REQUEST_S),
            )
        finally:
            consumer.close()
        if found.offset < 0:
            return None
        try:
            return msgspec.json.decode(found.metadata or "", type=JobState)
        except msgspec.DecodeError as error:
            raise ConfigurationError(
                f"group {self._group} has committed offsets of {self._topic}, but is no job's",
                hint=f"delete it: {FORGET} {self._group}",
            ) from error

    def membership(self) -> object:
        """Return what a transaction shows with the group's offsets: nobody is a member, the fence is its id."""
        consumer = self._consumer("read_committed")
        try:
            return consumer.consumer_group_metadata()
        finally:
            consumer.close()

    def written(self, state: JobState) -> TopicPartition:
        """Return the offset that stands for a state."""
        return TopicPartition(self._topic, PARTITION, state.progress.rows, msgspec.json.encode(state).decode())

    def _consumer(self, isolation: str) -> Consumer:
        config = {"group.id": self._group, "enable.auto.commit": False, "isolation.level": isolation}
        consumer: Consumer = create_client(Consumer, self._kafka.client_config() | config)
        return consumer


def short_job(job: Job) -> Job:
    """Return the job with a digest in place of each setting: enough to say in which two differ."""
    return Job({name: _digest(value) for name, value in job.settings.items()})


def stored_by(job: Job, stored: JobState | None, mode: Mode, where: str) -> JobState | None:
    """Return what this job goes on from, None where it starts; ConfigurationError where the mode forbids either.

    A topic takes one job's labels after another's, whatever the mode: only what is unfinished, or would be stored
    twice, is refused.
    """
    if stored is None:
        return None
    if stored.finished:
        if stored.job == job and mode is not Mode.APPEND:
            raise ConfigurationError(f"{where} holds this very job's labels already", hint="there is nothing to do")
        return None
    if mode is not Mode.RESUME:
        raise ConfigurationError(
            f"{where} holds part of a job's labels",
            hint="--resume goes on with it, once the process that ran it is gone",
        )
    job.require_same(stored.job, where)
    return stored


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:DIGEST_CHARS]
