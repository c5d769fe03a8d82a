"""How results come onto a page of docs/: tables, and the markers that they stand between."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

BEGIN, END = "<!-- figures: {} -->", "<!-- end of figures -->"

Results = Mapping[str, Any]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table: the first column to the left, numbers to the right."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *rows))


def machine(results: Results) -> str:
    """Return what one result was measured on."""
    facts = results["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in facts["packages"].items())
    return (
        f"Measured on {facts['cores']} cores of {facts['processor']}, {facts['system']}, Python {facts['python']}, "
        f"{packages}. Broker, generator and reader run on the same cores. Load when it began: "
        f"{facts['load_average_1_min']}."
    )


def with_blocks(page: str, content: Mapping[str, str]) -> str:
    """Return the page with each block between its markers; the rest is as it was."""
    for name, text in content.items():
        before, begin, rest = page.partition(BEGIN.format(name))
        _, end, after = rest.partition(END)
        if not begin or not end:
            raise ValueError(f"the page has no place for {name}: {BEGIN.format(name)} … {END}")
        page = f"{before}{begin}\n\n{text}\n\n{end}{after}"
    return page


def write_pages(pages: Mapping[Path, Mapping[str, str]], check_with: str) -> None:
    """Write the blocks of pages; with the name of the module that does, write nothing and exit 1 where one differs."""
    stale = False
    for file, content in pages.items():
        page = file.read_text("utf-8")
        expected = with_blocks(page, content)
        if not check_with:
            file.write_text(expected, "utf-8")
        elif page != expected:
            stale = True
            click.echo(f"{file.name}: not what the results say; run python -m {check_with}", err=True)
    if stale:
        sys.exit(1)
