"""What labels say of each group, held against counting by hand."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.bounded.finding import aggregation
from consumer.bounded.finding.aggregation import aggregate, aggregate_path, wilson_interval
from shared.errors import InputError

Labelled = tuple[str | None, str, float]
SOME: list[Labelled] = [("a", "positive", 0.9), ("b", "negative", 0.75), ("a", "negative", 0.5), (None, "neutral", 0.5)]


def table(rows: Sequence[Labelled]) -> Any:
    return pa.table(
        {
            "product_id": pa.array([row[0] for row in rows], pa.string()),
            "label": pa.array([row[1] for row in rows], pa.string()).dictionary_encode(),
            "score": pa.array([row[2] for row in rows], pa.float64()),
            "score_positive": pa.array([1 - row[2] for row in rows], pa.float64()),
        }
    )


def by_group(result: Any) -> dict[Any, dict[str, Any]]:
    return {row["product_id"]: row for row in result.to_pylist()}


def test_each_group_has_its_count_shares_and_means() -> None:
    result = aggregate([table(SOME)], ["product_id"])
    assert result["product_id"].to_pylist() == ["a", "b", None]
    group = by_group(result)["a"]
    assert group["count"] == 2
    assert (group["share_positive"], group["share_negative"], group["share_neutral"]) == (0.5, 0.5, 0.0)
    assert group["mean_score"] == pytest.approx(0.7)
    assert group["mean_score_positive"] == pytest.approx(0.3)


def test_a_null_is_a_group() -> None:
    assert by_group(aggregate([table(SOME)], ["product_id"]))[None]["share_neutral"] == 1.0


# From the formula, by hand and with more digits than are compared.
@pytest.mark.parametrize(
    ("successes", "count", "low", "high"),
    [(5, 10, 0.236593, 0.763407), (0, 10, 0.0, 0.277533), (10, 10, 0.722467, 1.0), (1, 1, 0.206549, 1.0)],
)
def test_the_interval_is_wilsons(successes: int, count: int, low: float, high: float) -> None:
    found = wilson_interval(pa.array([successes]), pa.array([count]))
    assert [bound[0].as_py() for bound in found] == pytest.approx([low, high], abs=1e-6)


def test_the_interval_is_that_of_the_positive_share() -> None:
    rows = [("a", "positive", 0.9)] * 5 + [("a", "negative", 0.9)] * 3 + [("a", "neutral", 0.9)] * 2
    group = by_group(aggregate([table(rows)], ["product_id"]))["a"]
    assert (group["positive_low"], group["positive_high"]) == pytest.approx((0.236593, 0.763407), abs=1e-6)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "", None]),
            st.sampled_from(["positive", "negative", "neutral"]),
            st.floats(0, 1, allow_subnormal=False),
        ),
        min_size=1,
    ),
    st.integers(1, 7),
)
def test_groups_do_not_depend_on_how_rows_came(rows: list[Labelled], rows_a_table: int) -> None:
    tables = [table(rows[start : start + rows_a_table]) for start in range(0, len(rows), rows_a_table)]
    found = by_group(aggregate(tables, ["product_id"]))
    assert found.keys() == {row[0] for row in rows}
    for group, row in found.items():
        of_group = [label for key, label, _ in rows if key == group]
        assert row["count"] == len(of_group)
        for label in set(of_group):
            assert row[f"share_{label}"] == of_group.count(label) / len(of_group)
        scores = [score for key, _, score in rows if key == group]
        assert math.isclose(row["mean_score"], math.fsum(scores) / len(scores), abs_tol=1e-12)
        assert 0 <= row["positive_low"] <= of_group.count("positive") / len(of_group) <= row["positive_high"] <= 1


def test_sums_are_put_together_while_tables_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aggregation, "WAITING_ROWS", 2)
    assert by_group(aggregate([table(SOME)] * 50, ["product_id"]))["a"]["count"] == 100


def test_several_columns_make_a_group_together() -> None:
    result = aggregate([table(SOME)], ["product_id", "label"])
    assert result.num_rows == 4
    assert result.select(["product_id", "label"]).slice(0, 2).to_pylist() == [
        {"product_id": "a", "label": "negative"},
        {"product_id": "a", "label": "positive"},
    ]


def test_no_labels_are_no_groups() -> None:
    result = aggregate([table([])], ["product_id"])
    assert result.num_rows == 0
    assert result.column_names[:2] == ["product_id", "count"]


def test_too_many_groups_are_an_error_that_names_the_column() -> None:
    rows = [(f"p{number}", "positive", 0.9) for number in range(11)]
    assert aggregate([table(rows[:10])], ["product_id"], groups_max=10).num_rows == 10
    with pytest.raises(InputError, match="more than 10 groups by product_id"):
        aggregate([table(rows)], ["product_id"], groups_max=10)


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match="no column 'shop'") as caught:
        aggregate([table(SOME)], ["shop"])
    assert "product_id" in caught.value.hint


@pytest.mark.parametrize(
    ("output", "path"),
    [
        ("out/labels", "out/labels.by_shop_label.parquet"),
        ("labels.csv", "labels.by_shop_label.csv"),
        ("labels.jsonl", "labels.by_shop_label.jsonl"),
        ("labels.duckdb", "labels.duckdb.by_shop_label.parquet"),
    ],
)
def test_groups_are_written_beside_the_output(output: str, path: str) -> None:
    assert aggregate_path(Path(output), ["shop", "label"]) == Path(path)
