"""Reads records from a topic as a member of a consumer group."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from consumer.kafka.client_statistics import ClientStatistics, StatisticsReader, ignore, reporting
from consumer.kafka.delivery import Delivery
from consumer.kafka.group import (
    LOST_OWNERSHIP,
    GroupSettings,
    ReadTo,
    consumer_failure,
)
from consumer.kafka.group_answers import GroupObserver, answer_within
from consumer.kafka.high_watermarks import HighWatermarks
from consumer.kafka.positions import committed_offsets, gone, pin_latest, start_positions, topic_ends, watermarks
from consumer.kafka.topic_watch import TopicWatch
from consumer.scoring.batching import BatchLimits
from consumer.scoring.lane import call_within
from consumer.scoring.record import NOTHING, Batch, ClosedBy, Partition, Record, last_records, next_offsets
from shared.clock import SystemClock
from shared.errors import FatalError, RetriableError
from shared.kafka_client import KafkaSettings, create_client
from shared.logs import get_logger

# Records fetched from librdkafka's queue at a time: bounds how far a batch can overshoot its bytes.
CHUNK_RECORDS = 1024
LEAVE_S_MAX = 5.0
# A commit that failed is made again after the first, one that the client never answers after the second.
COMMIT_AGAIN_S = 0.5
CONFIRM_S_MAX = 2.0


class KafkaSource:
    """A Source over a topic; also the place where offsets are committed, since the group belongs to the consumer."""

    def __init__(
        self,
        kafka: KafkaSettings,
        group: GroupSettings,
        topic: str,
        observer: GroupObserver,
        on_statistics: StatisticsReader = ignore,
    ) -> None:
        config = reporting(group.consumer_config(kafka), self._note_statistics) | {"on_commit": self._note_commit}
        self._consumer: Consumer = create_client(Consumer, config)
        self._group = group
        self._topic = topic
        self._topic_watch = TopicWatch(topic, SystemClock())
        self._observer = observer
        self._on_statistics = on_statistics
        self._before_revoke: Callable[[], None] = _nothing
        self._revoked: set[int] = set()
        # Where each partition held stands: its labels are safe up to here, and the broker has confirmed up to there.
        self._delivered: dict[Partition, int] = {}
        self._confirmed: dict[Partition, int] = {}
        self._read: dict[Partition, int] = {}
        self._ends: dict[Partition, int] | None = None
        self._asked_others_at = 0.0
        self._closing = False
        self._turnstile = threading.Lock()
        self._high_watermarks = HighWatermarks(self._high_watermark)
        # When to commit again unless the broker confirms something until then; 0 while nothing is unconfirmed.
        self._commit_again_at_s = 0.0
        # What went wrong in a callback, where nobody could be told.
        self._failure: RetriableError | None = None
        self._with_membership = group.delivery is Delivery.EXACTLY_ONCE
        self.joined = False
        # What a commit failed with; nothing once one was confirmed, or where there is nothing left to commit.
        self.commit_failure = ""

    def subscribe(
        self,
        before_revoke: Callable[[], None],
        rebalancing: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Join the group; `before_revoke` has the last word on partitions that are still ours.

        Each answer to the group, which is given inside `poll`, happens within a context of `rebalancing`.
        """
        self._before_revoke = before_revoke
        if self._group.read_to is ReadTo.END:
            self._ends = topic_ends(self._consumer, self._topic)
        if self._group.start == "latest":
            # Not when partitions are assigned: the client loses its way where a callback asks for a topic's metadata.
            pin_latest(self._consumer, self._topic)
        answers = {"on_assign": self._assigned, "on_revoke": self._revoke, "on_lost": self._lost}
        self._consumer.subscribe(
            [self._topic], **{name: answer_within(rebalancing, answer) for name, answer in answers.items()}
        )

    def poll(self, limits: BatchLimits, wait_s: float) -> Batch:
        """Return what is there, at most `limits`; see the port."""
        self._revoked.clear()
        with self._turnstile:
            # Who waits for the client to be free gets it now: this loop would take it again at once.
            pass
        if self._commit_again_at_s:
            self._commit_again()
        first = self._consumer.poll(wait_s)
        if first is None:
            self._raise_failure()
            self._topic_watch.look(self._consumer, len(self._delivered))
            return NOTHING
        messages = self._usable([first])
        size_bytes = len(first)
        while (closed_by := limits.closes(len(messages), size_bytes)) is ClosedBy.DRAINED:
            # As many as fit by the mean size so far: a batch of long reviews overshoots its bytes by little.
            fitting = (limits.size_bytes - size_bytes) * (len(messages) + 1) // (size_bytes + 1) + 1
            chunk = self._consumer.consume(min(CHUNK_RECORDS, limits.records - len(messages), fitting), 0)
            if not chunk:
                break
            messages += self._usable(chunk)
            size_bytes += sum(map(len, chunk))
        self._raise_failure()
        if self._revoked:
            # Their new owner reads them from the last commit: they were not handed out here.
            messages = [message for message in messages if message.partition() not in self._revoked]
            closed_by = ClosedBy.REVOKED
        records = cast("list[Record]", messages)
        self._note_read(records)
        membership = self._consumer.consumer_group_metadata() if self._with_membership else None
        return Batch(records, size_bytes, closed_by, membership)

    def rewind(self) -> None:
        """Go back, in each partition, to the first record that was not delivered."""
        for partition in self._consumer.assignment():
            place = (partition.topic, partition.partition)
            offset = self._delivered.get(place, partition.offset)
            self._consumer.seek(TopicPartition(*place, offset))
            self._read.pop(place, None)

    def exhausted(self) -> bool:
        """Return whether every partition was read to the end there was at the start; False for ReadTo.FOREVER."""
        if self._ends is None:
            return False
        missing = [place for place, end in self._ends.items() if self._read.get(place, -1) < end]
        return not missing or self._others_have_read(missing)

    def assigned(self) -> list[Partition]:
        """Return the partitions held now."""
        return list(self._delivered)

    def lag_records(self, place: Partition) -> int | None:
        """Return how many records after the last delivered one the broker has; None while it is not known."""
        delivered, high = self._delivered.get(place), self._high_watermarks.of(place)
        if delivered is None or high < 0:
            return None
        return max(0, high - delivered)

    def note_delivered(self, positions: Mapping[Partition, int]) -> None:
        """Note where partitions go on whose offsets somebody else has committed; those held now only."""
        for place, offset in positions.items():
            if place in self._delivered:
                self._delivered[place] = max(offset, self._delivered[place])

    def commit(self, positions: Mapping[Partition, int]) -> None:
        """Commit next offsets without waiting; the partitions held now only."""
        offsets = self._own(positions, self._delivered)
        if offsets:
            self._guard(lambda: self._consumer.commit(offsets=offsets, asynchronous=True))
            self._commit_again_at_s = self._commit_again_at_s or time.monotonic() + CONFIRM_S_MAX

    def commit_and_wait(self, positions: Mapping[Partition, int], deadline_s: float) -> None:
        """Commit next offsets and wait for the broker, at most so long; the partitions held now only."""
        offsets = self._own(positions, self._confirmed)
        if offsets:
            try:
                # The client itself would wait for ever.
                self._guard(
                    lambda: call_within(deadline_s, lambda: self._consumer.commit(offsets=offsets, asynchronous=False))
                )
            except TimeoutError:
                raise RetriableError(
                    f"the broker did not confirm a commit within {deadline_s:.3g} s",
                    hint="is it up? what was not committed is labelled again, under the same ids",
                ) from None
            self._confirmed |= {(partition.topic, partition.partition): partition.offset for partition in offsets}

    def close(self) -> None:
        """Leave the group; whatever could be delivered was drained before.

        A broker that does not answer is not waited for: the group then misses this member after its session time-out.
        """
        self._before_revoke = _nothing
        self._closing = True
        try:
            call_within(LEAVE_S_MAX, self._consumer.close)
        except TimeoutError:
            get_logger("source").warning("left_without_an_answer", waited_s=LEAVE_S_MAX)

    def _high_watermark(self, place: Partition) -> int:
        # From another thread than the loop's; the client serves one at a time.
        with self._turnstile:
            _, high = self._consumer.get_watermark_offsets(TopicPartition(*place), cached=True)
        return high

    def _note_commit(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        """Note what became of a commit that nobody waited for: without new records no other would follow it.

        In the newer group protocol the client may also drop one without a word, when the group has just changed.
        """
        if error is not None:
            get_logger("source").warning("commit_failed", error=error.name(), message=error.str(), then="made again")
            self._commit_again_at_s = time.monotonic() + COMMIT_AGAIN_S
            self.commit_failure = error.name()
            return
        self.commit_failure = ""
        for partition in partitions:
            place = (partition.topic, partition.partition)
            if partition.error is None and place in self._confirmed:
                self._confirmed[place] = max(partition.offset, self._confirmed[place])
        self._commit_again_at_s = time.monotonic() + CONFIRM_S_MAX if self._unconfirmed() else 0.0

    def _commit_again(self) -> None:
        if time.monotonic() >= self._commit_again_at_s:
            self._commit_again_at_s = 0.0
            offsets = self._unconfirmed()
            if offsets:
                self._guard(lambda: self._consumer.commit(offsets=offsets, asynchronous=True))
                self._commit_again_at_s = time.monotonic() + CONFIRM_S_MAX

    def _unconfirmed(self) -> list[TopicPartition]:
        late = {place: offset for place, offset in self._delivered.items() if offset > self._confirmed[place]}
        return [TopicPartition(*place, offset) for place, offset in late.items()]

    def _own(self, positions: Mapping[Partition, int], known: Mapping[Partition, int]) -> list[TopicPartition]:
        offsets = []
        for place, offset in positions.items():
            # Never backwards: a partition that went away and came back was moved on by its owner in between.
            if offset > known.get(place, offset):
                self._delivered[place] = max(offset, self._delivered[place])
                offsets.append(TopicPartition(*place, offset))
        return offsets

    def _guard(self, commit: Callable[[], object]) -> None:
        try:
            commit()
        except KafkaException as exception:
            error: KafkaError = exception.args[0]
            if error.code() in LOST_OWNERSHIP:
                get_logger("source").warning("commit_refused", error=error.name(), then="the new owner reads again")
                return
            if error.fatal():
                raise FatalError(f"commit: {error.str()}", hint="the supervisor starts a new process") from exception
            raise RetriableError(f"commit: {error.str()}") from exception

    def _usable(self, messages: list[Message]) -> list[Message]:
        usable = [message for message in messages if message.error() is None]
        if len(usable) < len(messages):
            for message in messages:
                self._react(message)
        return usable

    def _react(self, message: Message) -> None:
        error = message.error()
        if error is None:
            return
        place = (str(message.topic()), cast("int", message.partition()))
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's local error codes start with _
            self._read[place] = cast("int", message.offset())
            return
        if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001
            low, _ = watermarks(self._consumer, TopicPartition(*place))
            raise gone(self._group.group, place, self._delivered.get(place, 0), low)
        failure = consumer_failure(error, self._group.protocol, self._topic)
        if failure is not None:
            raise failure
        get_logger("source").warning("consumer_error", error=error.name(), message=error.str())

    def _note_read(self, records: Sequence[Record]) -> None:
        if self._ends is not None:
            self._read |= next_offsets(last_records(records))

    def _others_have_read(self, missing: Sequence[Partition]) -> bool:
        if any(place in self._delivered for place in missing) or time.monotonic() - self._asked_others_at < 1:
            return False
        self._asked_others_at = time.monotonic()
        asked = [TopicPartition(*place) for place in missing]
        committed = committed_offsets(self._consumer, asked)
        return all(found.offset >= (self._ends or {})[found.topic, found.partition] for found in committed)

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        if self._closing:
            # An answer to a question asked before: nothing will be read, and the broker is not asked any more.
            consumer.incremental_assign(partitions)
            return
        positions = start_positions(consumer, self._group, partitions)
        for partition, offset in positions:
            place = (partition.topic, partition.partition)
            self._delivered[place] = self._confirmed[place] = offset
            # Back within one poll: what comes from now on was read since.
            self._revoked.discard(partition.partition)
        consumer.incremental_assign([partition for partition, _ in positions])
        self.joined = True
        self._tell("assigned", partitions)

    def _revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        try:
            self._before_revoke()
        except RetriableError as error:
            # The new owner reads again from the last commit; what is still held is rewound once the poll is over.
            get_logger("source").warning("revoked_before_all_was_delivered", because=str(error))
            self._failure = error
        self._drop(consumer, partitions)
        self._tell("revoked", partitions)

    def _lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        # Somebody else may own them already: nothing that is in flight may be committed.
        self.joined = False
        self._failure = RetriableError("partitions were lost: the group takes this process for gone")
        self._drop(consumer, partitions)
        self._tell("lost", partitions)

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _drop(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        for partition in partitions:
            self._delivered.pop((partition.topic, partition.partition), None)
            self._confirmed.pop((partition.topic, partition.partition), None)
            self._read.pop((partition.topic, partition.partition), None)
            self._revoked.add(partition.partition)
        # Their new owner commits for them.
        self.commit_failure = ""
        consumer.incremental_unassign(partitions)

    def _note_statistics(self, statistics: ClientStatistics) -> None:
        # Also where no partition is left for us.
        if statistics.joined_the_group():
            self.joined = True
        self._on_statistics(statistics)

    def _tell(self, kind: str, partitions: list[TopicPartition]) -> None:
        numbers = sorted(partition.partition for partition in partitions)
        get_logger("source").info("partitions_" + kind, partitions=numbers, held=len(self._delivered))
        self._observer.rebalanced(kind, len(partitions), len(self._delivered))


def _nothing() -> None:
    """Do nothing: nothing is in flight."""
