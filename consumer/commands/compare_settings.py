"""What `compare` measures and what it holds that to."""

from dataclasses import dataclass

from consumer.measuring.verdict import Thresholds
from shared.settings import setting


@dataclass(frozen=True, slots=True)
class CompareSettings:
    """How long measuring takes, and what is good enough."""

    arrivals_per_s: float = setting(1000, "Reviews a second that micro-batch and stream are given.", minimum=0.1)
    measure_s: float = setting(
        3, "Seconds one measurement may take, about; slow ways go through fewer reviews.", minimum=0.01
    )
    accuracy_min: float = setting(0.85, "The first model's share of right answers must be above this.", minimum=0)
    real_time_s_max: float = setting(0.1, "Seconds a review must stay below this, one a call.", minimum=0)
    fast_s_max: float = setting(0.005, "The same for models of the recipe `fast`.", minimum=0)

    def thresholds(self) -> Thresholds:
        """Return what the verdict goes by."""
        return Thresholds(self.accuracy_min, self.real_time_s_max, self.fast_s_max)
