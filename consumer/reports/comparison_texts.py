"""A comparison in a terminal, and as Markdown."""

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from consumer.measuring.advice import duration
from consumer.measuring.results import Comparison
from consumer.reports.comparison_tables import (
    Figures,
    advice_line,
    costs,
    crossing_lines,
    models,
    of_subject,
    options,
    sample_lines,
    verdict,
)

ACCURACY_MEANS = (
    "Accuracy asks for the likeliest class, also where the label is neutral: a neutral label is an abstention, counted "
    "beside it, with the accuracy of the others (of others). Its interval of 95 % is Wilson's."
)
TIMES_MEAN = (
    "Times are medians over the rounds, with their range. Up to a hundred reviews are scored before each measurement "
    "and not counted; what the first answer of a new process costs is its start. A review's time: in batch, real time "
    "and the stream all at once, the total over the number; in micro-batch what the loop spent on it; in the stream "
    "otherwise from publishing to label."
)
WAITS_MEAN = (
    "A wait for a label is that of a review: in batch its call's, in micro-batch since it was due, in the stream since "
    "it was published, or due."
)
PUBLISHED_MEANS = (
    "Published before: what the experiment that this project started from said of itself; not measured here."
)
HOW_TO_READ = (ACCURACY_MEANS, TIMES_MEAN, WAITS_MEAN, PUBLISHED_MEANS)


# A narrower terminal shows medians only: ranges would be torn apart.
RANGES_WIDTH = 110


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Print a comparison for people: the first model in full, others in a line each."""
    for line in _introduction(comparison):
        style = "bold yellow" if line.startswith("WARNING") else ""
        console.print(Text(line, style=style))
    shown = [verdict(comparison), *([models(comparison)] if len(comparison.subjects) > 1 else [])]
    for figures in [*shown, *of_subject(comparison.subjects[0]), *_planned(comparison)]:
        console.print(_table(figures, console.width))
    for line in _conclusion(comparison):
        console.print(Text(line))
    console.print(
        Text("✔ good enough", style="bold green")
        if comparison.succeeded
        else Text("✘ not good enough", style="bold red")
    )


def as_markdown(comparison: Comparison) -> str:
    """Return a comparison as Markdown."""
    parts = ["# Batch and real time, compared", *_introduction(comparison), *HOW_TO_READ]
    found = [figures for subject in comparison.subjects for figures in of_subject(subject)]
    for figures in [verdict(comparison), models(comparison), *found, *_planned(comparison)]:
        parts += [f"## {figures.title}", markdown_table(figures)]
    return "\n\n".join([*parts, *_conclusion(comparison)]) + "\n"


def markdown_table(figures: Figures) -> str:
    """Return one table as Markdown."""
    rules = ["---"] + ["---:"] * (len(figures.head) - 1 - figures.wide) + ["---"] * figures.wide
    rows = [[f"{cell.text} ({cell.range})" if cell.range else cell.text for cell in row] for row in figures.rows]
    lines = [[cell.replace("|", "\\|") for cell in row] for row in (figures.head, rules, *rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def machine_line(comparison: Comparison) -> str:
    """Return what was measured on."""
    facts, settings = comparison.machine, comparison.settings
    broker = f" Broker: {settings['broker']}." if settings.get("broker") else ""
    return (
        f"Measured on {facts['cores']} cores of {facts['processor']}, {facts['system']}, Python {facts['python']}; "
        f"load when it began: {facts['load_average_1_min']}.{broker}"
    )


def model_lines(comparison: Comparison) -> Iterator[str]:
    """Yield each model's digest and how long a process with it takes to start."""
    for subject in comparison.subjects:
        start = "" if subject.start_s is None else f"; first answer {duration(subject.start_s.median)} after its start"
        yield f"{subject.title}: digest {subject.digest}{start}."


def _introduction(comparison: Comparison) -> Iterator[str]:
    yield from sample_lines(comparison)
    yield from model_lines(comparison)
    yield machine_line(comparison)
    yield from comparison.left_out


def _planned(comparison: Comparison) -> list[Figures]:
    plan = options(comparison)
    return [costs(comparison), *([plan] if plan else [])]


def _conclusion(comparison: Comparison) -> Iterator[str]:
    yield from crossing_lines(comparison)
    if comparison.advice is not None:
        yield advice_line(comparison)


def _table(figures: Figures, width: int) -> Table:
    table = Table(title=f"\n{figures.title}", title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for number, name in enumerate(figures.head):
        is_figure = 0 < number < len(figures.head) - figures.wide
        table.add_column(name, justify="right" if is_figure else "left", overflow="fold", no_wrap=number == 0)
    for row in figures.rows:
        cells = (
            Text.assemble(cell.text, (f"\n{cell.range}" if cell.range and width >= RANGES_WIDTH else "", "dim"))
            for cell in row
        )
        table.add_row(*cells)
    return table
