"""How `score` looks in a terminal."""

from collections.abc import Mapping, Sequence

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from consumer.model.explain import Explanation
from consumer.model.labelling import NEUTRAL
from consumer.model.trace import LAYERS, Step

COLOURS = {"positive": "green", "negative": "red"}
OTHER_COLOUR = "yellow"
TEXT_SHOWN = 100
TERMS_SHOWN = 12
BAR_WIDTH = 20


def show_answer(console: Console, text: str, label: str, confidence: float, probabilities: Mapping[str, float]) -> None:
    """Print one line: label, confidence, the probability of each class, and how the text begins."""
    shares = "  ".join(f"{name} {share:.3f}" for name, share in probabilities.items())
    line = " ".join(text.split())
    shown = line if len(line) <= TEXT_SHOWN else line[: TEXT_SHOWN - 1] + "…"
    colour = COLOURS.get(label, OTHER_COLOUR)
    reason = "  (no term the model knows)" if _knows_nothing(label, probabilities) else ""
    console.print(
        f"[bold {colour}]{escape(label):<8}[/] {confidence:.3f}  [dim]{shares}[/]  {escape(shown)}{reason}",
        soft_wrap=True, highlight=False,
    )  # fmt: skip


def show_explanation(console: Console, why: Explanation, classes: Sequence[str]) -> None:
    """Print the terms that decided and what each adds to the score; the shares add up to it exactly."""
    if not why.terms:
        return
    two = len(why.scores) == 1
    column = 0 if two else int(np.argmax(why.scores))
    toward, away = (classes[1], classes[0]) if two else (classes[column], f"not {classes[column]}")
    strongest = why.strongest(column)
    largest = abs(strongest[0].contributions[column]) or 1.0
    table = Table(box=None, pad_edge=False, show_header=True, header_style="dim")
    table.add_column("term")
    table.add_column("times", justify="right")
    table.add_column(f"adds to {toward}", justify="right")
    table.add_column("")
    for known in strongest[:TERMS_SHOWN]:
        share = known.contributions[column]
        colour = COLOURS.get(toward if share > 0 else away, OTHER_COLOUR)
        bar = "█" * max(1, round(abs(share) / largest * BAR_WIDTH))
        table.add_row(escape(known.term), str(known.times), f"[{colour}]{share:+.4f}[/]", f"[{colour}]{bar}[/]")
    rest = [known.contributions[column] for known in strongest[TERMS_SHOWN:]]
    if rest:
        table.add_row(f"[dim]{len(rest):,} terms more[/]", "", f"{sum(rest):+.4f}", "")
    table.add_row("[dim]before any term[/]", "", f"{why.starts[column]:+.4f}", "")
    probability = why.probabilities[1] if two else why.probabilities[column]
    table.add_row("[bold]score[/]", "", f"[bold]{why.scores[column]:+.4f}[/]", f"→ {probability:.4f} {toward}")
    console.print(table)


def show_trace(console: Console, steps: Sequence[Step]) -> None:
    """Print the steps under the names of their layers."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("layer", "step", "shape", "value"):
        table.add_column(name, overflow="fold")
    for number, layer in enumerate(LAYERS, 1):
        title = f"[bold]{number} {layer}[/]"
        for step in steps:
            if step.layer == layer:
                table.add_row(title, escape(step.name), escape(step.shape), escape(step.value))
                title = ""
    console.print(table)


def _knows_nothing(label: str, probabilities: Mapping[str, float]) -> bool:
    return label == NEUTRAL and len(set(probabilities.values())) == 1
