"""How long a review waits for its label at a steady rate: open loop, from the moment it should have been sent."""

import time
from dataclasses import dataclass

import msgspec
import numpy as np
from confluent_kafka import Producer

from benchmarks.peers.bench import Bench
from benchmarks.peers.contestants import Contestant
from benchmarks.peers.topics import Reader, reviews, unique_name

RATE_PER_S = 100
WARM_UP_S = 2.0
FIRST_LABEL_S_MAX = 60.0
LATE_S_MAX = 10.0
DATASET = "rotten-tomatoes"


class ProbeLabel(msgspec.Struct):
    """What the probe needs of a label."""

    review_id: str


_decode = msgspec.json.Decoder(ProbeLabel).decode


@dataclass(frozen=True, slots=True)
class Latency:
    """What one probe showed."""

    reviews: int
    unanswered: int
    p50_ms: float
    p99_ms: float


class Probe:
    """Sends reviews on schedule and notes when their labels can be read (committed ones only)."""

    def __init__(self, bootstrap_servers: str, input_topic: str, output_topic: str, count: int) -> None:
        self._producer = Producer({"bootstrap.servers": bootstrap_servers, "linger.ms": 0})
        self._reader = Reader(bootstrap_servers, output_topic, "read_committed")
        self._input = input_topic
        self._reviews = reviews(DATASET, count)
        self.due_s: dict[str, float] = {}
        self.arrived_s: dict[str, float] = {}

    def send(self, due_s: float) -> None:
        """Send the next review, which was due at this moment of the monotonic clock."""
        review_id, value = next(self._reviews)
        self.due_s[review_id] = due_s
        self._producer.produce(self._input, value, review_id)
        self._producer.poll(0)

    def listen(self, wait_s: float) -> None:
        """Note the labels that are there or come within the time."""
        messages = self._reader.read(max(0.0, wait_s))
        now_s = time.monotonic()
        for message in messages:
            self.arrived_s.setdefault(_decode(message.value() or b"").review_id, now_s)

    def close(self) -> None:
        """Leave."""
        self._producer.flush(LATE_S_MAX)
        self._reader.close()


def measure_latency(bench: Bench, contestant: Contestant, scorer: str, seconds: float) -> Latency:
    """Start a contestant on an empty topic, warm it up, and probe it at 100 reviews a second."""
    input_topic = bench.topics.make(unique_name("probe"))
    count = round(RATE_PER_S * (FIRST_LABEL_S_MAX + WARM_UP_S + seconds)) + 1
    try:
        with bench.seat(contestant, scorer, input_topic) as seat:
            probe = Probe(bench.topics.bootstrap_servers, input_topic, seat.assignment.output_topic, count)
            try:
                for _ in seat.waiting("label", FIRST_LABEL_S_MAX):
                    probe.send(time.monotonic())
                    probe.listen(0.1)
                    if probe.arrived_s:
                        break
                _send_steadily(probe, WARM_UP_S)
                warm = len(probe.due_s)
                _send_steadily(probe, seconds)
                _await_answers(probe)
            finally:
                probe.close()
    finally:
        bench.topics.remove([input_topic])
    return _latency(probe, list(probe.due_s)[warm:])


def _send_steadily(probe: Probe, seconds: float) -> None:
    start_s = time.monotonic()
    for number in range(round(RATE_PER_S * seconds)):
        due_s = start_s + number / RATE_PER_S
        while (left_s := due_s - time.monotonic()) > 0:
            probe.listen(left_s)
        probe.send(due_s)


def _await_answers(probe: Probe) -> None:
    deadline = time.monotonic() + LATE_S_MAX
    while len(probe.arrived_s) < len(probe.due_s) and time.monotonic() < deadline:
        probe.listen(0.1)


def _latency(probe: Probe, measured: list[str]) -> Latency:
    waits_ms = [
        1000 * (probe.arrived_s[review_id] - probe.due_s[review_id])
        for review_id in measured
        if review_id in probe.arrived_s
    ]
    p50, p99 = np.percentile(waits_ms, [50, 99]) if waits_ms else (float("nan"), float("nan"))
    return Latency(len(measured), len(measured) - len(waits_ms), float(p50), float(p99))
