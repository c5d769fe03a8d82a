"""Kafka clients that end their own process at a named step, as a power cut would."""

import os
import signal
import threading
from collections.abc import Callable
from enum import StrEnum
from typing import Any, ClassVar

from confluent_kafka import Consumer, Producer

# What was sent without waiting has reached the broker after this long.
ON_ITS_WAY_S = 0.05
# A commit takes 10 ms: within this it is under way.
INSIDE_COMMIT_S = 0.003
FLUSH_S_MAX = 10.0


class Step(StrEnum):
    """Where in the life of a batch the process ends."""

    BEFORE_PUBLISH = "before-publish"
    PUBLISHED = "published"
    ACKNOWLEDGED = "acknowledged"
    OFFSETS_SENT = "offsets-sent"
    COMMITTING = "committing"
    COMMITTED = "committed"


STEPS = {
    "at-least-once": (Step.BEFORE_PUBLISH, Step.PUBLISHED, Step.ACKNOWLEDGED, Step.COMMITTED),
    "exactly-once": (Step.BEFORE_PUBLISH, Step.PUBLISHED, Step.OFFSETS_SENT, Step.COMMITTING, Step.COMMITTED),
}


class FailPoint:
    """Ends the process when a step of the n-th batch is reached."""

    def __init__(self, step: Step, batch: int) -> None:
        self._step = step
        self._batch = batch

    def reached(self, step: Step, batch: int) -> None:
        """Note that a step was reached; does not return where it is the one."""
        if self.waits_for(step, batch):
            end_this_process()

    def waits_for(self, step: Step, batch: int) -> bool:
        """Return whether this is the step, in this batch or a later one."""
        return step is self._step and batch >= self._batch


def end_this_process() -> None:
    """Send SIGKILL to this very process."""
    os.kill(os.getpid(), signal.SIGKILL)


class FailingProducer(Producer):
    """Counts batches: by transactions, or else by the polls between which messages are produced."""

    point: ClassVar[FailPoint]

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._transactional = "transactional.id" in config
        self._batch = 0
        self._producing = False
        self._unacknowledged = 0

    def produce(self, *arguments: Any, **named: Any) -> None:
        if not self._producing:
            self._producing = True
            self._batch += 1
            self.point.reached(Step.BEFORE_PUBLISH, self._batch)
        if not self._transactional:
            self._unacknowledged += 1
            topic, value, key, partition, report, *others = arguments
            arguments = (topic, value, key, partition, self._counted(report), *others)
        super().produce(*arguments, **named)

    def poll(self, timeout: float = -1) -> int:
        if self._producing and not self._transactional:
            self._producing = False
            if self.point.waits_for(Step.PUBLISHED, self._batch):
                threading.Event().wait(ON_ITS_WAY_S)
                end_this_process()
        served = super().poll(timeout)
        if self._batch and self._unacknowledged == 0:
            self.point.reached(Step.ACKNOWLEDGED, self._batch)
        return served

    def send_offsets_to_transaction(self, *arguments: Any, **named: Any) -> None:
        if self.point.waits_for(Step.PUBLISHED, self._batch):
            self.flush(FLUSH_S_MAX)
            end_this_process()
        super().send_offsets_to_transaction(*arguments, **named)
        self.point.reached(Step.OFFSETS_SENT, self._batch)

    def commit_transaction(self, *arguments: Any, **named: Any) -> None:
        if self.point.waits_for(Step.COMMITTING, self._batch):
            threading.Timer(INSIDE_COMMIT_S, end_this_process).start()
        super().commit_transaction(*arguments, **named)
        self._producing = False
        self.point.reached(Step.COMMITTED, self._batch)

    def _counted(self, report: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        def count(error: Any, message: Any) -> None:
            self._unacknowledged -= 1
            report(error, message)

        return count


class FailingConsumer(Consumer):
    """Ends its process after it has committed."""

    point: ClassVar[FailPoint]

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._commits = 0

    def commit(self, *arguments: Any, **named: Any) -> Any:
        answer = super().commit(*arguments, **named)
        self._commits += 1
        if self.point.waits_for(Step.COMMITTED, self._commits):
            threading.Event().wait(ON_ITS_WAY_S)
            end_this_process()
        return answer
