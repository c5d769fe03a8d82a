"""Exactly-once delivery: one Kafka transaction a batch carries its labels, its dead letters and its offsets."""

import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from confluent_kafka import KafkaException, Producer, TopicPartition
from numpy.typing import NDArray

from consumer.kafka.delivery import ACKNOWLEDGEMENT_WAIT_S, DeliverySettings, serve
from consumer.kafka.outbox import Outbox
from consumer.kafka.transaction_steps import COMMIT, INIT_S_MAX, RETRY_S_MAX, attempt
from consumer.scoring.lane import Lane
from consumer.scoring.oldest import OldestRecord, oldest_record
from consumer.scoring.outcome import Outcome, ReadableRecords
from consumer.scoring.ports import CostObserver, Observer
from consumer.scoring.record import Partition, Record, last_records, next_offsets
from shared.clock import Clock
from shared.errors import FatalError, FencedError, RetriableError

ABORT_S_MAX = 30.0
CLOSE_S_MAX = 2.0
# How confluent_kafka writes down what it knows of a membership: this mark, then the generation as an int.
_MEMBERSHIP_MARK = b"CGMDv2:"
_GENERATION_BYTES = 4


class TransactionObserver(Observer, Protocol):
    """Told how transactions end."""

    def transaction_ended(self, outcome: str, seconds: float) -> None:
        """`outcome` is committed, aborted or fenced; `seconds` is how long its end took."""
        ...


@dataclass(frozen=True, slots=True)
class _InFlight:
    """The batch whose transaction is being committed; `committed` tells the seconds that took."""

    records: int
    timestamps_ms: NDArray[np.int64]
    last: Mapping[Partition, Record]
    oldest: OldestRecord | None
    size_bytes: int
    work_s: float
    handed_over_s: float
    committed: "Future[float]"


