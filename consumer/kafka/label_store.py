"""The Store that is a topic: labels as the stream writes them, each checkpoint a transaction that carries its progress.

A reader with `read_committed` sees every label of a job once, however often the job was interrupted. Labels show as
their checkpoint is committed; a topic has no place aside.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from confluent_kafka import KafkaException, Producer, TopicPartition

from consumer.bounded.chunks import CHUNK_ROWS
from consumer.bounded.ports import Mode
from consumer.bounded.progress import Job, Progress
from consumer.bounded.reading.topic_tables import PartitionRange
from consumer.kafka.delivery import ACKNOWLEDGEMENT_WAIT_S, DeliverySettings
from consumer.kafka.job_progress import JobOffsets, JobState, short_job, stored_by
from consumer.kafka.label_rows import label_messages
from consumer.kafka.labels import LabelWriter
from consumer.kafka.outbox import Outbox
from consumer.kafka.topic_admin import TopicAdmin
from consumer.kafka.transaction_steps import COMMIT, INIT_S_MAX, RETRY_S_MAX, attempt
from shared.clock import Clock
from shared.errors import ConfigurationError, FatalError, FencedError, RetriableError
from shared.kafka_client import KafkaSettings, create_client

TRANSACTION_S_MAX = 60.0
# A checkpoint that takes longer is continued in another transaction, well before the broker gives the first one up.
TRANSACTION_SHARE = 0.25
CLOSE_S_MAX = 5.0
GROUP_PREFIX = "reviewstream-batch-"


class LabelStore:
    """A Store over the output topic; `inputs` are the partitions that are labelled, none where files are.

    The topic has one job at a time. Its name makes the job's group and transactional id: a second run that resumes
    fences the first. The group's committed offsets say how far each input is, as they do for the stream, and that of
    the output topic's first partition carries the progress, as metadata.
    """

    def __init__(
        self, kafka: KafkaSettings, topic: str, mode: Mode, inputs: Sequence[PartitionRange], clock: Clock
    ) -> None:
        self._kafka = kafka
        self._topic = topic
        self._group = GROUP_PREFIX + topic
        self._mode = mode
        self._inputs = inputs
        self._clock = clock
        self._offsets = JobOffsets(kafka, self._group, topic)
        self._writer = LabelWriter()
        self._state: JobState | None = None
        self._producer: Producer | None = None
        self._membership: object = None
        self._opened_s: float | None = None

    def begin(self, job: Job, schema: Any) -> Progress:
        """Take the topic over from other jobs, and return how far it came; see the port."""
        del schema  # Labels carry their own names.
        where, short = f"topic {self._topic} (group {self._group})", short_job(job)
        with self._reactions():
            if not TopicAdmin(self._kafka).partitions(self._topic):
                raise ConfigurationError(
                    f"there is no topic {self._topic}", hint="`review-consumer topics apply` makes the topics"
                )
            # Looked at before anything is done to it: a job that is refused fences nobody.
            stored_by(short, self._offsets.read("read_uncommitted"), self._mode, where)
            self._membership = self._offsets.membership()
            config = self._kafka.transactional_config(self._group, TRANSACTION_S_MAX)
            producer: Producer = create_client(Producer, config)
            attempt(
                producer, self._clock, "init_transactions", lambda: producer.init_transactions(INIT_S_MAX), INIT_S_MAX
            )
            self._producer = producer
            state = stored_by(short, self._offsets.read("read_committed"), self._mode, where)
            if state is None:
                # Who comes now sees that somebody has begun.
                state = JobState(short)
                self._commit(state)
        self._state = state
        return state.progress

    def append(self, table: Any, progress: Progress) -> None:
        """Send the labels and the progress in one transaction, or several: see the port."""
        state = self._begun()
        done = min(state.ahead, table.num_rows)
        still_ahead = state.ahead - done
        with self._reactions():
            for rows in table.slice(done).to_batches(max_chunksize=CHUNK_ROWS):
                self._send(rows)
                done += rows.num_rows
                if done < table.num_rows and self._is_old():
                    self._commit(JobState(state.job, state.progress, done))
            self._commit(JobState(state.job, progress, still_ahead))

    def finish(self, progress: Progress) -> None:
        """Note that the job is done: all its labels are visible; see the port."""
        with self._reactions():
            self._commit(JobState(self._begun().job, progress, finished=True))

    def close(self) -> None:
        """Abort what is open, so that readers need not wait until the broker does; see the port."""
        producer, self._producer = self._producer, None
        if producer is not None and self._opened_s is not None:
            with suppress(KafkaException):
                producer.abort_transaction(CLOSE_S_MAX)

    def _send(self, rows: Any) -> None:
        self._open()
        producer = self._held()

        def make_room() -> None:
            producer.poll(ACKNOWLEDGEMENT_WAIT_S)

        settings = DeliverySettings(self._topic, "", room_wait_s_max=TRANSACTION_S_MAX)
        Outbox(producer, settings, self._clock, make_room).put_labels(label_messages(self._writer, rows), None)

    def _open(self) -> None:
        if self._opened_s is None:
            self._step("begin_transaction", self._held().begin_transaction, RETRY_S_MAX)
            self._opened_s = self._clock.monotonic()

    def _is_old(self) -> bool:
        age_s = self._clock.monotonic() - (self._opened_s or 0.0)
        return self._opened_s is not None and age_s >= TRANSACTION_S_MAX * TRANSACTION_SHARE

    def _commit(self, state: JobState) -> None:
        self._open()
        producer, membership = self._held(), self._membership
        offsets = [*self._input_offsets(state), self._offsets.written(state)]
        self._step(
            "send_offsets_to_transaction",
            lambda: producer.send_offsets_to_transaction(offsets, membership, RETRY_S_MAX),
            RETRY_S_MAX,
        )
        self._step(COMMIT, producer.commit_transaction, 0.0)
        self._opened_s = None
        self._state = state

    def _input_offsets(self, state: JobState) -> Iterator[TopicPartition]:
        for number, place in enumerate(self._inputs):
            if state.finished or number < state.progress.input:
                yield TopicPartition(place.topic, place.partition, place.end)
            elif number == state.progress.input:
                yield TopicPartition(place.topic, place.partition, max(place.start, state.progress.row))

    def _step(self, name: str, call: Callable[[], object], retry_s_max: float) -> None:
        attempt(self._held(), self._clock, name, call, retry_s_max)

    def _held(self) -> Producer:
        if self._producer is None:
            raise FatalError("the store is not open", hint="`begin` opens it")
        return self._producer

    def _begun(self) -> JobState:
        if self._state is None:
            raise FatalError("the store is not open", hint="`begin` opens it")
        return self._state

    @contextmanager
    def _reactions(self) -> Iterator[None]:
        """Turn errors that the stream would rewind after into ends: what was stored before stays."""
        try:
            yield
        except FencedError as error:
            raise FencedError(
                f"another run of {self._group} has taken over: {error}", hint="let that one end"
            ) from error
        except RetriableError as error:
            raise FatalError(
                f"labels could not be stored in {self._topic}: {error}",
                hint=f"run the job again with --resume; {error.hint}".rstrip("; "),
            ) from error
