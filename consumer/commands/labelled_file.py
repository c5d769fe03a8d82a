"""Which labelled reviews a command reads: the same options wherever one does."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import TypeVar

import click

from consumer.model.class_names import ClassNames
from consumer.model.training_data import LabelledFile
from shared.review_files import FileFormat
from shared.review_rows import LABEL_COLUMN, ColumnMapping

Result = TypeVar("Result")


def labelled_file_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Give a command the options of a labelled file, and as `labelled_file` what they name; None: the sample data."""

    @click.option(
        "--data", type=str, help="CSV, JSONL or Parquet file of labelled reviews; without, the sample reviews."
    )
    @click.option(
        "--format",
        "file_format",
        type=click.Choice([name.value for name in FileFormat]),
        help="Of the file; told by its name.",
    )
    @click.option(
        "--column", "columns", multiple=True, metavar="FIELD=COLUMN", help="Where a field is, e.g. text=body."
    )
    @click.option("--label-column", default=LABEL_COLUMN, show_default=True, help="Column that holds the labels.")
    @click.option(
        "--class", "classes", multiple=True, metavar="LABEL=SENTIMENT", help="What a label means, e.g. good=positive."
    )
    @wraps(command)
    def build(
        *,
        data: str | None,
        file_format: str | None,
        columns: tuple[str, ...],
        label_column: str,
        classes: tuple[str, ...],
        **rest: object,
    ) -> Result:
        mapping = replace(ColumnMapping.parse(columns), label=label_column)
        names = ClassNames.parse(classes)
        kind = FileFormat(file_format) if file_format else None
        return command(labelled_file=None if data is None else LabelledFile(data, mapping, names, kind), **rest)

    return build
