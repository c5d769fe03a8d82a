"""The consumer's own command line in a process that meets a fault, as its environment says.

It ends at a named step, scores slowly, or has no memory left from some batch on.

What ships knows nothing of this: here the classes and functions it uses are replaced before it starts.
"""

import dataclasses
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

from consumer import __main__ as command_line
from consumer.commands import run, stream
from consumer.kafka import source
from consumer.scoring.outcome import Scores
from consumer.scoring.ports import Scorer
from tests.support.fail_points import FailingConsumer, FailingProducer, FailPoint, Step

KILL_AT = "CHAOS_KILL_AT"
SCORE_DELAY_S = "CHAOS_SCORE_DELAY_S"
NO_MEMORY_FROM = "CHAOS_NO_MEMORY_FROM"
MODULE = "tests.support.killable_consumer"


class SlowScorer:
    """A Scorer that thinks for a while before each batch."""

    def __init__(self, scorer: Scorer, delay_s: float) -> None:
        self._scorer = scorer
        self._delay_s = delay_s

    def score(self, texts: Sequence[str]) -> Scores:
        threading.Event().wait(self._delay_s)
        return self._scorer.score(texts)


class StarvedScorer:
    """A Scorer that finds no memory from its n-th batch on, however small the batch."""

    def __init__(self, scorer: Scorer, batch: int) -> None:
        self._scorer = scorer
        self._left = batch

    def score(self, texts: Sequence[str]) -> Scores:
        self._left -= 1
        if self._left <= 0:
            raise MemoryError
        return self._scorer.score(texts)


def kill_at(step: Step, batch: int) -> dict[str, str]:
    """Return the environment that ends the process at this step of this batch."""
    return {KILL_AT: f"{step}:{batch}"}


def prepare(environment: dict[str, str]) -> None:
    """Put the fail point and the scorer in place."""
    if KILL_AT in environment:
        step, _, batch = environment[KILL_AT].partition(":")
        FailingProducer.point = FailingConsumer.point = FailPoint(Step(step), int(batch))
        vars(stream)["Producer"] = FailingProducer
        if environment.get("REVIEWS_DELIVERY", "at-least-once") == "at-least-once":
            vars(source)["Consumer"] = FailingConsumer
    if SCORE_DELAY_S in environment:
        delay_s = float(environment[SCORE_DELAY_S])
        wrap_scorer(lambda scorer: SlowScorer(scorer, delay_s))
    if NO_MEMORY_FROM in environment:
        first = int(environment[NO_MEMORY_FROM])
        wrap_scorer(lambda scorer: StarvedScorer(scorer, first))


def wrap_scorer(wrap: Callable[[Scorer], Scorer]) -> None:
    """Let `run` get another scorer than the one it loads."""
    load = vars(run)["load_scorer"]

    def load_wrapped(*arguments: Any) -> Any:
        loaded = load(*arguments)
        return dataclasses.replace(loaded, scorer=wrap(loaded.scorer))

    vars(run)["load_scorer"] = load_wrapped


if __name__ == "__main__":
    prepare(dict(os.environ))
    command_line.main()
