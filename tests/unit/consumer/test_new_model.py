"""Another model in the middle of a stream: no batch is scored by two, and the one before is let go."""

import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace

from consumer.kafka.group import ReadTo
from consumer.scoring.batching import BatchBounds, BatchPolicy
from consumer.scoring.decoding import decode
from consumer.scoring.lane import InlineLane, Lane, ThreadLane
from consumer.scoring.loop import LoopLimits, ScoringLoop
from consumer.scoring.outcome import ReadableRecords, Scores
from shared.reviews import Model
from tests.support.fake_clock import FakeClock
from tests.support.fake_scorer import keyword_scores
from tests.support.memory_records import review_value
from tests.support.memory_stream import MemoryLog, MemorySink, MemorySource
from tests.support.recording_observer import RecordingObserver
from tests.support.stream_under_test import Deadline

BATCH = 10


class VersionedScorer:
    """A Scorer of some version; calls `while_scoring` before it answers, and can't score a text that says "poison"."""

    def __init__(self, version: str, while_scoring: Callable[[], None] = lambda: None) -> None:
        self._version = version
        self._while_scoring = while_scoring

    def score(self, texts: Sequence[str]) -> Scores:
        self._while_scoring()
        if any("poison" in text for text in texts):
            raise ValueError("poison")
        return replace(keyword_scores(texts), model=Model("keywords", self._version, self._version * 64))


class Bench:
    """A loop over a log that is read to its end, in batches of ten."""

    def __init__(self, scorer: VersionedScorer, lane: Lane, texts: Sequence[str]) -> None:
        log = MemoryLog()
        for number, text in enumerate(texts):
            log.append(review_value(f"r{number}", text))
        source = MemorySource(log, ReadTo.END)
        self.sink = MemorySink(source)
        self.observer = RecordingObserver()
        self.loop: ScoringLoop[ReadableRecords] = ScoringLoop(
            source,
            decode,
            scorer,
            self.sink,
            self.observer,
            FakeClock(),
            BatchPolicy(BatchBounds(BATCH)),
            LoopLimits(idle_wait_s=0, busy_wait_s=0),
            lane,
        )

    def run(self) -> None:
        self.loop.run(lambda: False)

    def versions(self) -> list[str]:
        """Return the version of the model that scored each batch."""
        return [batch.outcome.scores.model.version for batch in self.observer.batches]


def test_a_new_model_scores_from_the_next_batch_on() -> None:
    bench = Bench(VersionedScorer("1"), InlineLane(), ["a good note"] * 4 * BATCH)
    bench.loop.turn()
    bench.loop.turn()
    bench.loop.use(VersionedScorer("2"))
    bench.run()
    assert bench.versions() == ["1", "1", "2", "2"]
    assert len(bench.sink.labelled) == 4 * BATCH


def test_a_model_that_comes_while_a_batch_is_taken_apart_does_not_score_the_rest_of_it() -> None:
    # Every piece of the batch is scored by a call of its own; the swap comes at the first.
    texts = [*["a good note"] * 3, "poison", *["a bad note"] * 6, *["a good note"] * BATCH]
    bench = Bench(VersionedScorer("1", lambda: bench.loop.use(VersionedScorer("2"))), InlineLane(), texts)
    bench.run()
    assert bench.versions() == ["1", "2"]
    assert [len(batch.outcome.scores.labels) for batch in bench.observer.batches] == [BATCH - 1, BATCH]
    assert len(bench.sink.dead_letters) == 1


def test_the_model_before_is_let_go_even_while_nothing_new_comes() -> None:
    first = VersionedScorer("1")
    gone = weakref.ref(first)
    with ThreadLane("test") as lane:
        bench = Bench(first, lane, ["a good note"] * 3 * BATCH)
        del first
        bench.run()
        bench.loop.use(VersionedScorer("2"))
        # The lane's thread drops its last piece of work a moment after it has told its result.
        deadline = Deadline()
        while gone() is not None:
            deadline.check("the model before is gone")
            threading.Event().wait(0.01)


def test_ten_models_one_after_the_other_leave_one_behind() -> None:
    models = [VersionedScorer(str(number)) for number in range(10)]
    alive = [weakref.ref(model) for model in models]
    bench = Bench(models[0], InlineLane(), ["a good note"] * 10 * BATCH)
    for model in models:
        bench.loop.use(model)
        bench.loop.turn()
    bench.loop.settle(0)
    del models, model
    assert bench.versions() == [str(number) for number in range(10)]
    assert [reference() is not None for reference in alive] == [False] * 9 + [True]
