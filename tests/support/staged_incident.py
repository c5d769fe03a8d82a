"""Consumers under a steady load, a broker that freezes, a sender that sends rubbish, a model that nobody can read."""

import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path

import click
import msgspec

from shared.dev_broker.local_kafka import LocalKafka
from tests.support.incident_verdict import BUDGET, ENDLESS, Plan, Stage
from tests.support.prometheus_server import PrometheusServer
from tests.support.staged_reviews import StagedReviews

PAUSED_S = 45.0
STAGE_S_MAX = 90.0
ASK_EVERY_S = 0.25
HISTORY_STEP_S = 1.0
# Burnt in the first stage, it ends in a later one.
MIDDLE_WINDOW = "6h"
PAUSE = Plan(
    f"broker paused {PAUSED_S:g} s",
    ("ConsumerStalled", "LagSecondsHigh", BUDGET),
    # The frozen broker may forget its members, and the backlog grows until they are back.
    frozenset({"PartitionsUnassigned", "RebalanceStorm", "LagGrowing"}),
)
POISON = Plan("5 % of the records unreadable", ("DeadLetterAny", "DeadLetterRatioHigh"))
BAD_MODEL = Plan("a bad model is offered", ("ModelReloadFailed",))


class StagedIncident:
    """Does one thing after the other, and waits for the alerts of each to fire and to end."""

    def __init__(self, broker: LocalKafka, prometheus: PrometheusServer, reviews: StagedReviews) -> None:
        self._broker = broker
        self._prometheus = prometheus
        self._reviews = reviews
        self.stages: list[Stage] = []
        self.in_vain: list[str] = []

    def pause_the_broker(self) -> None:
        """Freeze the broker, and let it go on."""

        def freeze() -> None:
            self._broker.pause(1)
            # How long it lasts is what the stage is about.
            threading.Event().wait(PAUSED_S)
            self._broker.resume(1)

        self._carry_out(PAUSE, freeze)

    def send_rubbish(self) -> None:
        """Spoil a part of the records until both alerts of it fire."""

        def spoil() -> None:
            self._reviews.poison.set()
            self._await_firing(POISON.expected)
            self._reviews.poison.clear()

        self._carry_out(POISON, spoil)

    def offer_a_bad_model(self, folder: Path) -> None:
        """Put a manifest of a format that nobody knows in the place of the one at work."""

        def offer() -> None:
            manifest = msgspec.json.decode((folder / "manifest.json").read_bytes()) | {"format": 99}
            (folder / "manifest.new").write_bytes(msgspec.json.encode(manifest))
            (folder / "manifest.new").rename(folder / "manifest.json")

        self._carry_out(BAD_MODEL, offer)

    def await_silence(self) -> None:
        """Wait until nothing fires but what looks back for days."""
        self._await(lambda: not self._firing({ENDLESS}), "nothing fires")

    def _carry_out(self, plan: Plan, fault: Callable[[], None]) -> None:
        click.echo(f"{plan.name} …")
        began_s = time.time()
        fault()
        ended_s = time.time()
        self._await_firing(plan.expected)
        own = {*plan.expected, *plan.companions}
        self._await(
            lambda: not own & self._firing({ENDLESS, MIDDLE_WINDOW}) and self._caught_up(),
            f"the alerts of '{plan.name}' end and nothing waits",
        )
        # What is seen to fire now shows in the history at its next step.
        self.stages.append(Stage(plan, began_s, ended_s, time.time() + HISTORY_STEP_S))

    def _await_firing(self, names: Collection[str]) -> None:
        self._await(lambda: set(names) <= self._fired(), f"{', '.join(names)} fire")

    def _await(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + STAGE_S_MAX
        while not holds():
            if time.monotonic() > deadline:
                # The verdict tells; the rest is worth seeing all the same.
                self.in_vain.append(f"{what} (firing: {', '.join(sorted(self._firing(set())))})")
                return
            threading.Event().wait(ASK_EVERY_S)

    def _firing(self, apart_from: Collection[str]) -> set[str]:
        """Return what fires now, without the alerts of these windows."""
        return {
            alert.name
            for alert in self._prometheus.alerts()
            if alert.state == "firing" and alert.labels.get("window") not in apart_from
        }

    def _caught_up(self) -> bool:
        return bool(self._prometheus.query("max(reviews_lag_seconds) < 1 and on () min(up) == 1").series)

    def _fired(self) -> set[str]:
        found = self._prometheus.query('max_over_time(ALERTS{alertstate="firing"}[1h])')
        return {series.labels["alertname"] for series in found.series}
