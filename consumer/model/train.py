"""Trains the model on the sample reviews and judges it on the part kept apart."""

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import sklearn

from consumer.model.artifact import FORMAT, PIPELINE, Manifest, Metrics, write_artifact
from consumer.model.pipeline import NAME, build_pipeline
from shared.datasets import DATASETS, LabelledReview, Split, read_dataset

SEED = 7

Progress = Callable[[str], None]


def train(folder: Path, version: str, progress: Progress) -> Manifest:
    """Train on the training part of the sample data, write the artifact to `folder`, return its manifest."""
    progress("reading the sample reviews")
    learn = [review for name in DATASETS for review in read_dataset(name, Split.TRAIN)]
    held_out = {name: list(read_dataset(name, Split.HELD_OUT)) for name in DATASETS}
    return train_on(learn, held_out, folder, version, progress)


def train_on(
    learn: Sequence[LabelledReview],
    held_out: Mapping[str, Sequence[LabelledReview]],
    folder: Path,
    version: str,
    progress: Progress,
) -> Manifest:
    """Train on `learn`, judge by data set on `held_out`, write the artifact to `folder`, return its manifest."""
    progress(f"learning from {len(learn):,} reviews")
    pipeline = build_pipeline(SEED)
    pipeline.fit([review.text for review in learn], [review.sentiment for review in learn])
    progress("judging on the reviews kept apart")
    metrics = judge(pipeline, held_out)
    progress("writing the artifact")
    # scikit-learn notes the address of the stop words, which is another one in each process.
    vars(pipeline["words"]).pop("_stop_words_id", None)
    file = io.BytesIO()
    joblib.dump(pipeline, file, compress=("zlib", 3))
    manifest = Manifest(
        format=FORMAT,
        name=NAME,
        version=version,
        classes=tuple(str(name) for name in pipeline.classes_),
        training_data_digest=data_digest(learn),
        training_reviews=len(learn),
        seed=SEED,
        held_out=metrics,
        libraries={"scikit-learn": sklearn.__version__, "numpy": np.__version__, "joblib": joblib.__version__},
        files={},
    )
    return write_artifact(folder, manifest, {PIPELINE: file.getvalue()})


def judge(pipeline: Any, held_out: Mapping[str, Sequence[LabelledReview]]) -> Metrics:
    """Return the share of held-out reviews labelled as their authors rated them, over all and by data set."""
    right: dict[str, int] = {}
    for name, reviews in held_out.items():
        answers = pipeline.predict([review.text for review in reviews])
        right[name] = sum(answer == review.sentiment for answer, review in zip(answers, reviews, strict=True))
    total = sum(len(reviews) for reviews in held_out.values())
    return Metrics(
        reviews=total,
        accuracy=sum(right.values()) / total,
        accuracy_by_dataset={name: right[name] / len(held_out[name]) for name in right},
    )


def data_digest(reviews: Sequence[LabelledReview]) -> str:
    """Return the SHA-256 of the training data: texts and labels in order."""
    digest = hashlib.sha256()
    for review in reviews:
        digest.update(f"{review.sentiment}\0{review.text}\0".encode())
    return digest.hexdigest()
