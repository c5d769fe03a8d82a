"""A second model beside the stream: it scores the same texts, and only how often it disagrees is told."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from operator import ne
from typing import Protocol

from consumer.scoring.lane import Lane
from consumer.scoring.outcome import Scores
from consumer.scoring.ports import Scorer
from shared.errors import ReviewstreamError
from shared.logs import get_logger


class ShadowObserver(Protocol):
    """Told what a shadow model made of batches."""

    def shadow_compared(self, labelled: int, disagreements: int) -> None:
        """Note that it labelled so many reviews, so many of them otherwise than the model at work."""
        ...


class BatchShare:
    """Chooses a share (above 0, at most 1) of the batches, evenly."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._owed = 0.0

    def chooses(self) -> bool:
        """Return whether the next batch is among them."""
        self._owed += self._share
        if self._owed < 1:
            return False
        self._owed -= 1
        return True


class Shadow:
    """Scores in its lane what the model at work has scored; holds one batch at most and is never waited for.

    A batch that comes while another is in work is left out, and so is one that it can't score. `load` is called in the
    lane, too: where it raises there is no shadow, and the stream goes on without.
    """

    def __init__(self, load: Callable[[], Scorer], share: BatchShare, observer: ShadowObserver, lane: Lane) -> None:
        self._load = load
        self._share = share
        self._observer = observer
        self._lane = lane
        self._scorer: Scorer | None = None
        self._in_work: Future[None] | None = None
        self._said: set[str] = set()

    def start(self) -> None:
        """Begin to load the model."""
        self._in_work = self._lane.begin(self._prepare)

    def offer(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        """Have texts scored where there is time for it, and compared with the labels they were given."""
        scorer = self._scorer
        if scorer is None or not texts or not self._share.chooses():
            return
        if self._in_work is not None and not self._in_work.done():
            self._say_once("shadow_behind", meaning="batches that it has no time for are left out")
            return
        self._in_work = self._lane.begin(lambda: self._compare(scorer, texts, labels))

    def _prepare(self) -> None:
        try:
            self._scorer = self._load()
        except ReviewstreamError as error:
            get_logger("shadow").error("shadow_not_loaded", because=str(error), hint=error.hint, then="none is used")
        except Exception as error:  # noqa: BLE001 - files are anybody's: none of them may stop the stream
            because = f"{type(error).__name__}: {error}"
            get_logger("shadow").error("shadow_not_loaded", because=because, then="none is used")

    def _compare(self, scorer: Scorer, texts: Sequence[str], labels: Sequence[str]) -> None:
        try:
            found = scorer.score(texts).labels
        except Exception as error:  # noqa: BLE001 - a model is somebody's code: it may raise anything
            self._say_once("shadow_failed", error=type(error).__name__, meaning="batches it can't score are left out")
            return
        self._observer.shadow_compared(len(texts), sum(map(ne, found, labels)))

    def _say_once(self, event: str, **about: str) -> None:
        if event not in self._said:
            self._said.add(event)
            get_logger("shadow").warning(event, **about)


class ShadowedScorer:
    """A Scorer whose answers are those of `scorer`; a shadow is offered the texts afterwards."""

    def __init__(self, scorer: Scorer, shadow: Shadow) -> None:
        self._scorer = scorer
        self._shadow = shadow

    def score(self, texts: Sequence[str]) -> Scores:
        """Return what the model at work says; see the port."""
        scores = self._scorer.score(texts)
        self._shadow.offer(texts, scores.labels)
        return scores
