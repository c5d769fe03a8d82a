"""Where a job's time went, step by step, and what came of its rows: told by the loop and by the sink."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from consumer.scoring.outcome import Outcome
from consumer.scoring.ports import BatchTimes
from consumer.scoring.silent_observer import SilentObserver
from shared.clock import Clock


class Step(StrEnum):
    """What is done with a row, in this order; for different rows at the same time."""

    PREPARE = "prepare"
    LOAD = "load"
    INFER = "infer"
    POST_PROCESS = "post-process"
    STORE = "store"


class Steps(SilentObserver):
    """An Observer that adds up seconds by step; those of `infer` of all threads, so they may exceed the wall's.

    It hears of batches only: bounded data wait for nobody and are not rewound, and the sink tells what it has stored.
    """

    def __init__(self, clock: Clock, progressed: Callable[["Steps"], None] = lambda _steps: None) -> None:
        self._clock = clock
        self._progressed = progressed
        self.seconds: dict[Step, float] = dict.fromkeys(Step, 0.0)
        self.labels: Counter[str] = Counter()
        self.rejected = 0

    @property
    def rows(self) -> int:
        """Rows of this run that were scored or rejected."""
        return self.labels.total() + self.rejected

    @contextmanager
    def timing(self, step: Step) -> Iterator[None]:
        """Add what is done inside to a step."""
        started = self._clock.monotonic()
        try:
            yield
        finally:
            self.seconds[step] += self._clock.monotonic() - started

    def scored(self, outcome: Outcome[Any], times: BatchTimes) -> None:
        """Note that a batch was scored and handed to the sink."""
        self.seconds[Step.LOAD] += times.poll_s + times.decode_s
        self.seconds[Step.INFER] += times.score_s
        self.labels.update(outcome.scores.labels)
        self.rejected += len(outcome.dead_letters)
        self._progressed(self)

    def add(self, seconds: Mapping[Step, float], labels: Mapping[str, int], rejected: int) -> None:
        """Note what was done elsewhere: seconds by step, and what came of the rows."""
        for step, spent_s in seconds.items():
            self.seconds[step] += spent_s
        self.labels.update(labels)
        self.rejected += rejected
        self._progressed(self)
