"""A comparison as one HTML page: no script, nothing from elsewhere, light and dark."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files

from consumer.measuring.results import Comparison
from consumer.reports.comparison_plots import PLOTS, Plot, Theme, draw
from consumer.reports.comparison_tables import (
    Cell,
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
from consumer.reports.comparison_texts import HOW_TO_READ, machine_line, model_lines

STYLE = "comparison.css"
TITLE = "Batch and real time, compared"


def as_page(comparison: Comparison) -> str:
    """Return the whole page."""
    style = files("consumer.reports").joinpath(STYLE).read_text("utf-8")
    body = "\n".join(_sections(comparison))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        # Otherwise a browser asks the server for an icon.
        '<link rel="icon" href="data:,">\n'
        f"<title>{TITLE}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _sections(comparison: Comparison) -> Iterator[str]:
    yield f"<header><h1>{TITLE}</h1>\n{_lines(sample_lines(comparison))}</header>"
    yield _section("verdict", "Verdict", _badge(comparison) + _table(verdict(comparison)))
    yield _section("plots", "In pictures", _plots(comparison))
    parts = [_details(one.title, "".join(map(_table, of_subject(one)))) for one in comparison.subjects]
    yield _section("models", "Models", _table(models(comparison)))
    yield _section("modes", "Modes", "\n".join(parts))
    plan = options(comparison)
    advised = f"<p><strong>{escape(advice_line(comparison))}</strong></p>" if plan else ""
    said = advised + (_table(plan) if plan else "") + _lines(crossing_lines(comparison)) + _table(costs(comparison))
    yield _section("advice", "Which mode when", said)
    yield _section("reading", "How to read this", _lines(HOW_TO_READ))
    facts = [*model_lines(comparison), machine_line(comparison), *comparison.left_out]
    yield _section("facts", "Models and machine", _lines(facts))


def _section(name: str, title: str, content: str) -> str:
    heading = f'<h2 id="{name}-title">{title}</h2>'
    return f'<section id="{name}" aria-labelledby="{name}-title">\n{heading}\n{content}\n</section>'


def _details(title: str, content: str) -> str:
    return f"<h3>{escape(title)}</h3>\n{content}"


def _badge(comparison: Comparison) -> str:
    kind, said = ("good", "✔ good enough") if comparison.succeeded else ("bad", "✘ not good enough")
    return f'<p class="badge {kind}">{said}</p>\n'


def _lines(lines: Iterable[str]) -> str:
    return "".join(
        f'<p class="{"warning" if line.startswith("WARNING") else "said"}">{escape(line)}</p>\n' for line in lines
    )


def _plots(comparison: Comparison) -> str:
    drawn = [(plot, {theme: draw(plot, comparison, theme) for theme in Theme}) for plot in PLOTS]
    shown = [_figure(plot, pictures) for plot, pictures in drawn if all(pictures.values())]
    return f'<div class="plots">\n{"".join(shown)}</div>'


def _figure(plot: Plot, pictures: dict[Theme, str]) -> str:
    return (
        f'<figure id="plot-{plot.name}">\n<picture>\n'
        f'<source media="(prefers-color-scheme: dark)" srcset="{pictures[Theme.DARK]}">\n'
        f'<img src="{pictures[Theme.LIGHT]}" alt="{escape(plot.caption)}">\n</picture>\n'
        f"<figcaption><strong>{escape(plot.title)}</strong> {escape(plot.caption)}</figcaption>\n</figure>\n"
    )


def _table(figures: Figures) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in figures.head)
    rows = "".join(f"<tr>{''.join(_cells(row, figures.wide))}</tr>\n" for row in figures.rows)
    # A scrolling region must be reachable by keyboard and have a name.
    name = escape(figures.title)
    return (
        f'<div class="scroll" role="region" aria-label="{name}" tabindex="0">\n<table>\n<caption>{name}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n"
    )


def _cells(row: Sequence[Cell], wide: int) -> Iterator[str]:
    for number, cell in enumerate(row):
        content = escape(cell.text) + (f"<small>{escape(cell.range)}</small>" if cell.range else "")
        if number == 0:
            yield f'<th scope="row">{content}</th>'
        else:
            kind = ' class="text"' if number >= len(row) - wide else ' class="no"' if cell.text == "NO" else ""
            yield f"<td{kind}>{content}</td>"
