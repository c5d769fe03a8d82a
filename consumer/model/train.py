"""Trains a model by a recipe, calibrates it out of fold, judges it on the part kept apart, and writes its artifact."""

import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import Any

import joblib
import msgspec
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from consumer.model.artifact import PIPELINE, linear_files, write_artifact
from consumer.model.calibration import Platt, choose_neutral_band, fit_platt
from consumer.model.fitting import Rows, answer, answer_out_of_fold, fit
from consumer.model.golden import GOLDEN, golden_texts, make_golden
from consumer.model.judging import Answers, by_dataset, judge
from consumer.model.labelling import Labelling
from consumer.model.manifest import FORMAT, Manifest
from consumer.model.metrics import NO_BAND, Costs, Epoch, NeutralBand
from consumer.model.probabilities import TWO_CLASSES, link_for
from consumer.model.recipes.catalogue import RECIPES, Ingredients
from consumer.model.recipes.export import linear_model
from consumer.model.recipes.lexicon import PACKAGE, Prior
from consumer.model.reference import reference_scorer
from consumer.model.training_data import TrainingSet, check_classes
from shared.datasets import LabelledReview
from shared.errors import InputError
from shared.process_use import memory_peak_mb

MIB_A_MB = 1e6 / 2**20
LIBRARIES = ("scikit-learn", "numpy", "scipy", "joblib")


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How a model is made. `cross_validation_folds` 0 reports the folds that calibration needs anyway."""

    recipe: str = "default"
    ingredients: Ingredients = field(default_factory=Ingredients)
    calibration_folds: int = 3
    cross_validation_folds: int = 0
    neutral_aim: float = 0.9


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who is told how training gets on."""

    step: Callable[[str], None] = lambda _step: None
    epoch: Callable[[Epoch], None] = lambda _epoch: None


@dataclass(frozen=True, slots=True)
class _Trained:
    """A trained pipeline and what was found out of fold."""

    pipeline: Any
    classes: tuple[str, ...]
    platt: Platt
    band: NeutralBand
    out_of_fold: Answers
    folds: int


def train(folder: Path, version: str, data: TrainingSet, plan: TrainingPlan, reporter: Reporter) -> Manifest:
    """Train on what is there to learn, judge on what is kept apart, write the artifact, return its manifest.

    The same data, plan and libraries give the same digest.
    """
    started = time.monotonic()
    learn = _rows(data.learn)
    classes = check_classes(learn.reviews, data.source, plan.calibration_folds)
    plan = replace(plan, ingredients=replace(plan.ingredients, class_count=len(classes)))
    held_out = _rows(data.held_out)
    if not held_out.reviews:
        raise InputError(
            f"{data.source}: no review is left to judge by", hint="a fifth is kept apart: add more reviews"
        )
    # One thread: sums are always made in the same order.
    with threadpool_limits(limits=1):
        trained = _learn(learn, held_out, classes, plan, reporter)
        reporter.step("judging on the reviews kept apart")
        manifest = _describe(trained, answer(trained.pipeline, held_out, classes), data, plan)
        manifest = msgspec.structs.replace(manifest, version=version)
        reporter.step("writing the artifact")
        files = _files(trained, manifest, plan)
    costs = Costs(round(time.monotonic() - started, 1), round(memory_peak_mb() * MIB_A_MB, 1))
    return write_artifact(folder, msgspec.structs.replace(manifest, costs=costs), files)


def _rows(reviews: Mapping[str, Sequence[LabelledReview]]) -> Rows:
    names = [name for name, content in reviews.items() for _ in content]
    return Rows(list(chain.from_iterable(reviews.values())), names)


def _learn(learn: Rows, held_out: Rows, classes: tuple[str, ...], plan: TrainingPlan, reporter: Reporter) -> _Trained:
    estimator = RECIPES[plan.recipe].build(plan.ingredients)
    seed = plan.ingredients.seed

    def out_of_fold(rows: Rows, folds: int, purpose: str) -> Answers:
        splits = StratifiedKFold(folds, shuffle=True, random_state=seed)
        return answer_out_of_fold(estimator, rows, classes, splits, lambda step: reporter.step(f"{purpose}: {step}"))

    calibrated = out_of_fold(learn, plan.calibration_folds, "calibrating")
    platt = fit_platt(calibrated.found.scores, calibrated.truth, len(classes))
    band = NO_BAND
    if len(classes) == TWO_CLASSES:
        shares = calibrated.shares(platt, len(classes))
        band = choose_neutral_band(shares[:, 1], calibrated.truth, plan.neutral_aim)
    validated, folds = calibrated, plan.calibration_folds
    if plan.cross_validation_folds:
        folds = plan.cross_validation_folds
        everything = Rows([*learn.reviews, *held_out.reviews], [*learn.datasets, *held_out.datasets])
        validated = out_of_fold(everything, folds, "cross-validating")
    reporter.step(f"learning from {len(learn.reviews):,} reviews")
    pipeline = fit(estimator, learn.texts(), learn.labels(), reporter.epoch)
    return _Trained(pipeline, classes, platt, band, validated, folds)


def _describe(trained: _Trained, answers: Answers, data: TrainingSet, plan: TrainingPlan) -> Manifest:
    link = link_for(len(trained.classes))
    right = trained.out_of_fold.shares(trained.platt, len(trained.classes)).argmax(axis=1) == trained.out_of_fold.truth
    prior = [PACKAGE] if plan.recipe == "default" and plan.ingredients.prior is Prior.VADER else []
    return Manifest(
        format=FORMAT,
        name=plan.recipe,
        version="",
        features=RECIPES[plan.recipe].features,
        classes=trained.classes,
        link=link,
        slope=trained.platt.slope,
        offset=trained.platt.offset,
        neutral_band=trained.band,
        seed=plan.ingredients.seed,
        training=data.describe(),
        held_out=judge(answers, trained.platt, Labelling(trained.classes, trained.band.half_width)),
        cross_validation=by_dataset(right, trained.out_of_fold.datasets),
        cross_validation_folds=trained.folds,
        epochs=tuple(getattr(trained.pipeline[-1], "history_", ())),
        libraries={name: metadata.version(name) for name in (*LIBRARIES, *prior)},
        files={},
    )


def _files(trained: _Trained, manifest: Manifest, plan: TrainingPlan) -> dict[str, bytes]:
    linear = linear_model(RECIPES[plan.recipe], trained.pipeline, trained.platt, trained.band.half_width)
    _forget_addresses(trained.pipeline)
    pipeline = io.BytesIO()
    joblib.dump(trained.pipeline, pipeline, compress=("zlib", 3))
    golden = make_golden(reference_scorer(trained.pipeline, manifest), golden_texts(linear))
    files = {PIPELINE: pipeline.getvalue(), GOLDEN: golden}
    return files if linear is None else files | linear_files(linear)


def _forget_addresses(pipeline: Any) -> None:
    # scikit-learn notes the address of a vectoriser's stop words, which is another one in each process.
    for _, step in pipeline.steps:
        vars(step).pop("_stop_words_id", None)