class ExactlyOnceSink:
    """A Sink whose batches are Kafka transactions: readers with `read_committed` see each of them whole or not at all.

    One transaction is open at a time. Its commit runs in a lane of its own, so that the next batch is read and scored
    meanwhile; `deliver` waits for it before the next transaction begins. The membership shown with the offsets is the
    one of the poll that gave the batch: where the group has moved on, the broker refuses, and nothing was done.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - one argument a collaborator
        self,
        producer: Producer,
        settings: DeliverySettings,
        observer: TransactionObserver,
        costs: CostObserver,
        clock: Clock,
        lane: Lane,
        on_committed: Callable[[Mapping[Partition, int]], None],
    ) -> None:
        """`on_committed` is told where each partition goes on; the source reads again from there after a rewind."""
        self._producer = producer
        self._end_s_max = settings.room_wait_s_max
        self._observer = observer
        self._costs = costs
        self._clock = clock
        self._lane = lane
        self._on_committed = on_committed
        self._outbox = Outbox(producer, settings, clock, self._wait_while_full)
        self._in_flight: _InFlight | None = None
        self._open = False

    def start(self) -> None:
        """Take over the transactional id: what a former process left open is aborted, and a ghost of it is fenced."""
        self._attempt("init_transactions", lambda: self._producer.init_transactions(INIT_S_MAX), INIT_S_MAX)

    def deliver(self, outcome: Outcome[ReadableRecords]) -> None:
        """Wait for the transaction before, then put the batch into one of its own; see the port."""
        self._settle_in_flight(self._end_s_max)
        if self._in_flight is not None:
            raise _never_ended(self._in_flight.records, self._end_s_max)
        membership = _require_membership(outcome.batch.membership)
        started = self._clock.monotonic()
        self._attempt("begin_transaction", self._producer.begin_transaction, RETRY_S_MAX)
        self._open = True
        self._outbox.put(outcome, None)
        last = last_records(outcome.batch.records)
        offsets = [TopicPartition(*place, offset) for place, offset in next_offsets(last).items()]
        work_s = outcome.work_s + self._clock.monotonic() - started
        handed_over_s = self._clock.monotonic()
        # Under way before what nobody waits for is gathered.
        committed = self._lane.begin(lambda: self._commit(offsets, membership))
        self._in_flight = _InFlight(
            records=len(outcome.batch),
            timestamps_ms=outcome.batch.timestamps_ms,
            last=last,
            oldest=oldest_record(outcome),
            size_bytes=outcome.batch.size_bytes,
            work_s=work_s,
            handed_over_s=handed_over_s,
            committed=committed,
        )

    def advance(self, wait_s: float) -> int:
        """Note a transaction that has ended; waits, at most `wait_s`, for one that has not; see the port."""
        self._settle_in_flight(wait_s)
        return 0 if self._in_flight is None else self._in_flight.records

    def drain(self, deadline_s: float) -> None:
        """Wait until the last transaction is committed; see the port."""
        self._settle_in_flight(deadline_s)
        if self._in_flight is not None:
            raise RetriableError(
                f"the transaction of {self._in_flight.records} records did not end within {deadline_s:g} s",
                hint="is the broker up? unless it commits they will be labelled again; no reader sees both",
            )

    def abandon(self) -> None:
        """Abort what is open, so that what it holds can be delivered again; see the port."""
        in_flight, self._in_flight = self._in_flight, None
        if in_flight is not None:
            # Its commit may be under way, and may succeed: then its records are done and not to be rewound.
            try:
                error = in_flight.committed.exception(self._end_s_max)
            except TimeoutError:
                raise _never_ended(in_flight.records, self._end_s_max) from None
            if error is None:
                self._note_committed(in_flight)
            elif not isinstance(error, RetriableError):
                raise error
        if self._open:
            started = self._clock.monotonic()
            self._attempt("abort_transaction", lambda: self._producer.abort_transaction(ABORT_S_MAX), ABORT_S_MAX)
            self._open = False
            self._observer.transaction_ended("aborted", self._clock.monotonic() - started)

    def close(self) -> None:
        """Abort what is still open, so that readers need not wait until the broker does; says nothing of failures."""
        committing = [] if self._in_flight is None else [self._in_flight.committed]
        undecided = wait(committing, CLOSE_S_MAX).not_done
        # A commit that is still under way can't be taken back; the next process will hear what became of it.
        if self._open and not undecided:
            with suppress(KafkaException):
                self._producer.abort_transaction(CLOSE_S_MAX)

    def _settle_in_flight(self, wait_s: float) -> None:
        """Note the end of the transaction in flight, raising what it raised."""
        self._serve(0)
        in_flight = self._in_flight
        if in_flight is None:
            return
        try:
            in_flight.committed.result(wait_s)
        except TimeoutError:
            self._observer.alive()
            return
        self._in_flight = None
        self._note_committed(in_flight)

    def _note_committed(self, in_flight: _InFlight) -> None:
        commit_s = in_flight.committed.result()
        self._open = False
        self._on_committed(next_offsets(in_flight.last))
        self._costs.observe(in_flight.size_bytes, in_flight.work_s + commit_s)
        self._observer.transaction_ended("committed", commit_s)
        durable_after_s = self._clock.monotonic() - in_flight.handed_over_s
        self._observer.acknowledged(in_flight.timestamps_ms, in_flight.last, durable_after_s, in_flight.oldest)

    def _commit(self, offsets: list[TopicPartition], membership: bytes) -> float:
        started = self._clock.monotonic()
        self._attempt(
            "send_offsets_to_transaction",
            lambda: self._producer.send_offsets_to_transaction(offsets, membership, RETRY_S_MAX),
            RETRY_S_MAX,
        )
        # Without a time-out of its own it has what is left of the transaction's. After that nobody here can tell
        # whether it was committed; the next process can.
        self._attempt(COMMIT, self._producer.commit_transaction, 0.0)
        return self._clock.monotonic() - started

    def _attempt(self, step: str, call: Callable[[], object], retry_s_max: float) -> None:
        try:
            attempt(self._producer, self._clock, step, call, retry_s_max)
        except FencedError:
            self._observer.transaction_ended("fenced", 0.0)
            raise

    def _wait_while_full(self) -> None:
        self._serve(ACKNOWLEDGEMENT_WAIT_S)
        self._observer.alive()

    def _serve(self, wait_s: float) -> None:
        try:
            serve(self._producer, wait_s)
        except FencedError:
            self._observer.transaction_ended("fenced", 0.0)
            raise


def _never_ended(records: int, waited_s: float) -> FatalError:
    return FatalError(
        f"the transaction of {records} records did not end within {waited_s:g} s, nor did the client give it up",
        hint="the supervisor starts a new process, which asks the broker",
    )


def _require_membership(membership: object) -> bytes:
    """Return what the source held of its group; RetriableError where it was no member: a broker would let that pass."""
    if not isinstance(membership, bytes) or not membership.startswith(_MEMBERSHIP_MARK):
        raise FatalError(
            "the Kafka client writes its group membership in an unknown way",
            hint="install the confluent-kafka version that requirements/runtime.txt names",
        )
    start = len(_MEMBERSHIP_MARK)
    generation = int.from_bytes(membership[start : start + _GENERATION_BYTES], sys.byteorder, signed=True)
    if generation < 0:
        raise RetriableError("this process was no member of the group when it read these records")
    return membership
