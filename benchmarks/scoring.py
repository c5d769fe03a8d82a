"""How fast texts are scored: compiled against scikit-learn with the same pipeline, against VADER and TextBlob.

python -m benchmarks.scoring MODEL...     folders of trained models; writes benchmarks/results/scoring.json
"""

import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks.interleaved import interleaved
from benchmarks.kernel_stages import stage_times
from consumer.model.artifact import read_linear_model
from consumer.model.compiled.scorer import CompiledScorer
from consumer.model.labelling import Labelling
from consumer.model.load import COMPILED, load_scorer
from consumer.model.manifest import read_manifest
from consumer.model.reference import load_pipeline
from consumer.native.code_cache import jit
from shared.datasets import Split, read_dataset
from shared.machine import machine_facts

RESULT = Path(__file__).parent / "results" / "scoring.json"
PACKAGES = ("numba", "numpy", "scikit-learn", "vaderSentiment", "textblob")
BATCH = 256
# Texts the models did not learn from: long reviews and one-liners.
LENGTHS = {"IMDB": "imdb", "one-liner": "rotten-tomatoes"}
BULK_TEXTS = 4096
SINGLE_TEXTS = 150
# Others, which start each turn and are not timed.
WARMING_TEXTS = 512
LEXICON_TEXTS = 60
ROUNDS = 4
THREADS = 2
THREAD_ROUNDS = 15


def main(folders: Sequence[str]) -> int:
    """Measure each model, print a table, write the result."""
    texts = {name: _texts(dataset, Split.HELD_OUT) for name, dataset in LENGTHS.items()}
    machine = machine_facts(PACKAGES)
    rows: list[dict[str, Any]] = []
    where: dict[str, Any] = {}
    threads: dict[str, Any] = {}
    for folder in map(Path, folders):
        loaded = load_scorer(folder)
        if loaded.scored_by != COMPILED or not isinstance(loaded.scorer, CompiledScorer):
            print(f"{loaded.manifest.name}: {loaded.scored_by} scores it, there is nothing to compare")
            continue
        name = loaded.manifest.name
        pipeline = load_pipeline(folder, loaded.manifest)
        for length, content in texts.items():
            rows += _against_sklearn(name, length, loaded.scorer, pipeline, content)
            where[f"{name}, {length}"] = _where_time_goes(folder, loaded.scorer, content)
        threads[name] = _threads(loaded.scorer, texts["IMDB"])
    rows += [row for length, content in texts.items() for row in _lexicons(length, content)]
    _show(rows, where, threads)
    document = {"machine": machine, "scoring": rows, "microseconds_a_text": where, "threads": threads}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    return 0


def _texts(dataset: str, split: Split) -> list[str]:
    reviews = read_dataset(dataset, split)
    return [review.text for review, _ in zip(reviews, range(BULK_TEXTS), strict=False)]


def _against_sklearn(
    model: str, length: str, scorer: CompiledScorer, pipeline: Any, texts: Sequence[str]
) -> list[dict[str, Any]]:
    ways: dict[str, Callable[[list[str]], object]] = {"compiled": scorer.score, "scikit-learn": pipeline.predict_proba}
    batches = [list(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
    single = [[text] for text in texts[:SINGLE_TEXTS]]
    others = _texts(LENGTHS[length], Split.TRAIN)[:WARMING_TEXTS]
    warming = {"bulk": [others], "alone": [[text] for text in others[:SINGLE_TEXTS]]}
    rows = []
    for mode, items in (("bulk", batches), ("alone", single)):
        seconds = interleaved(ways, items, ROUNDS, warming[mode])
        count = sum(map(len, items))
        ours, theirs = (1e6 * seconds[name] / count for name in ways)
        rows.append(
            {"model": model, "texts": length, "mode": mode, "bytes": round(_mean_bytes(texts)), "compiled_us": ours,
             "against": "scikit-learn", "their_us": theirs, "ratio": theirs / ours}
        )  # fmt: skip
    return rows


def _lexicons(length: str, texts: Sequence[str]) -> list[dict[str, Any]]:
    from textblob import TextBlob  # noqa: PLC0415 - an extra
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: PLC0415 - an extra

    ways = {"VADER": SentimentIntensityAnalyzer().polarity_scores, "TextBlob": lambda text: TextBlob(text).sentiment}
    some = list(texts[:LEXICON_TEXTS])
    seconds = interleaved(ways, some, 2)
    return [
        {"model": name, "texts": length, "mode": "alone", "bytes": round(_mean_bytes(some)),
         "their_us": 1e6 * spent / len(some), "against": name}
        for name, spent in seconds.items()
    ]  # fmt: skip


def _where_time_goes(folder: Path, scorer: CompiledScorer, texts: Sequence[str]) -> dict[str, float]:
    batches = [list(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
    labelling = Labelling(("negative", "positive"), 0.1)
    shares = np.random.default_rng(1).random((BATCH, 2))
    ways: dict[str, Callable[[list[str]], object]] = {
        "encode and join": lambda batch: b"".join(list(map(str.encode, batch))),
        "label": lambda batch: labelling.label(shares[: len(batch)]),
        "all": scorer.score,
    }
    seconds = interleaved(ways, batches, ROUNDS)
    stages = stage_times(read_linear_model(folder, read_manifest(folder)), texts)
    return stages | {name: 1e6 * spent / len(texts) for name, spent in seconds.items()}


@jit
def _spin(turns: int) -> float:
    """Keep a core busy without touching memory."""
    total = 0.0
    for turn in range(turns):
        total += (turn & 7) * 1.0000001
    return total


def _threads(scorer: CompiledScorer, texts: Sequence[str]) -> dict[str, float]:
    """Return how much faster two threads are than one, and how much faster they can be on this machine now."""
    halves = [list(texts) * 2, list(texts) * 2]
    with ThreadPoolExecutor(THREADS) as pool:
        scoring = _speed_up(pool, scorer.score, halves)
        _spin(1)
        spinning = _speed_up(pool, _spin, [20_000_000] * THREADS)
    return {"scoring": scoring, "a loop without memory": spinning}


def _speed_up(pool: ThreadPoolExecutor, work: Callable[[Any], object], parts: Sequence[Any]) -> float:
    one, two = [], []
    for _ in range(THREAD_ROUNDS):
        started = time.perf_counter()
        for part in parts:
            work(part)
        between = time.perf_counter()
        list(pool.map(work, parts))
        one.append(between - started)
        two.append(time.perf_counter() - between)
    return min(one) / min(two)


def _mean_bytes(texts: Sequence[str]) -> float:
    return sum(len(text.encode()) for text in texts) / len(texts)


def _show(rows: Sequence[dict[str, Any]], where: dict[str, Any], threads: dict[str, Any]) -> None:
    print(f"{'model':10} {'texts':10} {'mode':6} {'bytes':>6} {'ours us':>9} {'their us':>10} {'ratio':>7}  against")
    for row in rows:
        ours = f"{row['compiled_us']:9.2f}" if "compiled_us" in row else " " * 9
        ratio = f"{row['ratio']:7.1f}" if "ratio" in row else " " * 7
        print(
            f"{row['model']:10} {row['texts']:10} {row['mode']:6} {row['bytes']:6} {ours} {row['their_us']:10.1f} "
            f"{ratio}  {row['against']}"
        )
    for name, parts in where.items():
        print(f"{name}: " + ", ".join(f"{part} {spent:.2f}" for part, spent in parts.items()) + "  us a text")
    for name, found in threads.items():
        print(f"{name}, two threads: " + ", ".join(f"{part} {ratio:.2f}x" for part, ratio in found.items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["models/default"]))
