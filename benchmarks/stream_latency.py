"""How long a review takes from when it should be sent to when its label can be read, beside an echo.

python -m benchmarks.stream_latency [--quick] [--rounds N] [--rate R] [--delivery D]

The echo has the same clients and the same way of taking batches, and does nothing in between. All consumers run all
the time, on topics of their own; they get the load in turns, so that a busy moment of the machine hits all of them, and
each round's ratio compares neighbours. Generator and reader are processes of their own. Writes
results/stream_latency.json.
"""

import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click
import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks import stream_topics, stream_ways
from benchmarks.process_watch import WatchedProcess
from benchmarks.rounds import ratios, spread
from benchmarks.stream_generator import Generation
from benchmarks.stream_results import RESULTS, broker_to_measure, machine, write_result
from consumer.kafka.range_reader import RangeReader
from shared.errors import FatalError
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings

RESULT = RESULTS / "stream_latency.json"
ECHO, OURS = "echo", "ours"
# For each delivery the echo, and our command.
DELIVERIES = {
    "at-least-once": {ECHO: stream_ways.PIPELINED, OURS: stream_ways.AT_LEAST_ONCE},
    "exactly-once": {ECHO: stream_ways.TRANSACTED, OURS: stream_ways.EXACTLY_ONCE},
}
# Seconds of load in a turn, by events a second, after the seconds that are not counted.
TURN_S = {10: 10.0, 100: 10.0, 1000: 10.0, 5000: 15.0}
QUICK_S = 1.0
WARM_UP_S = 2.0
ROUNDS = 5
PARTITIONS = 6
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}
CURVE_QUANTILES = (*np.arange(0, 1, 0.02).tolist(), 0.99, 0.995, 0.999, 0.9999)
READY_S_MAX = 60.0
GRACE_S = 90.0


@dataclass(frozen=True, slots=True)
class Contestant:
    """One consumer that runs, and its topics."""

    process: WatchedProcess
    topics: TopicSettings
    environment: dict[str, str]


@dataclass(slots=True)
class Cell:
    """One contestant at one rate: latencies of each round in seconds, and how far behind it was."""

    latencies_s: list[NDArray[np.float64]] = field(default_factory=list)
    turns_s: list[tuple[float, float]] = field(default_factory=list)
    waiting_at_half: list[int] = field(default_factory=list)
    waiting_at_end: list[int] = field(default_factory=list)
    generator_late_s_p99: list[float] = field(default_factory=list)


@contextmanager
def contestant(kafka: KafkaSettings, way: str) -> Iterator[Contestant]:
    """Give a consumer that has labelled its first review."""
    backlog = stream_topics.new_input(kafka, PARTITIONS)
    with stream_topics.topics_for(kafka, backlog) as topics:
        environment = stream_ways.environment(kafka, topics, f"bench-{uuid.uuid4().hex[:10]}")
        with WatchedProcess(stream_ways.command(way, None), environment) as process:
            found = Contestant(process, topics, environment)
            _await_first_label(kafka, found)
            yield found
    stream_topics.remove(kafka, backlog)


def _await_first_label(kafka: KafkaSettings, contestant: Contestant) -> None:
    with WatchedProcess(_generator(1000.0, 1), contestant.environment) as generator:
        generator.wait(GRACE_S)
    deadline = time.monotonic() + READY_S_MAX
    while stream_topics.records_in(kafka, contestant.topics.output_topic) == 0:
        if time.monotonic() > deadline or not contestant.process.running():
            contestant.process.stop()
            raise FatalError(f"no first label came within {READY_S_MAX:g} s")
        time.sleep(0.1)


def _generator(rate: float, records: int) -> list[str]:
    return [sys.executable, "-m", "benchmarks.stream_generator", str(rate), str(records)]


def measure(kafka: KafkaSettings, contestant: Contestant, rate: int, seconds: float, cell: Cell) -> None:
    """Load one consumer for one turn and add what its labels tell."""
    warm_up = round(rate * WARM_UP_S)
    records = warm_up + round(rate * seconds)
    reader = RangeReader(kafka, contestant.topics.output_topic)
    starts = [f"--from={number}:{end}" for number, (_, end) in reader.bounds().items()]
    reader.close()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "seen.npy"
        reading = [sys.executable, "-m", "benchmarks.stream_reader", str(records), str(file), *starts]
        with (
            WatchedProcess(reading, contestant.environment) as reader_process,
            WatchedProcess(_generator(rate, records), contestant.environment) as generator,
        ):
            generation = msgspec.json.decode(generator.wait(seconds + GRACE_S), type=Generation)
            reader_process.wait(GRACE_S)
        seen = np.load(file)
    read_at_s = first_arrivals(seen, records)
    if read_at_s.min() > generation.started_at_s + WARM_UP_S:
        raise FatalError("the reader was not there in time: is the machine that busy?")
    cell.latencies_s.append((read_at_s - generation.started_at_s - np.arange(records) / rate)[warm_up:])
    cell.turns_s.append((generation.started_at_s, generation.ended_at_s))
    half_s = (generation.started_at_s + generation.ended_at_s) / 2
    cell.waiting_at_half.append(waiting(read_at_s, generation.started_at_s, rate, half_s))
    cell.waiting_at_end.append(waiting(read_at_s, generation.started_at_s, rate, generation.ended_at_s))
    cell.generator_late_s_p99.append(generation.late_s_p99)


