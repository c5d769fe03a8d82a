"""Rules whose time runs faster, so that what takes hours can be seen in minutes."""

import re

UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
# What stands before a duration: the window of a rate, how long a condition must hold, how often a group is worked out.
DURATION = re.compile(r"(?P<before>\[|\bfor: |\binterval: )(?P<number>\d+)(?P<unit>ms|[smhd])(?![\w.])")


def quickened(rules: str, times: float) -> str:
    """Return a file of rules with each duration divided; names, thresholds and words stay as they are."""

    def shorter(found: re.Match[str]) -> str:
        seconds = int(found["number"]) * UNIT_S[found["unit"]]
        return f"{found['before']}{round(seconds * 1000 / times)}ms"

    return DURATION.sub(shorter, rules)


def without_durations(rules: str) -> str:
    """Return a file of rules with a sign in place of each duration, quickened or not."""
    return DURATION.sub(r"\g<before>…", rules)
