"""The whole comparison: every contestant in turn, round after round, then the probes, then the kills."""

import statistics
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from subprocess import SubprocessError
from typing import Any, TypeAlias

from confluent_kafka import KafkaException

from benchmarks.peers.bench import Bench
from benchmarks.peers.classifier import COMPILED, SKLEARN
from benchmarks.peers.contestants import Contestant
from benchmarks.peers.kills import measure_kills
from benchmarks.peers.latency import measure_latency
from benchmarks.peers.throughput import Pace, measure_throughput
from benchmarks.peers.topics import reviews, unique_name
from shared.errors import ReviewstreamError

ONE_LINERS, LONG = "one-liners", "imdb"
DATASETS = {ONE_LINERS: "rotten-tomatoes", LONG: "imdb"}


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: `backlog` bounds what the fastest finds, `window_s` what each one gets."""

    rounds: dict[str, int]
    window_s: float
    latency_s: float
    backlog: dict[str, int]
    kill_backlog_s: float
    kill_backlog_records_max: int


FULL = Plan(
    rounds={ONE_LINERS: 2, LONG: 1},
    window_s=4.0,
    latency_s=6.0,
    backlog={ONE_LINERS: 600_000, LONG: 200_000},
    kill_backlog_s=12.0,
    kill_backlog_records_max=300_000,
)
QUICK = Plan(
    rounds={ONE_LINERS: 1, LONG: 1},
    window_s=2.0,
    latency_s=3.0,
    backlog={ONE_LINERS: 100_000, LONG: 30_000},
    kill_backlog_s=4.0,
    kill_backlog_records_max=40_000,
)
# Where a contestant's pace is not known, its backlog for kills is this.
UNKNOWN_PACE_PER_S = 500.0

# What spoils one measurement, and no other: a contestant, the broker, a process or a file.
FAILURES = (ReviewstreamError, KafkaException, SubprocessError, OSError)
# A contestant's name, the scorer, the length of the reviews.
Cell: TypeAlias = tuple[str, str, str]
Found: TypeAlias = dict[str, dict[str, Any]]


class Comparison:
    """Runs a plan; a contestant that fails at something has the reason in its result, and the others go on."""

    def __init__(self, bench: Bench, contestants: Sequence[Contestant], plan: Plan) -> None:
        self._bench = bench
        self._contestants = contestants
        self._plan = plan
        self._lock = threading.Lock()
        self.found: Found = {contestant.name: {"failures": []} for contestant in contestants}

    def run(self) -> Found:
        """Measure everything and return it by contestant."""
        self._measure_paces()
        for contestant in self._contestants:
            self._attempt(contestant, "latency", lambda each: asdict(self._latency(each)))
        # Losses are counted, not timed, and most of the time a group waits for its dead member: all at the same time.
        with ThreadPoolExecutor(len(self._contestants)) as pool:
            list(pool.map(self._measure_kills, self._contestants))
        return self.found

    def _measure_paces(self) -> None:
        backlogs = {name: self._bench.topics.make(unique_name(name)) for name in DATASETS}
        for name, topic in backlogs.items():
            self._bench.topics.fill(topic, reviews(DATASETS[name], self._plan.backlog[name]))
        paces: dict[Cell, list[Pace]] = {}
        for number in range(max(self._plan.rounds.values())):
            for scorer, length in ((SKLEARN, ONE_LINERS), (SKLEARN, LONG), (COMPILED, ONE_LINERS)):
                # With the compiled scorer it is the tools' own cost that shows: once is enough.
                if number >= (1 if scorer == COMPILED else self._plan.rounds[length]):
                    continue
                for contestant in self._contestants:
                    if scorer == SKLEARN or not contestant.ours:
                        self._measure_pace(contestant, (contestant.name, scorer, length), backlogs[length], paces)
        for (name, scorer, length), turns_of_one in paces.items():
            self.found[name].setdefault("throughput", {}).setdefault(scorer, {})[length] = summary(turns_of_one)
        self._bench.topics.remove(list(backlogs.values()))

    def _measure_pace(self, contestant: Contestant, cell: Cell, backlog: str, paces: dict[Cell, list[Pace]]) -> None:
        _, scorer, length = cell
        what = f"throughput, {scorer}, {length}"
        try:
            pace = measure_throughput(self._bench, contestant, scorer, backlog, self._plan.window_s)
        except FAILURES as error:
            self._failed(contestant, what, error)
            return
        paces.setdefault(cell, []).append(pace)
        say(f"{contestant.name:<26}{what:<34}{pace.labels_per_s:>10,.0f}/s")

    def _latency(self, contestant: Contestant) -> Any:
        found = measure_latency(self._bench, contestant, SKLEARN, self._plan.latency_s)
        say(f"{contestant.name:<26}latency{'':<27}p50 {found.p50_ms:,.1f} ms, p99 {found.p99_ms:,.1f} ms")
        return found

    def _measure_kills(self, contestant: Contestant) -> None:
        pace = self.found[contestant.name].get("throughput", {}).get(SKLEARN, {}).get(ONE_LINERS, {})
        wanted = pace.get("labels_per_s", UNKNOWN_PACE_PER_S) * self._plan.kill_backlog_s
        inputs = round(min(self._plan.kill_backlog_records_max, wanted))

        def kills(each: Contestant) -> dict[str, Any]:
            found = measure_kills(self._bench, each, SKLEARN, inputs)
            say(f"{each.name:<26}kills of {inputs} inputs: {found.missing} missing, {found.repeated} repeated")
            return asdict(found)

        self._attempt(contestant, "kills", kills)

    def _attempt(self, contestant: Contestant, what: str, measure: Callable[[Contestant], dict[str, Any]]) -> None:
        try:
            self.found[contestant.name][what] = measure(contestant)
        except FAILURES as error:
            self._failed(contestant, what, error)

    def _failed(self, contestant: Contestant, what: str, error: Exception) -> None:
        with self._lock:
            self.found[contestant.name]["failures"].append(f"{what}: {error}")
        say(f"{contestant.name:<26}{what}: failed: {error}")


def summary(paces: Sequence[Pace]) -> dict[str, Any]:
    """Return the median of each figure over the rounds, and every round's pace."""
    return {
        "labels_per_s": round(statistics.median(pace.labels_per_s for pace in paces), 1),
        "rounds_per_s": [round(pace.labels_per_s, 1) for pace in paces],
        "labels": sum(pace.labels for pace in paces),
        "cpu_s_per_million": round(statistics.median(pace.cpu_s_per_million for pace in paces), 1),
        "rss_max_mib": round(statistics.median(pace.rss_max_bytes for pace in paces) / 2**20),
        "first_label_after_s": round(statistics.median(pace.first_label_after_s for pace in paces), 1),
    }


def say(line: str) -> None:
    """Tell the person who waits."""
    print(line, file=sys.stderr, flush=True)
