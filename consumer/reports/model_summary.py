"""Says what a model is and how good it is."""

from collections.abc import Mapping, Sequence

import msgspec
from rich.bar import Bar
from rich.console import Console
from rich.table import Table
from rich.text import Text

from consumer.model.calibration import BINS
from consumer.model.manifest import Manifest
from consumer.model.metrics import Judgement, Share

KIB = 1024
BAR_WIDTH = 30


def print_model(manifest: Manifest, sizes: Mapping[str, int], console: Console) -> None:
    """Print a manifest for people."""
    console.print(_facts(manifest, sizes))
    console.print(_confusion(manifest.held_out))
    console.print(_reliability(manifest.held_out))


class ComparedModel(msgspec.Struct, frozen=True):
    """One of several models: its name here, what it is, how it did on the held-out samples, what a scorer reads."""

    name: str
    manifest: Manifest
    judgement: Judgement
    size_bytes: int


def print_comparison(models: Sequence[ComparedModel], console: Console) -> None:
    """Print several models side by side, a column each."""
    table = Table("", *(model.name for model in models))
    table.add_row("recipe", *(model.manifest.name for model in models))
    judgements = [model.judgement for model in models]
    table.add_row("held out", *(_two_lines(judgement.accuracy) for judgement in judgements))
    for dataset in judgements[0].accuracy_by_dataset:
        table.add_row(dataset, *(_two_lines(judgement.accuracy_by_dataset[dataset]) for judgement in judgements))
    for dataset in judgements[0].accuracy_by_dataset:
        table.add_row(f"cross-validated, {dataset}", *(_cross_validated(model.manifest, dataset) for model in models))
    table.add_row("outside band", *(f"{judgement.accuracy_outside_band.value:.1%}" for judgement in judgements))
    table.add_row("neutral", *(f"{judgement.labels.get('neutral', 0):.1%}" for judgement in judgements))
    table.add_row("ECE", *(f"{judgement.calibration_error:.2%}" for judgement in judgements))
    table.add_row("KiB to score with", *(f"{model.size_bytes / KIB:,.0f}" for model in models))
    costs = [model.manifest.costs for model in models]
    table.add_row(
        "trained in", *(f"{cost.seconds:.0f} s\n{cost.memory_mib:,.0f} MiB" if cost else "" for cost in costs)
    )
    console.print(table)


def _cross_validated(manifest: Manifest, dataset: str) -> str:
    share = manifest.cross_validation.get(dataset)
    return f"{_two_lines(share)}\n{manifest.cross_validation_folds} folds" if share else ""


def _two_lines(share: Share) -> str:
    return f"{share.value:.1%}\n{share.low:.1%}-{share.high:.1%}"


def _facts(manifest: Manifest, sizes: Mapping[str, int]) -> Table:
    held_out, band, training = manifest.held_out, manifest.neutral_band, manifest.training
    grid = Table.grid(padding=(0, 2))
    grid.add_row("model", f"{manifest.name} version {manifest.version}")
    grid.add_row("digest", Text(manifest.digest()))
    grid.add_row("classes", ", ".join(manifest.classes))
    counts = ", ".join(f"{count:,} {name}" for name, count in training.by_class.items())
    grid.add_row("learnt", f"from {training.reviews:,} reviews of {training.source}: {counts}")
    if manifest.costs is not None:
        grid.add_row("", f"in {manifest.costs.seconds:.0f} s with at most {manifest.costs.memory_mib:,.0f} MiB")
    grid.add_row("accuracy", f"{held_out.accuracy} on {held_out.accuracy.of:,} reviews kept apart")
    for name, accuracy in held_out.accuracy_by_dataset.items():
        grid.add_row("", f"{accuracy} on {name}")
    if training.duplicates_dropped:
        grid.add_row("", f"{training.duplicates_dropped} reviews not judged by: they were learnt too")
    for name, accuracy in manifest.cross_validation.items():
        grid.add_row("", f"{accuracy} on {name}, {manifest.cross_validation_folds}-fold cross-validation")
    grid.add_row(
        "ECE", f"{held_out.calibration_error_before:.2%} before calibration, {held_out.calibration_error:.2%} after"
    )
    if band.half_width:
        outside = (
            f"{held_out.accuracy_outside_band.value:.1%} of the others are right "
            f"(aim {band.aim:.1%}; out of fold {band.accuracy_outside:.1%})"
        )
        grid.add_row(
            "neutral", f"where |p - 0.5| < {band.half_width}: {held_out.labels.get('neutral', 0):.1%}; {outside}"
        )
    parts = ", ".join(f"{name} {size / KIB:,.0f}" for name, size in sizes.items())
    grid.add_row("size", f"{sum(sizes.values()) / KIB:,.0f} KiB: {parts}")
    return grid


def _confusion(judgement: Judgement) -> Table:
    answers = list(next(iter(judgement.confusion.values()), {}))
    table = Table("truth", *(f"labelled {name}" for name in answers), title="held-out reviews", title_justify="left")
    for truth, counts in judgement.confusion.items():
        table.add_row(truth, *(f"{counts[name]:,}" for name in answers))
    return table


def _reliability(judgement: Judgement) -> Table:
    table = Table("confidence", "reviews", "mean", "right", "", title="reliability", title_justify="left")
    for place, content in enumerate(judgement.reliability):
        if content.texts:
            table.add_row(
                f"{place / BINS:.1f} to {(place + 1) / BINS:.1f}",
                f"{content.texts:,}",
                f"{content.confidence:.1%}",
                f"{content.accuracy:.1%}",
                Bar(1, 0, content.accuracy, width=BAR_WIDTH, color="cyan"),
            )
    return table
