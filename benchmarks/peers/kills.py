"""What a contestant loses or repeats when it is killed in the middle of a backlog and started again the same way."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from benchmarks.peers.bench import Bench, Seat
from benchmarks.peers.contestants import Contestant
from benchmarks.peers.topics import Reader, reviews, unique_name

DATASET = "rotten-tomatoes"
KILLS = 2
# A member that was killed is waited for by its group: 45 s by default.
NEXT_LABEL_S_MAX = 150.0
# Nothing new for so long and reviews without a label: they are missing. A reader of committed records waits for a
# transaction that a kill left open until it times out, after 60 s by default.
SILENCE_S = 90.0
# Where every review has its label, repeats may still follow.
REPEATS_S = 5.0


class Source(msgspec.Struct, frozen=True):
    """Which review a label is for."""

    partition: int
    offset: int


class SourcedLabel(msgspec.Struct):
    """What counting needs of a label."""

    source: Source


_decode = msgspec.json.Decoder(SourcedLabel).decode


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What a reader of committed labels finds; `standstill_s` is the longest wait for one after a restart.

    `passed_over` counts those of the missing that the group has committed: they will never be labelled.
    """

    kills: int
    inputs: int
    labelled: int
    missing: int
    passed_over: int
    repeated: int
    standstill_s: float


class Tally:
    """Counts the labels of each review as they become visible to a reader of committed records."""

    def __init__(self, bootstrap_servers: str, topic: str) -> None:
        self._reader = Reader(bootstrap_servers, topic, "read_committed")
        self._labels: Counter[Source] = Counter()
        self.records = 0

    def read(self, wait_s: float) -> int:
        """Count what is there or comes within the time; return how many labels that were."""
        messages = self._reader.read(wait_s)
        self.records += len(messages)
        self._labels.update(_decode(message.value() or b"").source for message in messages)
        return len(messages)

    @property
    def labelled(self) -> int:
        """How many reviews have a label."""
        return len(self._labels)

    def without_label(self, committed: Mapping[int, int]) -> int:
        """Return how many reviews before these offsets, by partition, have no label."""
        sources = (Source(partition, offset) for partition, end in committed.items() for offset in range(end))
        return sum(source not in self._labels for source in sources)

    def close(self) -> None:
        """Leave."""
        self._reader.close()


def measure_kills(bench: Bench, contestant: Contestant, scorer: str, inputs: int) -> Aftermath:
    """Kill a contestant with -9 at each third of a backlog, start it again, and count when it is done."""
    backlog = bench.topics.make(unique_name("backlog"))
    bench.topics.fill(backlog, reviews(DATASET, inputs))
    standstill_s = 0.0
    try:
        with bench.seat(contestant, scorer, backlog) as seat:
            tally = Tally(bench.topics.bootstrap_servers, seat.assignment.output_topic)
            try:
                for number in range(1, KILLS + 1):
                    _until(tally, seat, inputs * number // (KILLS + 1))
                    seat.application.kill()
                    standstill_s = max(standstill_s, _restart(tally, seat))
                _until_done(tally, seat, inputs)
                passed_over = tally.without_label(bench.topics.committed(seat.assignment.group, backlog))
            finally:
                tally.close()
    finally:
        bench.topics.remove([backlog])
    return Aftermath(
        kills=KILLS,
        inputs=inputs,
        labelled=tally.labelled,
        missing=inputs - tally.labelled,
        passed_over=passed_over,
        repeated=tally.records - tally.labelled,
        standstill_s=standstill_s,
    )


def _until(tally: Tally, seat: Seat, labelled: int) -> None:
    for _ in seat.waiting(f"{labelled} labels", NEXT_LABEL_S_MAX):
        tally.read(0.1)
        if tally.labelled >= labelled:
            return


def _restart(tally: Tally, seat: Seat) -> float:
    while tally.read(1.0):
        # What was written before the kill is no sign of life after it.
        pass
    started = time.monotonic()
    seat.application.start()
    for _ in seat.waiting("label after the restart", NEXT_LABEL_S_MAX):
        if tally.read(0.1):
            break
    return time.monotonic() - started


def _until_done(tally: Tally, seat: Seat, inputs: int) -> None:
    heard = time.monotonic()
    for _ in seat.waiting("end of the backlog", 2 * NEXT_LABEL_S_MAX):
        if tally.read(0.1):
            heard = time.monotonic()
        if time.monotonic() - heard > (REPEATS_S if tally.labelled >= inputs else SILENCE_S):
            return
