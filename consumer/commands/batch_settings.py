"""How a bounded job is run: read once, checked together."""

import os
from dataclasses import dataclass
from enum import StrEnum

from consumer.bounded.job_run import JobLimits
from consumer.model.load import NEUTRAL_BAND_MAX
from shared.errors import ConfigurationError
from shared.settings import setting


class Engine(StrEnum):
    """What scores a bounded job."""

    LOCAL = "local"
    RAY = "ray"


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """How sure a label must be, what scores, and what bounds the job."""

    threshold: float | None = setting(
        None, "A label needs this much confidence, else it is neutral; --neutral-band plus 0.5."
    )
    workers: int = setting(0, "Threads that score; 0: one for each processor this process may use.", minimum=0)
    engine: str = setting(
        "local", "This machine's processors, or a Ray cluster's.", choices=tuple(engine.value for engine in Engine)
    )
    ray_address: str | None = setting(
        None,
        "Head of the Ray cluster, host:port; auto: the one this machine is part of; without it, one is started here.",
    )
    checkpoint_rows: int = setting(
        250_000, "Labels stored at a time; an interrupted job goes on behind them.", minimum=1
    )
    review_bytes_max: int = setting(1024 * 1024, "Longer texts are rejected, in bytes.", minimum=1)
    rejects_ratio_max: float = setting(
        0.05, "The job fails when more of the rows than this can't be labelled.", minimum=0
    )

    def band(self, neutral_band: float | None) -> float | None:
        """Return the neutral band that stands in for the model's, None where none does; one may be given beside."""
        if self.threshold is None:
            return neutral_band
        if neutral_band is not None:
            raise ConfigurationError(
                "--threshold and --neutral-band say the same thing twice", hint="leave one of them out"
            )
        if not NEUTRAL_BAND_MAX <= self.threshold <= 1:
            raise ConfigurationError(f"the threshold is {self.threshold:g}", hint="--threshold is between 0.5 and 1")
        return self.threshold - NEUTRAL_BAND_MAX

    def limits(self) -> JobLimits:
        """Return the bounds of the job."""
        workers = self.workers or len(os.sched_getaffinity(0))
        return JobLimits(workers, self.checkpoint_rows, self.review_bytes_max)


def kept_columns(assignments: tuple[str, ...], taken: list[str]) -> dict[str, str]:
    """Return which column is stored as what, from texts like `shop` or `label=truth`; `taken` are names in use."""
    kept: dict[str, str] = {}
    for assignment in assignments:
        column, _, name = assignment.partition("=")
        name = name or column
        if not column or name in taken or name in kept.values():
            raise ConfigurationError(
                f"--keep {assignment!r}: a column {name!r} is stored already",
                hint=f"--keep {column or 'COLUMN'}=NAME gives it another name",
            )
        kept[column] = name
    return kept
