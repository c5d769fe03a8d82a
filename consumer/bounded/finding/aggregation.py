"""What the labels say of each group of reviews: how many, which share has each label, and how sure that is."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from consumer.bounded.arrow import import_pyarrow
from consumer.bounded.finding.results_port import ResultFilter, Results
from shared.errors import InputError

# A group takes some two hundred bytes and a few of its kind while tables are put together.
GROUPS_MAX = 5_000_000
# Sums of tables are put together when so many rows of them wait.
WAITING_ROWS = 500_000
# The 97.5 % quantile of the normal distribution: an interval of 95 %.
Z = 1.959963984540054
COUNTED = "positive"
# What a group's columns are called beside those it is grouped by.
OWN_NAMES = ("count", "positive_low", "positive_high", "score")
OWN_PREFIXES = ("share_", "mean_", "score_")


def aggregate(tables: Iterable[Any], columns: Sequence[str], groups_max: int = GROUPS_MAX) -> Any:
    """Return a row for each group of labels (pyarrow.Table), sorted by the group, nulls last.

    `tables` (pyarrow.Table) have the columns to group by, `label`, `score` and `score_<class>`. A row holds the group,
    `count`, `share_<label>` for each label that occurs, `mean_score` and `mean_score_<class>`, and the Wilson interval
    of the share of positive labels, `positive_low` and `positive_high`. A null is a group like any other. Memory goes
    by the number of groups times labels; InputError where there are more than `groups_max`.
    """
    sums = _Sums(list(columns), groups_max)
    for table in tables:
        sums.add(table)
    return _rows(sums.total(), list(columns))


def aggregate_results(results: Results, wanted: ResultFilter, columns: Sequence[str]) -> Any:
    """Return the groups of stored labels; see `aggregate`. InputError where a column is not there or can't be used."""
    names = next(iter(results.scan(ResultFilter(limit=1)))).schema.names
    for column in columns:
        if column not in names:
            raise InputError(f"there is no column {column!r} to group by", hint=f"stored are {', '.join(names)}")
        require_group_name(column)
    read = dict.fromkeys([*columns, "label", *(name for name in names if name == "score" or name.startswith("score_"))])
    return aggregate(results.scan(wanted, list(read)), columns)


def require_group_name(column: str) -> None:
    """Raise InputError where a column is called as one of those that groups get."""
    if column in OWN_NAMES or column.startswith(OWN_PREFIXES):
        raise InputError(
            f"a column {column!r} can't be grouped by: groups have one of that name",
            hint=f"--keep {column}=NAME stores it under another name",
        )


def aggregate_path(output: Path, columns: Sequence[str]) -> Path:
    """Return where an output's groups are written: `labels.by_product_id.parquet` beside `labels` or its file."""
    suffix = output.suffix if output.suffix.lower() in {".csv", ".jsonl", ".parquet"} else ".parquet"
    stem = output.name.removesuffix(suffix)
    names = "_".join(columns).replace("/", "_")
    return output.with_name(f"{stem}.by_{names}{suffix}")


def wilson_interval(successes: Any, counts: Any) -> tuple[Any, Any]:
    """Return the bounds of a share, 95 % (arrays, float64): Wilson, JASA 22 (1927) 209-212.

    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n), with p = successes / n; all n are 1 or more.
    """
    pc = import_pyarrow("pyarrow.compute")
    n = pc.cast(counts, "float64")
    p = pc.divide(pc.cast(successes, "float64"), n)
    scale = pc.add(1.0, pc.divide(Z * Z, n))
    middle = pc.divide(pc.add(p, pc.divide(Z * Z / 2, n)), scale)
    spread = pc.add(pc.divide(pc.multiply(p, pc.subtract(1.0, p)), n), pc.divide(Z * Z / 4, pc.multiply(n, n)))
    half = pc.divide(pc.multiply(Z, pc.sqrt(spread)), scale)
    # Rounding must not carry a bound past the share itself.
    return pc.min_element_wise(pc.subtract(middle, half), p), pc.max_element_wise(pc.add(middle, half), p)


