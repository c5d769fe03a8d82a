"""A shadow model: counted where it has time, left out where it has none, and never in the stream's way."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from threading import Event

import pytest

from consumer.scoring.lane import InlineLane, ThreadLane
from consumer.scoring.outcome import Scores
from consumer.scoring.ports import Scorer
from consumer.scoring.shadow import BatchShare, Shadow, ShadowedScorer
from shared.errors import ConfigurationError
from tests.support.fake_scorer import FakeScorer, keyword_scores

TEXTS = ["a good note", "a bad note", "a note"]


class Recorder:
    """A ShadowObserver that takes notes."""

    def __init__(self) -> None:
        self.compared: list[tuple[int, int]] = []

    def shadow_compared(self, labelled: int, disagreements: int) -> None:
        self.compared.append((labelled, disagreements))


class Optimist:
    """A Scorer to which all is positive."""

    def score(self, texts: Sequence[str]) -> Scores:
        return replace(keyword_scores(texts), labels=["positive"] * len(texts))


class Blocked:
    """A Scorer that does not answer until it is let go."""

    def __init__(self) -> None:
        self.asked = Event()
        self.let_go = Event()

    def score(self, texts: Sequence[str]) -> Scores:
        self.asked.set()
        assert self.let_go.wait(60)
        return keyword_scores(texts)


class Broken:
    """A Scorer that fails."""

    def score(self, texts: Sequence[str]) -> Scores:
        raise ValueError(len(texts))


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def shadowed(shadow: Scorer, recorder: Recorder, share: float = 1) -> ShadowedScorer:
    beside = Shadow(lambda: shadow, BatchShare(share), recorder, InlineLane())
    beside.start()
    return ShadowedScorer(FakeScorer(), beside)


def test_what_the_shadow_labels_otherwise_is_counted_and_the_answers_stay_those_of_the_model_at_work(
    recorder: Recorder,
) -> None:
    scorer = shadowed(Optimist(), recorder)
    assert scorer.score(TEXTS).labels == ["positive", "negative", "neutral"]
    assert scorer.score([]).labels == []
    assert scorer.score(TEXTS[:1]).labels == ["positive"]
    assert recorder.compared == [(3, 2), (1, 0)]


@pytest.mark.parametrize(("share", "scored"), [(1, 40), (0.5, 20), (0.25, 10), (0.1, 4), (0.001, 0)])
def test_a_share_of_the_batches_is_scored(recorder: Recorder, share: float, scored: int) -> None:
    scorer = shadowed(Optimist(), recorder, share)
    for _ in range(40):
        scorer.score(TEXTS)
    assert abs(len(recorder.compared) - scored) <= 1


@pytest.fixture
def blocked() -> Iterator[Blocked]:
    made = Blocked()
    yield made
    made.let_go.set()


def test_a_blocked_shadow_holds_one_batch_and_the_stream_goes_on(
    recorder: Recorder, blocked: Blocked, capsys: pytest.CaptureFixture[str]
) -> None:
    with ThreadLane("shadow") as lane:
        shadow = Shadow(lambda: blocked, BatchShare(1), recorder, lane)
        shadow.start()
        lane.begin(Event().is_set).result(60)
        scorer = ShadowedScorer(FakeScorer(), shadow)
        for _ in range(100):
            assert scorer.score(TEXTS).labels == ["positive", "negative", "neutral"]
        assert blocked.asked.wait(60)
        assert recorder.compared == []
        blocked.let_go.set()
        lane.begin(Event().is_set).result(60)
        # Only the batch it was blocked with; those that came meanwhile were left out.
        assert recorder.compared == [(3, 0)]
        scorer.score(TEXTS[:2])
        lane.begin(Event().is_set).result(60)
        assert recorder.compared == [(3, 0), (2, 0)]
    assert capsys.readouterr().err.count("shadow_behind") == 1


def test_a_shadow_that_fails_is_left_out_and_said_once(recorder: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    scorer = shadowed(Broken(), recorder)
    for _ in range(3):
        assert scorer.score(TEXTS).labels == ["positive", "negative", "neutral"]
    assert recorder.compared == []
    assert capsys.readouterr().err.count("shadow_failed") == 1


@pytest.mark.parametrize("error", [ConfigurationError("no such model", hint="name another"), MemoryError()])
def test_a_shadow_that_can_not_be_loaded_is_no_reason_to_stop(
    recorder: Recorder, error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    def load() -> Scorer:
        raise error

    shadow = Shadow(load, BatchShare(1), recorder, InlineLane())
    shadow.start()
    assert ShadowedScorer(FakeScorer(), shadow).score(TEXTS).labels == ["positive", "negative", "neutral"]
    assert recorder.compared == []
    assert "shadow_not_loaded" in capsys.readouterr().err
