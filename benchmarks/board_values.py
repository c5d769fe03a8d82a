"""Numbers as a board writes them, by the unit of its panel."""

import re
from collections.abc import Mapping

SECONDS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
THOUSANDS = ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k"), (1.0, ""))
LABEL = re.compile(r"{{(\w+)}}")


def written(value: float, unit: str, decimals: int | None = None) -> str:
    """Return a value with its unit, three digits long; without a part after the point where `decimals` are 0."""
    if decimals == 0 and unit == "short":
        return f"{value:.0f}"
    if unit == "percentunit":
        return f"{100 * value:.3g} %"
    if unit == "sci":
        return f"{value:.2g}"
    if unit == "s":
        return _scaled(value, SECONDS, " ")
    if unit == "bytes":
        return f"{_scaled(value, THOUSANDS, '')}B"
    return f"{_scaled(value, THOUSANDS, '')}{'/s' if unit == 'cps' else ''}"


def called(legend: str, labels: Mapping[str, str]) -> str:
    """Return how a series is called: its legend, with the labels it names."""
    return LABEL.sub(lambda found: labels.get(found[1], ""), legend)


def _scaled(value: float, scale: tuple[tuple[float, str], ...], between: str) -> str:
    size, name = next((step for step in scale if abs(value) >= step[0]), scale[-1])
    if value == 0:
        size, name = 1.0, "s" if between else ""
    return f"{value / size:.3g}{between}{name}"
