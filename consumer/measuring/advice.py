"""Which mode for so many reviews and so much time, by what was measured."""

import math
from collections.abc import Sequence

import msgspec

from consumer.measuring.costs import Cost

# A process that is to keep up is not planned to be busy for more of its time than this.
BUSY_SHARE_MAX = 0.7
# Numbers from here on are shown without decimals, smaller ones with three digits.
SHOWN_WHOLE = 1000
UNITS_S = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms"))


class Plan(msgspec.Struct, frozen=True):
    """So many reviews: at once, or spread over every `every_s`; each answered within `within_s`, both in seconds."""

    reviews: int
    within_s: float | None = None
    every_s: float | None = None


class Option(msgspec.Struct, frozen=True):
    """What one mode makes of a plan: whether it will do, how busy it is, and how many runs or processes it takes."""

    name: str
    will_do: bool
    busy_s: float
    says: str


class Advice(msgspec.Struct, frozen=True):
    """The mode to take, None where none will do, and what each makes of the plan."""

    plan: Plan
    advised: str | None
    options: list[Option]


def advise(plan: Plan, costs: Sequence[Cost]) -> Advice:
    """Return the mode that will do with the least work, and for reviews that are there at once the soonest."""
    make = _at_once if plan.every_s is None else _recurring
    options = [make(plan, cost) for cost in costs]
    fitting = [option for option in options if option.will_do]
    best = min(fitting, key=lambda option: option.busy_s, default=None)
    return Advice(plan, best.name if best else None, options)


def duration(seconds: float) -> str:
    """Return a time for people, in the unit that suits it."""
    # Rounded first: a thousand microseconds are a millisecond.
    rounded = float(f"{seconds:.3g}")
    for size, unit in UNITS_S:
        if rounded >= size:
            return f"{_digits(rounded / size)} {unit}"
    return f"{_digits(rounded * 1e6)} µs"


def duration_range(low_s: float, high_s: float) -> str:
    """Return two times for people, the unit once where it is the same."""
    low, high = duration(low_s), duration(high_s)
    number, _, unit = low.partition(" ")
    return f"{number}-{high}" if high.endswith(f" {unit}") else f"{low} - {high}"


def _digits(number: float) -> str:
    return f"{number:,.0f}" if number >= SHOWN_WHOLE else f"{number:.3g}"


def _at_once(plan: Plan, cost: Cost) -> Option:
    takes_s = cost.seconds(plan.reviews)
    within_s = math.inf if plan.within_s is None else plan.within_s
    if takes_s <= within_s:
        return Option(cost.name, will_do=True, busy_s=takes_s, says=f"done after {duration(takes_s)}")
    room_s = within_s - cost.fixed_s
    if room_s <= 0:
        return Option(cost.name, will_do=False, busy_s=takes_s, says=f"starts for {duration(cost.fixed_s)}: too late")
    processes = math.ceil(cost.review_s * plan.reviews / room_s)
    says = f"done after {duration(takes_s)}: too late; {processes} such processes would do"
    return Option(cost.name, will_do=False, busy_s=takes_s, says=says)


def _recurring(plan: Plan, cost: Cost) -> Option:
    every_s = plan.every_s or math.inf
    return _in_runs(plan, cost, every_s) if cost.started_for_it else _as_they_come(plan, cost, every_s)


def _in_runs(plan: Plan, cost: Cost, every_s: float) -> Option:
    # A review waits for the next run and then for that run's end: (every + work) / runs + fixed at most.
    within_s = math.inf if plan.within_s is None else plan.within_s
    work_s = cost.review_s * plan.reviews
    room_s = within_s - cost.fixed_s
    runs = 1 if math.isinf(within_s) else math.ceil((every_s + work_s) / room_s) if room_s > 0 else 0
    busy_s = runs * cost.fixed_s + work_s
    if runs == 0:
        return Option(cost.name, will_do=False, busy_s=work_s, says=f"starts for {duration(cost.fixed_s)}: too late")
    if busy_s > BUSY_SHARE_MAX * every_s:
        says = f"{runs:,} runs in {duration(every_s)} would be busy {busy_s / every_s:.0%} of the time"
        return Option(cost.name, will_do=False, busy_s=busy_s, says=says)
    oldest_s = (every_s + work_s) / runs + cost.fixed_s
    often = f"{runs:,} run{'s' * (runs > 1)} in {duration(every_s)}, busy {duration(busy_s)} together"
    says = f"{often}; a label is at most {duration(oldest_s)} old"
    return Option(cost.name, will_do=True, busy_s=busy_s, says=says)


def _as_they_come(plan: Plan, cost: Cost, every_s: float) -> Option:
    busy_s = cost.review_s * plan.reviews
    share = busy_s / every_s
    answers_s = cost.seconds(1)
    late = plan.within_s is not None and answers_s > plan.within_s
    says = f"runs all the time, busy {share:.2%} of it; a label comes after {duration(answers_s)}"
    if share > BUSY_SHARE_MAX:
        says += f"; {math.ceil(share / BUSY_SHARE_MAX)} such processes would do"
    return Option(cost.name, will_do=not late and share <= BUSY_SHARE_MAX, busy_s=busy_s, says=says)
