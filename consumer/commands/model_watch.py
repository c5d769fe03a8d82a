"""The models of a stream that runs: a new one is taken when its folder changes or SIGHUP asks, one may be a shadow."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from importlib.metadata import version
from queue import Empty, SimpleQueue
from threading import Thread
from types import FrameType, TracebackType
from typing import Any, Protocol, Self, TextIO

from consumer.commands.run_settings import RunSettings
from consumer.model.load import LoadedModel, load_scorer
from consumer.model.reloading import ModelReload
from consumer.scoring.lane import ThreadLane
from consumer.scoring.loop import ScoringLoop
from consumer.scoring.ports import Scorer
from consumer.scoring.shadow import BatchShare, Shadow, ShadowedScorer
from consumer.telemetry.metrics import ConsumerMetrics
from shared.logs import get_logger

# So soon after a change was seen the second look follows, where looks are further apart than that.
REST_S = 1.0
END_S_MAX = 5.0


class Judge(Protocol):
    """What a watch wakes: a ModelReload."""

    @property
    def unsettled(self) -> bool:
        """Whether a second look should follow soon."""
        ...

    def look(self) -> None:
        """Look for a change."""
        ...

    def look_now(self) -> None:
        """Judge what is there, changed or not."""
        ...


class _Ask(Enum):
    LOOK = auto()
    END = auto()


class ModelWatch:
    """Looks at a model's folder in a thread of its own, every `every_s` seconds and when SIGHUP comes.

    With `every_s` 0 only when SIGHUP comes. Where it comes because `terminal` was closed it asks to stop.
    """

    def __init__(self, reload: Judge, every_s: float, terminal: TextIO) -> None:
        self._reload = reload
        self._every_s = every_s
        # Its `put` may interrupt its `get`, as a signal's handler does.
        self._asks: SimpleQueue[_Ask] = SimpleQueue()
        self._thread = Thread(target=self._run, name="model-watch", daemon=True)
        self._terminal = terminal
        self._on_terminal = terminal.isatty()
        self._before: Any = signal.SIG_DFL

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGHUP, self._on_hang_up)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGHUP, self._before)
        self._asks.put(_Ask.END)
        self._thread.join(END_S_MAX)

    def _on_hang_up(self, _number: int, _frame: FrameType | None) -> None:
        if self._on_terminal and not self._terminal.isatty():
            signal.raise_signal(signal.SIGTERM)
        else:
            self._asks.put(_Ask.LOOK)

    def _run(self) -> None:
        while True:
            try:
                ask = self._asks.get(timeout=self._wait_s())
            except Empty:
                self._reload.look()
                continue
            if ask is _Ask.END:
                return
            self._reload.look_now()

    def _wait_s(self) -> float | None:
        if not self._every_s:
            return None
        return min(REST_S, self._every_s) if self._reload.unsettled else self._every_s


@contextmanager
def watched_models(
    settings: RunSettings, loaded: LoadedModel, loop: ScoringLoop[Any], metrics: ConsumerMetrics
) -> Iterator[None]:
    """Have the loop score by the model that was loaded, and by those that take its place while the context lasts."""
    with _shadowing(settings, metrics) as beside:

        def use(new: LoadedModel) -> None:
            loop.use(beside(new.scorer))
            metrics.serving(version("reviewstream"), new.manifest.model())
            metrics.quality.refer_to(new.label_shares)

        use(loaded)
        reload = ModelReload(
            settings.model,
            loaded.manifest,
            lambda folder: load_scorer(folder, settings.neutral_band),
            use,
            metrics.models,
        )
        # Only the loop holds it from here on, and lets it go when another takes its place.
        del loaded
        with ModelWatch(reload, settings.model_watch, sys.stderr):
            yield


@contextmanager
def _shadowing(settings: RunSettings, metrics: ConsumerMetrics) -> Iterator[Callable[[Scorer], Scorer]]:
    """Give what puts the shadow model, where the settings name one, beside a scorer."""
    folder = settings.shadow_model
    if folder is None:
        yield lambda scorer: scorer
        return

    def load() -> Scorer:
        # Labelling as it would if it took over.
        loaded = load_scorer(folder, settings.neutral_band)
        metrics.models.shadowed_by(loaded.manifest.model())
        get_logger("run").info("shadow_loaded", model=loaded.manifest.name, digest=loaded.manifest.digest()[:12])
        return loaded.scorer

    with ThreadLane("shadow") as lane:
        shadow = Shadow(load, BatchShare(settings.shadow_share), metrics.models, lane)
        shadow.start()
        yield lambda scorer: ShadowedScorer(scorer, shadow)
