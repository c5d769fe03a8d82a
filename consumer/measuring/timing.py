"""What rounds of one measurement took: medians and ranges over the rounds, percentiles within each."""

import statistics
from collections.abc import Sequence

import msgspec
import numpy as np

PERCENTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}
# The share of reviews that took longer, evenly spaced on a log scale: where a distribution is drawn.
CURVE_BEYOND = tuple(float(f"{share:.4g}") for share in np.geomspace(1, 0.001, 31))
MILLION = 1_000_000


class Spread(msgspec.Struct, frozen=True):
    """The median and the range of one figure over the rounds."""

    median: float
    low: float
    high: float


class Round(msgspec.Struct, frozen=True):
    """What one round took, in seconds.

    `seconds` and `cpu_seconds` are of the whole round (perf_counter and process_time), `work_s` what was spent on its
    reviews, without waiting for them; `latencies_s` is how long each review waited for its label; `calls` is how often
    the model was asked. None where it can't be told.
    """

    seconds: float
    cpu_seconds: float | None
    work_s: float
    calls: int | None
    latencies_s: list[float]


class Timing(msgspec.Struct, frozen=True):
    """The rounds of one measurement in figures; times in seconds, `curve_s` at CURVE_BEYOND of all rounds together."""

    rounds: int
    reviews: int
    seconds: Spread
    review_s: Spread
    per_s: Spread
    cpu_s_a_million: Spread | None
    latency_s: dict[str, Spread]
    curve_s: tuple[float, ...]
    reviews_a_call: float | None


def spread(figures: Sequence[float]) -> Spread:
    """Return median and range to four significant digits: more would be noise."""
    return Spread(*(float(f"{figure:.4g}") for figure in (statistics.median(figures), min(figures), max(figures))))


def summarise(rounds: Sequence[Round]) -> Timing:
    """Return the figures of rounds over the same reviews, of which there is at least one."""
    reviews = len(rounds[0].latencies_s)
    percentiles = np.array([np.quantile(one.latencies_s, list(PERCENTILES.values())) for one in rounds])
    together = np.concatenate([one.latencies_s for one in rounds])
    curve = np.quantile(together, 1 - np.array(CURVE_BEYOND))
    processor = [one.cpu_seconds for one in rounds if one.cpu_seconds is not None]
    calls = [one.calls for one in rounds if one.calls]
    return Timing(
        rounds=len(rounds),
        reviews=reviews,
        seconds=spread([one.seconds for one in rounds]),
        review_s=spread([one.work_s / reviews for one in rounds]),
        per_s=spread([reviews / one.seconds for one in rounds]),
        cpu_s_a_million=spread([seconds / reviews * MILLION for seconds in processor]) if processor else None,
        latency_s=dict(zip(PERCENTILES, map(spread, percentiles.T.tolist()), strict=True)),
        curve_s=tuple(float(f"{seconds:.4g}") for seconds in curve),
        reviews_a_call=round(statistics.mean(reviews / count for count in calls), 1) if calls else None,
    )
