"""Writes the figures of docs/batch-and-real-time.md from results/compare.json, which `make compare` measures.

python -m benchmarks.render_compare [--check]
"""

from pathlib import Path

import click
import msgspec

from benchmarks.pages import write_pages
from benchmarks.stream_results import RESULTS
from consumer.measuring.results import Comparison
from consumer.reports.comparison_tables import costs, crossing_lines, models, of_subject, sample_lines, verdict
from consumer.reports.comparison_texts import machine_line, markdown_table

RESULT = RESULTS / "compare.json"
PAGE = Path(__file__).parents[1] / "docs" / "batch-and-real-time.md"


def blocks(comparison: Comparison) -> dict[str, str]:
    """Return what belongs between the page's markers, by the markers' names."""
    modes = of_subject(comparison.subjects[0])
    return {
        "sample": "\n".join([*sample_lines(comparison), machine_line(comparison)]),
        "verdict": markdown_table(verdict(comparison)),
        "models": markdown_table(models(comparison)),
        "modes": "\n\n".join(f"**{figures.title}**\n\n{markdown_table(figures)}" for figures in modes),
        "costs": "\n\n".join([markdown_table(costs(comparison)), *crossing_lines(comparison)]),
    }


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where the page is not what the result says.")
def main(*, check: bool) -> None:
    """Write the figures."""
    found = msgspec.json.decode(RESULT.read_bytes(), type=Comparison)
    write_pages({PAGE: blocks(found)}, check_with="benchmarks.render_compare" if check else "")


if __name__ == "__main__":
    main()
