"""Times several ways to do one thing, in turns, so that a busy moment of the machine hits all of them."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def interleaved(
    ways: Mapping[str, Callable[[Item], object]], items: Sequence[Item], rounds: int, before: Sequence[Item] = ()
) -> dict[str, float]:
    """Return for each way the seconds that all items take: the sum of each item's fastest round.

    A way goes through all items before the next has its turn: none finds in the cache what another one put there. It
    starts each turn with items that are not timed, `before`, so that it is as warm as in steady work.
    """
    fastest = {name: [float("inf")] * len(items) for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            for item in before:
                way(item)
            for place, item in enumerate(items):
                started = time.perf_counter()
                way(item)
                fastest[name][place] = min(fastest[name][place], time.perf_counter() - started)
    return {name: sum(seconds) for name, seconds in fastest.items()}
