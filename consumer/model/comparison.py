"""Judges a finished model anew, on reviews it may never have seen."""

from pathlib import Path

from consumer.model.calibration import Platt
from consumer.model.fitting import Rows, answer
from consumer.model.judging import judge
from consumer.model.labelling import Labelling
from consumer.model.manifest import Manifest, read_manifest
from consumer.model.metrics import Judgement
from consumer.model.recipes.added_rows import NEGATIVE, POSITIVE
from consumer.model.reference import load_pipeline
from shared.datasets import DATASETS, Split, read_dataset
from shared.errors import ConfigurationError


def judge_on_samples(folder: Path) -> tuple[Manifest, Judgement]:
    """Return a model's manifest and how good it is on the held-out sample reviews."""
    manifest = read_manifest(folder)
    if not {POSITIVE, NEGATIVE} <= set(manifest.classes):
        raise ConfigurationError(
            f"{folder} knows {', '.join(manifest.classes)} only; the sample reviews are {POSITIVE} or {NEGATIVE}",
            hint="compare models that know both",
        )
    held_out = {name: list(read_dataset(name, Split.HELD_OUT)) for name in DATASETS}
    reviews = [review for content in held_out.values() for review in content]
    rows = Rows(reviews, [name for name, content in held_out.items() for _ in content])
    answers = answer(load_pipeline(folder, manifest), rows, manifest.classes)
    labelling = Labelling(manifest.classes, manifest.neutral_band.half_width)
    return manifest, judge(answers, Platt(manifest.slope, manifest.offset), labelling)
