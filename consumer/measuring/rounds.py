"""Goes through the reviews again and again, as often and as far as the time for one measurement allows."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from consumer.measuring.answers import Answers, join
from consumer.measuring.timing import Round
from consumer.measuring.ways import Arrivals, Chunks, OneByOne, Way
from consumer.scoring.ports import Scorer

ROUNDS_MIN = 3
ROUNDS_MAX = 7
# Fewer would have no 99th percentile.
REVIEWS_MIN = 100
# Scored first and counted apart: what only the first calls cost.
WARMING_REVIEWS = 100
WARMING_S_MAX = 1.0


@dataclass(frozen=True, slots=True)
class Rounds:
    """What the first call took, the rounds over the same reviews, and the answers of the last."""

    first_call_s: float
    rounds: list[Round]
    answers: Answers


# Scores the texts once, in its own way.
OneRound = Callable[[Scorer, Sequence[str]], tuple[Round, Answers]]


def repeat(scorer: Scorer, texts: Sequence[str], way: Way, one_round: OneRound, budget_s: float) -> Rounds:
    """Warm up, then measure at least ROUNDS_MIN rounds in about `budget_s` seconds, over as many reviews as fit."""
    first_call_s = _warm_up(scorer, texts[:WARMING_REVIEWS], way)
    some = texts[:WARMING_REVIEWS]
    expected_s = one_round(scorer, some)[0].seconds / len(some)
    if isinstance(way, Arrivals):
        # The schedule sets the pace of a round, unless the scorer can't keep up with it.
        expected_s = max(expected_s, 1 / way.per_s)
    fitting = texts[: reviews_that_fit(expected_s, budget_s, len(texts))]
    rounds: list[Round] = []
    started = time.perf_counter()
    while True:
        found, answers = one_round(scorer, fitting)
        rounds.append(found)
        spent_s = time.perf_counter() - started
        enough = len(rounds) >= ROUNDS_MIN and spent_s + found.seconds > budget_s
        if enough or len(rounds) == ROUNDS_MAX:
            return Rounds(first_call_s, rounds, answers)


def reviews_that_fit(expected_s: float, budget_s: float, there: int) -> int:
    """Return how many reviews can be gone through ROUNDS_MIN times; REVIEWS_MIN where there are so many."""
    return min(there, max(REVIEWS_MIN, int(budget_s / ROUNDS_MIN / max(expected_s, 1e-9))))


def round_of_chunks(size: int) -> OneRound:
    """Return a round in calls of so many reviews, 0 for one call; a review waits as long as its call takes."""

    def one_round(scorer: Scorer, texts: Sequence[str]) -> tuple[Round, Answers]:
        step = size or len(texts)
        chunks = [texts[start : start + step] for start in range(0, len(texts), step)]
        parts, call_s = [], []
        cpu, started = time.process_time(), time.perf_counter()
        for chunk in chunks:
            before = time.perf_counter()
            parts.append(scorer.score(chunk))
            call_s.append(time.perf_counter() - before)
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
        latencies_s = [spent for spent, chunk in zip(call_s, chunks, strict=True) for _ in chunk]
        return Round(seconds, cpu_seconds, seconds, len(chunks), latencies_s), join(parts)

    return one_round


def _warm_up(scorer: Scorer, texts: Sequence[str], way: Way) -> float:
    """Return what the very first call took, in seconds; a few more follow."""
    size = 1 if isinstance(way, OneByOne) or not isinstance(way, Chunks) else way.reviews or len(texts)
    started = time.perf_counter()
    scorer.score(texts[:size])
    first_call_s = time.perf_counter() - started
    for text in texts:
        scorer.score([text])
        if time.perf_counter() - started > WARMING_S_MAX:
            break
    return first_call_s
