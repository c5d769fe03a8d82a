"""Compares the compiled scorer with scikit-learn on every sample review.

python -m benchmarks.parity MODEL...      folders of trained models; writes benchmarks/results/parity.json
"""

import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from consumer.model.load import COMPILED, load_scorer
from consumer.model.reference import load_reference
from shared.datasets import DATASETS, read_dataset
from shared.machine import machine_facts

RESULT = Path(__file__).parent / "results" / "parity.json"
BATCH = 500
TOLERANCE = 1e-9


def compare(folder: Path, texts: list[str]) -> dict[str, Any]:
    """Return how many texts were compared, how many labels differ, and by how much probabilities do at most."""
    loaded = load_scorer(folder)
    reference, manifest = load_reference(folder)
    labels, far, alone_differs = 0, 0.0, 0
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH]
        found, expected = loaded.scorer.score(batch), reference.score(batch)
        labels += sum(ours != theirs for ours, theirs in zip(found.labels, expected.labels, strict=True))
        far = max(far, float(np.abs(found.probabilities - expected.probabilities).max()))
        if loaded.scored_by == COMPILED:
            alone = b"".join(loaded.scorer.score([text]).probabilities.tobytes() for text in batch)
            alone_differs += alone != found.probabilities.tobytes()
    return {
        "model": manifest.name,
        "digest": manifest.digest(),
        "scored_by": loaded.scored_by,
        "texts": len(texts),
        "differing_labels": labels,
        "largest_probability_difference": far,
        "batches_that_differ_from_single_texts": alone_differs,
    }


def main(folders: list[str]) -> int:
    """Compare each model; 1 where a label differs."""
    texts = [review.text for name in DATASETS for review in read_dataset(name)]
    results = [compare(Path(folder), texts) for folder in folders]
    print("model        scored by          texts  labels that differ  largest |dp|  alone = batch")
    for row in results:
        same = "yes" if not row["batches_that_differ_from_single_texts"] else "NO"
        print(
            f"{row['model']:12} {row['scored_by']:16} {row['texts']:7,} {row['differing_labels']:19} "
            f"{row['largest_probability_difference']:13.1e} {same:>14}"
        )
    document = {"machine": machine_facts(("numba", "numpy", "scikit-learn")), "models": results}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    wrong = [
        row
        for row in results
        if row["differing_labels"]
        or row["largest_probability_difference"] > TOLERANCE
        or row["batches_that_differ_from_single_texts"]
    ]
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["models/default"]))
