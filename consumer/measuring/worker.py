"""Measures one way of one model in a process of its own: its start and its memory are then nobody else's.

python -m consumer.measuring.worker     reads a Task from standard input, writes a Report to standard output (msgpack)
"""

import sys
import time
from pathlib import Path

import msgspec
import numpy as np

from consumer.measuring.answers import Answers
from consumer.measuring.loop_round import round_of_arrivals
from consumer.measuring.rounds import OneRound, repeat, round_of_chunks
from consumer.measuring.timing import Round
from consumer.measuring.ways import Arrivals, Chunks, ScoredBy, Way
from consumer.model.load import load_scorer
from consumer.scoring.ports import Scorer
from shared.errors import ReviewstreamError
from shared.logs import configure_logs
from shared.process_use import memory_peak_mb


class Task(msgspec.Struct, frozen=True):
    """What a worker measures; `started_s` is when it was started, on the monotonic clock all processes share."""

    folder: str
    scored_by: ScoredBy
    way: Way
    texts: list[str]
    budget_s: float
    started_s: float


class Report(msgspec.Struct, frozen=True):
    """What a worker found: rounds, answers, seconds from its start to the first answer, and the most memory it held."""

    start_s: float
    rounds: list[Round]
    classes: tuple[str, ...]
    labels: list[str]
    probabilities: list[list[float]]
    memory_peak_mb: float

    def answers(self) -> Answers:
        """Return the answers as arrays."""
        return Answers(self.classes, self.labels, np.array(self.probabilities))


def measure(task: Task) -> Report:
    """Load the model and measure it."""
    scorer = _load(task)
    # Reading the reviews, before this was called, counts for little against imports and the model.
    ready_s = time.monotonic() - task.started_s
    found = repeat(scorer, task.texts, task.way, _one_round(task.way), task.budget_s)
    answers = found.answers
    return Report(
        start_s=ready_s + found.first_call_s,
        rounds=found.rounds,
        classes=answers.classes,
        labels=list(answers.labels),
        probabilities=answers.probabilities.tolist(),
        memory_peak_mb=memory_peak_mb(),
    )


def _load(task: Task) -> Scorer:
    if task.scored_by is ScoredBy.COMPILED:
        return load_scorer(Path(task.folder)).scorer
    # Slow to import: a compiled model's start must not wait for it.
    from consumer.model.reference import load_reference  # noqa: PLC0415

    return load_reference(Path(task.folder))[0]


def _one_round(way: Way) -> OneRound:
    match way:
        case Chunks(reviews):
            return round_of_chunks(reviews)
        case Arrivals(per_s):
            return round_of_arrivals(per_s)
        case _:
            return round_of_chunks(1)


def main() -> int:
    """Do one task; a model that can't be used leaves its message on stderr and its exit code."""
    configure_logs("ERROR")
    task = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Task)
    try:
        report = measure(task)
    except ReviewstreamError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.buffer.write(msgspec.msgpack.encode(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
