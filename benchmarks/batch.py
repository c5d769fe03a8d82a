"""How fast bounded data are labelled: one-liners from Parquet into a file and into a table, at a million and ten.

python -m benchmarks.batch [--millions N]     writes benchmarks/results/batch.json

The two limits are measured in the same rounds: reading the file as the job does, and scoring its texts on all cores.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import msgspec
import numpy as np
import pyarrow as pa
from pyarrow import parquet

from benchmarks.rounds import ratios, spread
from benchmarks.stream_results import RESULTS, write_result
from consumer.bounded.reading.inputs import ReadAs, open_inputs
from consumer.bounded.reading.table_source import utf8_texts
from consumer.model.load import load_scorer
from consumer.scoring.lane import ThreadLane
from shared.datasets import read_dataset
from shared.machine import machine_facts

PACKAGES = ("duckdb", "numba", "numpy", "pyarrow")
MODEL = Path("models/default")
MILLION = 1_000_000
WRITTEN_ROWS = 100_000
PRODUCTS = 1000
ROUNDS = 5
OUTPUTS = {"Parquet": "labels.parquet", "DuckDB": "labels.duckdb"}


@click.command()
@click.option("--rounds", default=ROUNDS, show_default=True)
@click.option("--millions", default=10, show_default=True, help="Rows of the long job, in millions.")
def main(rounds: int, millions: int) -> None:
    """Measure, print, and write the result."""
    machine = machine_facts(PACKAGES)
    with tempfile.TemporaryDirectory(prefix="reviewstream-batch-") as name:
        folder = Path(name)
        source = write_reviews(folder / "million.parquet", 1)
        found: dict[str, list[float]] = {}
        steps: dict[str, Any] = {}
        for number in range(rounds):
            for way, rate in limits(source).items():
                found.setdefault(way, []).append(rate)
            for way, output in OUTPUTS.items():
                summary = run_job(source, folder / f"{number}-{output}")
                found.setdefault(way, []).append(summary["rows_per_second"])
                found.setdefault(f"{way}, started", []).append(started_rate(summary))
                steps[way] = summary
            print({way: round(rates[-1]) for way, rates in found.items()}, file=sys.stderr)
        bound = [min(pair) for pair in zip(found["reader alone"], found["scorer alone"], strict=True)]
        long_source = write_reviews(folder / "long.parquet", millions)
        long = run_job(long_source, folder / "long-labels.parquet")
    document = {
        "machine": machine,
        "settings": {"rounds": rounds, "rows": MILLION, "long_rows": millions * MILLION},
        "rows_a_second": {way: spread(rates) for way, rates in found.items()},
        "ratio_to_bound": {way: spread(ratios(found[way], bound)) for way in found if way.startswith(tuple(OUTPUTS))},
        "long_ratio_to_bound": float(f"{long['rows_per_second'] / statistics.median(bound):.3g}"),
        "last_round": steps,
        "long": long,
    }
    write_result(RESULTS / "batch.json", document)
    print(
        msgspec.json.format(
            msgspec.json.encode({key: document[key] for key in ("rows_a_second", "ratio_to_bound")})
        ).decode()
    )


def started_rate(summary: dict[str, Any]) -> float:
    """Return the rows a second from when the model is loaded on."""
    return float(summary["rows"]) / (float(summary["total_seconds"]) - float(summary["seconds"]["prepare"]))


def write_reviews(path: Path, millions: int) -> Path:
    """Write so many one-liners, drawn from the sample sentences, as a Parquet file."""
    texts = pa.array([review.text for review in read_dataset("rotten-tomatoes")])
    drawing = np.random.default_rng(7)
    with parquet.ParquetWriter(path, next(_tables(texts, drawing, 1)).schema) as writer:
        for table in _tables(texts, drawing, millions * MILLION // WRITTEN_ROWS):
            writer.write_table(table)
    return path


def _tables(texts: Any, drawing: np.random.Generator, count: int) -> Iterator[Any]:
    for number in range(count):
        drawn = drawing.integers(0, len(texts), WRITTEN_ROWS)
        ids = np.arange(number * WRITTEN_ROWS, (number + 1) * WRITTEN_ROWS)
        yield pa.table(
            {
                "review_id": pa.array(ids).cast(pa.string()),
                "text": texts.take(pa.array(drawn)),
                "product_id": pa.array(drawn % PRODUCTS).cast(pa.string()),
            }
        )


def limits(source: Path) -> Mapping[str, float]:
    """Return rows a second of reading alone, and of scoring alone on all cores."""
    started = time.perf_counter()
    rows = sum(chunk.reviews.num_rows for chunk in _chunks(source))
    read_s = time.perf_counter() - started
    texts = [utf8_texts(chunk.reviews["text"]) for chunk in _chunks(source)]
    scorer = load_scorer(MODEL).scorer
    with ThreadLane("scoring", width=len(os.sched_getaffinity(0))) as lane:
        started = time.perf_counter()
        for future in [lane.begin(lambda part=part: scorer.score(part)) for part in texts]:  # type: ignore[misc]
            future.result()
        score_s = time.perf_counter() - started
    return {"reader alone": rows / read_s, "scorer alone": rows / score_s}


def _chunks(source: Path) -> Iterator[Any]:
    (reading,) = open_inputs([str(source)], ReadAs(), lambda: sys.stdin.buffer)
    yield from reading.read(0)


def run_job(source: Path, output: Path) -> dict[str, Any]:
    """Run the command in a process of its own, and return its summary and the seconds of the whole process."""
    command = [sys.executable, "-m", "consumer", "batch", str(source), "--output", str(output), "--json"]
    started = time.perf_counter()
    done = subprocess.run([*command, "--model", str(MODEL)], check=True, capture_output=True)
    summary: dict[str, Any] = msgspec.json.decode(done.stdout)
    return summary | {"process_seconds": time.perf_counter() - started, "output": output.suffix}


if __name__ == "__main__":
    main()
