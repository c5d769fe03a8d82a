"""The consumer's own command line in a process that ends at a named step, or scores slowly, as its environment says.

What ships knows nothing of this: here the classes and functions it uses are replaced before it starts.
"""

import dataclasses
import os
import threading
from collections.abc import Sequence
from typing import Any

from consumer import __main__ as command_line
from consumer.commands import run, stream
from consumer.kafka import source
from consumer.scoring.outcome import Scores
from consumer.scoring.ports import Scorer
from tests.support.fail_points import FailingConsumer, FailingProducer, FailPoint, Step

KILL_AT = "CHAOS_KILL_AT"
SCORE_DELAY_S = "CHAOS_SCORE_DELAY_S"
MODULE = "tests.support.killable_consumer"


class SlowScorer:
    """A Scorer that thinks for a while before each batch."""

    def __init__(self, scorer: Scorer, delay_s: float) -> None:
        self._scorer = scorer
        self._delay_s = delay_s

    def score(self, texts: Sequence[str]) -> Scores:
        threading.Event().wait(self._delay_s)
        return self._scorer.score(texts)


def kill_at(step: Step, batch: int) -> dict[str, str]:
    """Return the environment that ends the process at this step of this batch."""
    return {KILL_AT: f"{step}:{batch}"}


def prepare(environment: dict[str, str]) -> None:
    """Put the fail point and the slow scorer in place."""
    if KILL_AT in environment:
        step, _, batch = environment[KILL_AT].partition(":")
        FailingProducer.point = FailingConsumer.point = FailPoint(Step(step), int(batch))
        vars(stream)["Producer"] = FailingProducer
        if environment.get("REVIEWS_DELIVERY", "at-least-once") == "at-least-once":
            vars(source)["Consumer"] = FailingConsumer
    if SCORE_DELAY_S in environment:
        delay_s = float(environment[SCORE_DELAY_S])
        load = vars(run)["load_scorer"]

        def load_slow(*arguments: Any) -> Any:
            loaded = load(*arguments)
            return dataclasses.replace(loaded, scorer=SlowScorer(loaded.scorer, delay_s))

        vars(run)["load_scorer"] = load_slow


if __name__ == "__main__":
    prepare(dict(os.environ))
    command_line.main()
