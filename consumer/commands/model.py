"""`model`: inspect, verify, compare and promote trained models."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec
import numpy as np
from rich.console import Console
from rich.table import Table

from consumer.model.artifact import read_linear_model, read_verified, size_bytes
from consumer.model.golden import golden_differences, read_golden
from consumer.model.manifest import Manifest, read_manifest
from consumer.model.promotion import in_use, kept_before, prove, put_in_place, roll_back
from consumer.model.specification import LinearModel
from consumer.reports.model_summary import ComparedModel, print_comparison, print_model
from shared.settings import ENVIRONMENT_PREFIX

DEFAULT_MODEL = Path("models/default")
TOP_TERMS = 15

folder_argument = click.argument(
    "folder",
    type=click.Path(path_type=Path),
    default=DEFAULT_MODEL,
    envvar=f"{ENVIRONMENT_PREFIX}MODEL",
)


@click.group()
def model() -> None:
    """Look at trained models, check them, and hold them against each other."""


@model.command()
@folder_argument
@click.option("--terms", "count", type=click.IntRange(0), default=TOP_TERMS, show_default=True, help="Shown per class.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest as JSON.")
def inspect(folder: Path, count: int, *, as_json: bool) -> int:
    """Show what a model is, how good it is, and the terms that weigh most."""
    manifest = read_manifest(folder)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(manifest), indent=2))
        return 0
    console = Console()
    print_model(manifest, size_bytes(folder, manifest), console)
    if manifest.features is not None:
        console.print(_top_terms(read_linear_model(folder, manifest), count))
    return 0


@model.command()
@folder_argument
def verify(folder: Path) -> int:
    """Check every file's digest, and that scikit-learn still gives the golden set's labels and probabilities.

    Exits with 1 where an answer differs, with 78 where a file is not the one the manifest describes.
    """
    manifest = read_manifest(folder)
    for name in manifest.files:
        read_verified(folder, manifest, name)
        click.echo(f"ok  {name}")
    if manifest.features is not None:
        terms = len(read_linear_model(folder, manifest).terms)
        click.echo(f"ok  {terms:,} terms and their weights")
    from consumer.model.reference import load_reference  # noqa: PLC0415 - scikit-learn is slow to import

    golden = read_golden(folder, manifest)
    differences = golden_differences(load_reference(folder)[0], golden)
    for difference in differences:
        click.echo(f"differs: {difference}")
    click.echo(
        f"{len(golden) - len(differences)} of {len(golden)} golden texts are answered as when the model was made"
    )
    click.echo(f"digest {manifest.digest()}")
    return 1 if differences else 0


@model.command()
@click.argument("folders", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print manifests and judgements as JSON.")
def compare(folders: Sequence[Path], *, as_json: bool) -> int:
    """Judge several models on the held-out sample reviews, side by side."""
    # scikit-learn is slow to import: only who compares waits for it.
    from consumer.model.comparison import judge_on_samples  # noqa: PLC0415

    console = Console(file=sys.stderr)
    models = []
    for folder in folders:
        with console.status(f"judging {folder}"):
            manifest, judgement = judge_on_samples(folder)
        models.append(ComparedModel(folder.name, manifest, judgement, _data_size(folder, manifest)))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(models), indent=2))
    else:
        print_comparison(models, Console())
    return 0


@model.command()
@click.argument("candidate", type=click.Path(path_type=Path), required=False)
@click.argument("target", type=click.Path(path_type=Path), default=DEFAULT_MODEL, envvar=f"{ENVIRONMENT_PREFIX}MODEL")
@click.option("--rollback", is_flag=True, help="Go back to the model that the last promotion replaced.")
@click.option("--dry-run", is_flag=True, help="Check the model; replace nothing.")
def promote(candidate: Path | None, target: Path, *, rollback: bool, dry_run: bool) -> int:
    """Put a model in the place of the one that consumers use, once every digest and golden text is right.

    TARGET (REVIEWS_MODEL, models/default) is replaced whole and at once, by a copy; what was there is kept beside it as
    TARGET.previous. A consumer that runs takes the new model within --model-watch seconds, or when SIGHUP comes.
    With --rollback, which takes TARGET alone, the two change places: doing it twice changes nothing.

    \b
    Examples:
      review-consumer model promote models/candidate
      review-consumer model promote --rollback
    """  # noqa: D301 - click wants the control character
    if rollback:
        target = candidate or target
        candidate = kept_before(target)
    elif candidate is None:
        raise click.UsageError("name a CANDIDATE, or say --rollback")
    manifest = prove(candidate)
    before = in_use(target)
    if before is not None and before.digest() == manifest.digest():
        click.echo(f"{target} is this model already: nothing to do\ndigest {manifest.digest()}")
        return 0
    if before is not None and before.classes != manifest.classes:
        click.echo("other classes: consumers that run keep their model, and take this one when restarted", err=True)
    if dry_run:
        click.echo(f"{candidate} would become {target}\ndigest {manifest.digest()}")
        return 0
    if rollback:
        roll_back(target)
    else:
        put_in_place(candidate, target, manifest)
    click.echo(f"{target} is now {manifest.name} {manifest.version}\ndigest {manifest.digest()}")
    return 0


def _data_size(folder: Path, manifest: Manifest) -> int:
    """Return the bytes a scorer reads: all but the pipeline where there are terms and arrays."""
    sizes = size_bytes(folder, manifest)
    return sum(size for name, size in sizes.items() if manifest.features is None or not name.endswith(".joblib"))


def _top_terms(linear: LinearModel, count: int) -> Table:
    """Return the terms with the largest weight towards each class."""
    two = linear.weights.shape[1] == 1
    columns = [-linear.weights[:, 0], linear.weights[:, 0]] if two else list(linear.weights.T)
    table = Table(*(f"towards {name}" for name in linear.classes), title=f"{len(linear.terms):,} terms")
    orders = [np.argsort(-column, kind="stable")[:count] for column in columns]
    for places in zip(*orders, strict=True):
        cells = zip(columns, places, strict=True)
        table.add_row(*(f"{linear.terms[place]}  {column[place]:+.2f}" for column, place in cells))
    return table
