"""Figures as they stand in a terminal: numbers with units, bars, and courses of a few letters' height."""

import math
from collections.abc import Sequence

from consumer.measuring.advice import duration

UNKNOWN = "\N{EN DASH}"
LEVELS = "▁▂▃▄▅▆▇█"
EIGHTHS = " ▏▎▍▌▋▊▉"
WHOLE_FROM = 10
SIZES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def count(number: float | None) -> str:
    """Return a number of things."""
    return UNKNOWN if number is None else f"{number:,.0f}"


def rate(per_second: float | None) -> str:
    """Return how many in a second; small ones with a digit behind the point."""
    if per_second is None:
        return UNKNOWN
    return f"{per_second:,.1f}/s" if 0 < per_second < WHOLE_FROM else f"{per_second:,.0f}/s"


def seconds(number: float | None) -> str:
    """Return a time in the unit that suits it."""
    if number is None:
        return UNKNOWN
    return duration(number) if number > 0 else "0 s"


def share(number: float | None) -> str:
    """Return a share as percent."""
    if number is None:
        return UNKNOWN
    return f"{number:.1%}" if 0 < number < WHOLE_FROM / 100 else f"{number:.0%}"


def size(number_bytes: float | None) -> str:
    """Return an amount of memory in decimal units."""
    if number_bytes is None:
        return UNKNOWN
    for unit_bytes, unit in SIZES:
        if number_bytes >= unit_bytes:
            return f"{number_bytes / unit_bytes:.3g} {unit}"
    return f"{number_bytes:.0f} B"


def bar(part: float, width: int) -> str:
    """Return a bar for a share of so many letters, exact to an eighth of one."""
    eighths = round(min(1.0, max(0.0, part)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (EIGHTHS[rest] if rest else "")).ljust(width)


def course(numbers: Sequence[float | None], width: int) -> str:
    """Return the last numbers as a letter each, from nothing to their largest; a space where one is not known."""
    last = list(numbers)[-width:] if width > 0 else []
    top = max((number for number in last if number is not None), default=0.0)
    return "".join(" " if number is None else _level(number, top) for number in last).rjust(max(0, width))


def _level(number: float, top: float) -> str:
    if top <= 0:
        return LEVELS[0]
    return LEVELS[min(len(LEVELS) - 1, math.floor(number / top * len(LEVELS)))]
