"""`results`: find labels again that `batch` has stored, and write them elsewhere."""

import sys
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from consumer.bounded.finding.aggregation import aggregate_results
from consumer.bounded.finding.results_port import ResultFilter, TimeColumn
from consumer.bounded.outputs import OutputOptions, open_results
from consumer.bounded.storing.table_files import format_of, write_table_file
from consumer.bounded.storing.text_encoding import JsonlEncoder
from consumer.commands.places import parse_moment
from consumer.commands.reading_display import choose_display
from consumer.reports.label_summary import print_labels
from shared.logs import configure_logs
from shared.settings import LogSettings, with_settings

ROWS_SHOWN = 20
# What people look for first; --column names others.
COLUMNS_SHOWN = ("review_id", "label", "score", "product_id", "rating", "scored_at")
# Wide enough for a row where no terminal says how wide it is.
COLUMNS_ELSEWHERE = 160


def search_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the place of the labels, and the options that say which of them are meant."""
    options = [
        click.argument("target"),
        click.option("--table", help="Name of the table in a database.  [default: sentiment]"),
        click.option("--review-id", "review_ids", multiple=True, help="Of this review; repeatable."),
        click.option("--product", "product_ids", multiple=True, help="Of this product; repeatable."),
        click.option("--label", "labels", multiple=True, help="With this label; repeatable."),
        click.option("--since", metavar="TIME", callback=parse_moment, help="At this time or later (ISO 8601)."),
        click.option("--until", metavar="TIME", callback=parse_moment, help="Before this time."),
        click.option(
            "--time",
            "time_column",
            type=click.Choice([column.value for column in TimeColumn]),
            default=TimeColumn.SCORED_AT.value,
            show_default=True,
            help="Which time is meant; not every review says when it was created.",
        ),
        click.option("--column", "columns", multiple=True, help="Give this column; repeatable."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def results() -> None:
    """Find labels again that `batch` has stored."""


@results.command("query")
@with_settings(LogSettings)
@search_options
@click.option("--limit", type=click.IntRange(1), default=ROWS_SHOWN, show_default=True, help="Most that are shown.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line, with all columns.")
def query_(  # noqa: PLR0913 - one argument a flag
    log_settings: LogSettings,
    target: str,
    *,
    table: str | None,
    columns: tuple[str, ...],
    limit: int,
    as_json: bool,
    **wanted: Any,
) -> int:
    """Show labels: those that meet all conditions, and within one any of its values, in the order they were stored.

    TARGET is what `batch --output` named.

    \b
    Examples:
      review-consumer results query labels/ --product B07 --label negative
      review-consumer results query labels.csv --since 2026-01-31 --json
    """  # noqa: D301 - click wants the control character
    configure_logs(log_settings.log_level, log_settings.log_format)
    found = open_results(target, OutputOptions(table=table)).scan(_filter(limit, **wanted), columns)
    count = 0
    if as_json:
        encoder = JsonlEncoder()
        for rows in found:
            count += rows.num_rows
            for content in encoder.rows(rows):
                sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        tables = list(found)
        count = sum(rows.num_rows for rows in tables)
        if count:
            there = tables[0].schema.names
            shown = columns or [name for name in COLUMNS_SHOWN if name in there] or there
            print_labels(shown, [row for rows in tables for row in rows.to_pylist()], _console())
    if not count:
        click.echo(f"no label in {target} matches", err=True)
    elif count == limit and not as_json:
        click.echo(f"{count:,} shown; there may be more: --limit shows more, `results export` writes all", err=True)
    return 0


@results.command()
@with_settings(LogSettings)
@search_options
@click.option("--limit", type=click.IntRange(1), help="Most that are written.  [default: all]")
@click.option("--to", "to", type=click.Path(path_type=Path), required=True, help="A .csv, .jsonl or .parquet file.")
def export(  # noqa: PLR0913 - one argument a flag
    log_settings: LogSettings,
    target: str,
    *,
    table: str | None,
    columns: tuple[str, ...],
    limit: int | None,
    to: Path,
    **wanted: Any,
) -> int:
    """Write labels to a file of their own, which appears when it is whole; one that is there already is refused.

    \b
    Examples:
      review-consumer results export labels/ --label negative --to negative.csv
      review-consumer results export postgresql://me@db/reviews --since 2026-01-31 --to january.parquet
    """  # noqa: D301 - click wants the control character
    configure_logs(log_settings.log_level, log_settings.log_format)
    format_of(to)
    found = open_results(target, OutputOptions(table=table)).scan(_filter(limit, **wanted), columns)
    first = next(found)
    with choose_display() as display:
        counter = _Counter(display.track(f"writing {to}", chain([first], found)))
        write_table_file(to, first.schema, counter)
    click.echo(f"{counter.rows:,} labels written to {to}", err=True)
    return 0


@results.command()
@with_settings(LogSettings)
@search_options
@click.option("--by", "by", multiple=True, required=True, help="Column whose values are groups; repeatable.")
@click.option("--to", "to", type=click.Path(path_type=Path), help="A .csv, .jsonl or .parquet file for the groups.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def groups(  # noqa: PLR0913 - one argument a flag
    log_settings: LogSettings,
    target: str,
    *,
    table: str | None,
    columns: tuple[str, ...],
    by: tuple[str, ...],
    to: Path | None,
    as_json: bool,
    **wanted: Any,
) -> int:
    """Say what the labels of each group are: count, each label's share, mean score, and how sure that is.

    The last two columns are the bounds of the share of positive reviews (95 %, Wilson).

    \b
    Examples:
      review-consumer results groups labels/ --by product_id
      review-consumer results groups labels.duckdb --by shop --since 2026-01-31 --to shops.csv
    """  # noqa: D301 - click wants the control character
    configure_logs(log_settings.log_level, log_settings.log_format)
    if columns:
        raise click.UsageError("--column is for labels: a group has the columns of --by, and its own")
    found = aggregate_results(open_results(target, OutputOptions(table=table)), _filter(None, **wanted), by)
    if to is not None:
        write_table_file(to, found.schema, [found])
        click.echo(f"{found.num_rows:,} groups written to {to}", err=True)
    elif as_json:
        for content in JsonlEncoder().rows(found):
            sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        print_labels(found.schema.names, found.to_pylist(), _console())
    return 0


class _Counter:
    """Tables that pass by, and how many rows they had."""

    def __init__(self, tables: Iterator[Any]) -> None:
        self._tables = tables
        self.rows = 0

    def __iter__(self) -> Iterator[Any]:
        for table in self._tables:
            self.rows += table.num_rows
            yield table


def _filter(limit: int | None, *, time_column: str, **wanted: Any) -> ResultFilter:
    return ResultFilter(limit=limit, time_column=TimeColumn(time_column), **wanted)


def _console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=COLUMNS_ELSEWHERE)
