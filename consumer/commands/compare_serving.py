"""`compare --metrics-port`: its figures for Prometheus until it is told to stop, measured anew from time to time."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client.process_collector import ProcessCollector

from consumer.telemetry.comparison_metrics import ComparisonCollector, ComparisonFigures
from shared.logs import get_logger
from shared.probes import Check, ProbeServer
from shared.stop_signals import StopSignals, stop_ends_the_start

# Nobody waits longer than this for the next comparison: a wait without an end is one of many of these.
WAIT_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Serving:
    """Where figures are served, and the seconds from the start of one comparison to the next; None: no next one."""

    host: str
    port: int
    repeat_every_s: float | None


def serve_comparisons(measure: Callable[[], ComparisonFigures], serving: Serving) -> int:
    """Serve what `measure` finds until told to stop; return 0 where the last verdict was good, else 1.

    An error of `measure` ends it: who sees no figures looks at the log, old figures would hide it.
    """
    collector = ComparisonCollector()
    registry = CollectorRegistry()
    registry.register(collector)
    ProcessCollector(registry=registry)
    checks: dict[str, Check] = {
        "/livez": lambda: "",
        "/readyz": lambda: "" if collector.shown else "no comparison has ended yet",
    }
    with ProbeServer(registry, serving.host, serving.port, checks) as server:
        log = get_logger("compare")
        log.info("serving", metrics_port=server.port)
        while True:
            started_s = time.monotonic()
            # Nothing is in flight that would have to be finished; what was opened is closed on the way out.
            with stop_ends_the_start():
                found = measure()
            collector.show(found)
            with StopSignals() as stop:
                log.info("compared", good_enough=found.good_enough, seconds=round(time.monotonic() - started_s, 1))
                if _told_to_stop(stop, started_s, serving.repeat_every_s):
                    return 0 if found.good_enough else 1


def _told_to_stop(stop: StopSignals, started_s: float, repeat_every_s: float | None) -> bool:
    """Wait until the next comparison is due, or a stop is asked for; return whether it is."""
    while not stop.requested():
        left_s = WAIT_S if repeat_every_s is None else started_s + repeat_every_s - time.monotonic()
        if left_s <= 0:
            return False
        stop.sleep(min(left_s, WAIT_S))
    return True
