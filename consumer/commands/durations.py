"""Times as people write them on a command line: a click callback."""

import re

import click

UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([a-z]+)", re.ASCII)


def parse_duration(_context: click.Context, _parameter: click.Parameter, text: str | None) -> float | None:
    """Return the seconds of a time such as 250ms, 30s, 5m, 24h or 7d."""
    if text is None:
        return None
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None or found[2] not in UNITS_S:
        raise click.BadParameter(f"{text!r} is no time such as 30s, 5m, 24h or 7d; units are {', '.join(UNITS_S)}")
    seconds = float(found[1]) * UNITS_S[found[2]]
    if seconds <= 0:
        raise click.BadParameter(f"{text!r} is no time at all")
    return seconds
