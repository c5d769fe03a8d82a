"""Stands in for a transactional confluent_kafka.Producer: keeps what a broker would show to committed readers."""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from tests.support.fake_clock import FakeClock

Headers = Sequence[tuple[str, str | bytes | None]]


@dataclass
class Transaction:
    """What one transaction holds: topics and keys in order, and the offsets sent."""

    sent: list[tuple[str, object]] = field(default_factory=list)
    offsets: dict[int, int] = field(default_factory=dict)
    membership: object = None


class FakeTransactions:
    """Transactions by the rules of the real client; `failures` says what each next call of a step raises."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._open: Transaction | None = None
        self.steps: list[str] = []
        self.committed: list[Transaction] = []
        self.aborted: list[Transaction] = []
        self.failures: dict[str, deque[KafkaError]] = defaultdict(deque)
        self.full_times = 0
        self.commit_s = 0.0
        self.while_committing: Callable[[], None] = lambda: None

    def init_transactions(self, timeout: float) -> None:
        del timeout
        self._step("init")

    def begin_transaction(self) -> None:
        self._step("begin")
        assert self._open is None, "a transaction is open"
        self._open = Transaction()

    def produce(  # noqa: PLR0913, PLR0917 - as the real one
        self,
        topic: str,
        value: bytes | None,
        key: object,
        partition: int,
        callback: None,
        on_delivery: None,
        timestamp: int,
        headers: Headers,
    ) -> None:
        del value, partition, on_delivery, timestamp, headers
        assert callback is None, "the commit tells what became of the messages"
        if self.full_times:
            self.full_times -= 1
            raise BufferError("Local: Queue full")
        self._step("produce")
        self._transaction().sent.append((topic, key))

    def send_offsets_to_transaction(
        self, offsets: Sequence[TopicPartition], membership: object, _timeout_s: float
    ) -> None:
        self._step("offsets")
        self._transaction().offsets |= {place.partition: place.offset for place in offsets}
        self._transaction().membership = membership

    def commit_transaction(self) -> None:
        self.while_committing()
        self._clock.advance(self.commit_s)
        self._step("commit")
        self.committed.append(self._transaction())
        self._open = None

    def abort_transaction(self, timeout: float) -> None:
        del timeout
        self._step("abort")
        self.aborted.append(self._transaction())
        self._open = None

    def poll(self, timeout: float) -> int:
        if self.failures["poll"]:
            raise KafkaException(self.failures["poll"].popleft())
        self._clock.advance(timeout)
        return 0

    def _step(self, name: str) -> None:
        if name != "produce":
            self.steps.append(name)
        if self.failures[name]:
            raise KafkaException(self.failures[name].popleft())

    def _transaction(self) -> Transaction:
        assert self._open is not None, "no transaction is open"
        return self._open