def first_arrivals(seen: NDArray[np.float64], records: int) -> NDArray[np.float64]:
    """Return when each record's label was first read, by its number; FatalError where one never was."""
    read_at_s = np.full(records, np.inf)
    np.minimum.at(read_at_s, seen[:, 0].astype(np.int64), seen[:, 1])
    if not np.isfinite(read_at_s).all():
        raise FatalError(f"{int(np.isinf(read_at_s).sum())} of {records} labels never came")
    return read_at_s


def waiting(read_at_s: NDArray[np.float64], started_at_s: float, rate: float, moment_s: float) -> int:
    """Return how many records should have been sent by a moment, and had no label that could be read."""
    due = min(len(read_at_s), int((moment_s - started_at_s) * rate) + 1)
    return int((read_at_s[:due] > moment_s).sum())


def summary(cells: dict[str, Cell]) -> dict[str, Any]:
    """Return the quantiles of the echo and of ours in milliseconds, and the ratios of each round."""
    found: dict[str, Any] = {}
    by_round = {
        name: {label: [float(np.quantile(lat, q)) * 1e3 for lat in cell.latencies_s] for label, q in QUANTILES.items()}
        for name, cell in cells.items()
    }
    for name, cell in cells.items():
        pooled = np.concatenate(cell.latencies_s) * 1e3
        found[name] = {
            "ms": {label: asdict(spread(values)) for label, values in by_round[name].items()},
            "curve_ms": [round(value, 3) for value in np.quantile(pooled, CURVE_QUANTILES).tolist()],
            "waiting_at_half": cell.waiting_at_half,
            "waiting_at_end": cell.waiting_at_end,
            "generator_late_ms_p99": round(max(cell.generator_late_s_p99) * 1e3, 3),
        }
    found["ratio"] = {
        label: asdict(spread(ratios(by_round[OURS][label], by_round[ECHO][label]))) for label in QUANTILES
    }
    return found


def transaction_ms(commits: Sequence[tuple[float, float]], cell: Cell) -> float:
    """Return the median time of the echo's commits in the turns of one cell."""
    times = [took for began, took in commits if any(start <= began <= end for start, end in cell.turns_s)]
    return round(float(np.median(times)) * 1e3, 3)


def show(delivery: str, rate: int, found: dict[str, Any]) -> None:
    """Print one rate's lines."""
    for name in (ECHO, OURS):
        quantiles = "  ".join(f"{label} {row['median']:8.2f}" for label, row in found[name]["ms"].items())
        behind = f"waiting at half {max(found[name]['waiting_at_half'])}, at end {max(found[name]['waiting_at_end'])}"
        print(f"{delivery}, {rate:>5}/s, {name}: {quantiles} ms; {behind}")
    print("  ratio: " + "  ".join(f"{label} {row['median']:.2f}" for label, row in found["ratio"].items()))


def run_turns(
    kafka: KafkaSettings, running: dict[tuple[str, str], Contestant], turns: dict[int, float], rounds: int
) -> dict[tuple[str, int], dict[str, Cell]]:
    """Load everybody in turn, rate by rate and round by round; return the cells of each delivery and rate."""
    cells = {(delivery, rate): {ECHO: Cell(), OURS: Cell()} for delivery, _ in running for rate in turns}
    for rate, seconds in turns.items():
        for number in range(rounds):
            for delivery, name in running if number % 2 == 0 else reversed(running):
                print(f"{rate}/s, round {number + 1} of {rounds}: {delivery}, {name}", file=sys.stderr)
                measure(kafka, running[delivery, name], rate, seconds, cells[delivery, rate][name])
    return cells


@click.command()
@click.option("--quick", is_flag=True, help="One second at two rates, one round: does it work?")
@click.option("--rounds", type=click.IntRange(min=1), default=ROUNDS, show_default=True)
@click.option("--rate", "rates", multiple=True, type=int, default=list(TURN_S), help="Events a second.")
@click.option("--delivery", "deliveries", multiple=True, type=click.Choice(list(DELIVERIES)), default=list(DELIVERIES))
@click.option("--output", type=click.Path(path_type=Path), default=RESULT, help="Where the result goes.")
def main(*, quick: bool, rounds: int, rates: Sequence[int], deliveries: Sequence[str], output: Path) -> None:
    """Measure, print the quantiles, write the result."""
    turns = {10: QUICK_S, 1000: QUICK_S} if quick else {rate: TURN_S.get(rate, 10.0) for rate in rates}
    rounds = 1 if quick else rounds
    facts = machine()
    commits: dict[str, list[tuple[float, float]]] = {}
    with broker_to_measure() as kafka, ExitStack() as stack:
        running = {
            (delivery, name): stack.enter_context(contestant(kafka, way))
            for delivery in deliveries
            for name, way in DELIVERIES[delivery].items()
        }
        cells = run_turns(kafka, running, turns, rounds)
        for (delivery, name), ended in running.items():
            output_line = ended.process.stop()
            if name == ECHO:
                commits[delivery] = msgspec.json.decode(output_line)["commits"]
    found: dict[str, Any] = {delivery: {} for delivery in deliveries}
    for (delivery, rate), pair in cells.items():
        found[delivery][str(rate)] = summary(pair)
        if commits[delivery]:
            found[delivery][str(rate)]["transaction_ms"] = transaction_ms(commits[delivery], pair[ECHO])
        show(delivery, rate, found[delivery][str(rate)])
    settings = {
        "partitions": PARTITIONS,
        "rounds": rounds,
        "turn_s": {str(rate): seconds for rate, seconds in turns.items()},
        "warm_up_s": WARM_UP_S,
        "curve_quantiles": [round(quantile, 4) for quantile in CURVE_QUANTILES],
    }
    document = {"machine": facts, "settings": settings, "deliveries": found}
    write_result(output, document)


if __name__ == "__main__":
    main()
