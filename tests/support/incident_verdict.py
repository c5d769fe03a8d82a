"""What should fire in a staged incident, and whether it did: judged from what Prometheus has stored."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.alert_history import Firing

# These look back so far that they end long after the incident has.
ENDLESS = "3d"
BUDGET = "FreshnessBudgetBurn"


@dataclass(frozen=True, slots=True)
class Plan:
    """One thing that goes wrong: alerts that must fire because of it, in this order, and those that may."""

    name: str
    expected: tuple[str, ...]
    companions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Stage:
    """A plan that was carried out; in seconds since 1970, `next_s` is when the next stage began."""

    plan: Plan
    began_s: float
    ended_s: float
    next_s: float


def judge(stages: Sequence[Stage], found: Sequence[Firing]) -> dict[str, bool]:
    """Return whether what was to be expected of the alerts is so, by what it is."""
    return {
        "nothing fires before the first stage": all(firing.began_s >= stages[0].began_s for firing in found),
        "each stage's alerts fire in it, in order": all(
            [name for name in fired_in(stage, found) if name in stage.plan.expected] == list(stage.plan.expected)
            for stage in stages
        ),
        "nothing else fires": all(set(fired_in(stage, found)) <= allowed(stages, stage) for stage in stages),
        "everything ends but what looks back for days": all(
            firing.ended_s is not None for firing in found if firing.what != ENDLESS
        ),
    }


def fired_in(stage: Stage, found: Sequence[Firing]) -> list[str]:
    """Return the names of the alerts that began to fire in a stage, in the order in which they first did."""
    began = [firing for firing in found if stage.began_s <= firing.began_s < stage.next_s]
    return list(dict.fromkeys(firing.alert for firing in sorted(began, key=lambda firing: firing.began_s)))


def allowed(stages: Sequence[Stage], stage: Stage) -> set[str]:
    """Return the alerts that may begin in a stage: its own, and of the budget that the first stage has burnt."""
    burnt = {BUDGET} if BUDGET in stages[0].plan.expected else set()
    return {*stage.plan.expected, *stage.plan.companions, *burnt}
