"""Warnings that come again and again are told once in a while, with how many were left out."""

import threading
from collections.abc import Callable
from typing import Any

import structlog

# What is told as often as it happens: a batch, a start, an end are news each time.
LIMITED_LEVELS = frozenset({"warning"})
# What others say, at whatever level: nobody knows how often.
LIMITED_EVENTS = frozenset({"client_log"})
AGAIN_AFTER_S = 10.0
# Kinds are few: names of ours, and of Kafka's errors. This is for those nobody thought of.
KINDS_MAX = 1000


class RateLimit:
    """A structlog processor: the first of a kind passes, then one in AGAIN_AFTER_S, with `suppressed` between.

    A kind is an event of one component with one error or reason; of the Kafka client's own lines, the word that begins
    each of them. Any thread may call it.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kinds: dict[tuple[object, ...], tuple[float, int]] = {}

    def __call__(self, _logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        """Return the event, or raise DropEvent."""
        if event.get("level") not in LIMITED_LEVELS and event["event"] not in LIMITED_EVENTS:
            return event
        why = event.get("error", event.get("reason"))
        kind = (event.get("component"), event["event"], why, _first_word(event.get("line")))
        now_s = self._monotonic()
        with self._lock:
            if kind not in self._kinds and len(self._kinds) >= KINDS_MAX:
                self._kinds.clear()
            again_at_s, suppressed = self._kinds.get(kind, (now_s, 0))
            if now_s < again_at_s:
                self._kinds[kind] = (again_at_s, suppressed + 1)
                raise structlog.DropEvent
            self._kinds[kind] = (now_s + AGAIN_AFTER_S, 0)
        if suppressed:
            event["suppressed"] = suppressed
        return event


def _first_word(line: Any) -> str:
    return str(line or "").partition(" ")[0]
