"""Whether the model is whole, says what it said when it was trained, and is scored by the kernel."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from consumer.examining.finding import Note, passed, warning
from consumer.model.artifact import size_bytes
from consumer.model.load import COMPILED, LoadedModel, load_scorer
from consumer.model.manifest import MANIFEST
from shared.clock import Clock

MODEL = "--model (REVIEWS_MODEL)"
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """Whether the stream could score with this model."""

    folder: Path
    neutral_band: float | None
    clock: Clock
    load: Callable[[Path, float | None], LoadedModel] = load_scorer
    name: str = "model"
    after: Sequence[str] = ("config",)
    # Without kept code it is compiled first, which takes tens of seconds where other work is done.
    limit_s: float = 120.0

    def run(self) -> list[Note]:
        """Load it as the stream does; raises ConfigurationError where a digest or a golden answer differs."""
        started_s = time.monotonic()
        loaded = self.load(self.folder, self.neutral_band)
        seconds = time.monotonic() - started_s
        manifest = loaded.manifest
        age_days = (self.clock.now() - (self.folder / MANIFEST).stat().st_mtime) / DAY_S
        size = sum(size_bytes(self.folder, manifest).values())
        seen = (
            f"{manifest.name} {manifest.version}, digest {manifest.digest()[:12]}, {size / 1e6:.1f} MB on disk, "
            f"written {max(0.0, age_days):.0f} days ago, answers its golden texts; ready after {seconds:.1f} s"
        )
        if loaded.scored_by != COMPILED:
            return [
                warning(
                    f"{seen}; scored by {loaded.scored_by}",
                    f"the {COMPILED}, which is many times faster",
                    f"{MODEL} names one of another recipe: `review-consumer train --help` lists them",
                )
            ]
        return [passed(seen)]