class _Sums:
    """Counts and sums by group and label, of all tables so far."""

    def __init__(self, columns: list[str], groups_max: int) -> None:
        self._columns = columns
        self._groups_max = groups_max
        self._keys = list(dict.fromkeys([*columns, "label"]))
        self._waiting: list[Any] = []
        self._waiting_rows = 0
        self._put_together = 0

    def add(self, table: Any) -> None:
        pa = import_pyarrow()
        missing = [name for name in self._keys if name not in table.schema.names]
        if missing:
            raise InputError(
                f"labels have no column {missing[0]!r} to group by",
                hint=f"--group-by takes one of {table.schema.names}",
            )
        scores = _score_columns(table)
        rows = table.select(list(dict.fromkeys([*self._keys, *scores])))
        for place, name in enumerate(rows.schema.names):
            if pa.types.is_dictionary(rows.schema.field(name).type):
                rows = rows.set_column(place, name, rows[name].cast(rows.schema.field(name).type.value_type))
        rows = rows.append_column("count", pa.repeat(pa.scalar(1, pa.int64()), rows.num_rows))
        self._waiting.append(_summed(rows, self._keys))
        self._waiting_rows += self._waiting[-1].num_rows
        if self._waiting_rows > max(WAITING_ROWS, 2 * self._put_together):
            self.total()

    def total(self) -> Any:
        pa = import_pyarrow()
        if not self._waiting:
            raise InputError("there is no table of labels to group", hint="name an output that holds labels")
        total = _summed(pa.concat_tables(self._waiting), self._keys)
        self._waiting, self._waiting_rows, self._put_together = [total], total.num_rows, total.num_rows
        # Cheap first: a group has at least one label.
        if total.num_rows > self._groups_max:
            groups = total.group_by(self._columns).aggregate([]).num_rows
            if groups > self._groups_max:
                raise InputError(
                    f"labels are of more than {self._groups_max:,} groups by {', '.join(self._columns)}",
                    hint="--group-by takes a column that many reviews share, such as product_id",
                )
        return total


def _score_columns(table: Any) -> list[str]:
    is_floating = import_pyarrow().types.is_floating
    names = [field.name for field in table.schema if is_floating(field.type)]
    return [name for name in names if name == "score" or name.startswith("score_")]


def _summed(rows: Any, keys: list[str]) -> Any:
    names = [name for name in rows.schema.names if name not in keys]
    # One thread: sums of numbers depend on their order, and the same labels shall give the same sums.
    summed = rows.group_by(keys, use_threads=False).aggregate([(name, "sum") for name in names])
    return summed.rename_columns(
        [name.removesuffix("_sum") if name not in keys else name for name in summed.column_names]
    )


def _rows(sums: Any, columns: list[str]) -> Any:
    pa, pc = import_pyarrow(), import_pyarrow("pyarrow.compute")
    labels = sorted(label for label in pc.unique(sums["label"]).to_pylist() if label is not None)
    scores = _score_columns(sums)
    by_label = sums.select([*columns, "count", *scores])
    for label in {*labels, COUNTED}:
        is_it = pc.fill_null(pc.equal(sums["label"], label), fill_value=False)
        by_label = by_label.append_column(f"of {label}", pc.if_else(is_it, sums["count"], 0))
    groups = _summed(by_label, columns)
    groups = groups.sort_by([(name, "ascending") for name in columns])
    count = groups["count"]
    result = {name: groups[name] for name in columns} | {"count": count}
    exact = pc.cast(count, pa.float64())
    result |= {f"share_{label}": pc.divide(pc.cast(groups[f"of {label}"], pa.float64()), exact) for label in labels}
    result |= {f"mean_{name}": pc.divide(groups[name], exact) for name in scores}
    result["positive_low"], result["positive_high"] = wilson_interval(groups[f"of {COUNTED}"], count)
    return pa.table(result)
