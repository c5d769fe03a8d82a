"""A Parquet file's columns say what its rows would say one by one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from consumer.bounded.reading.inputs import ReadAs, open_inputs
from consumer.bounded.reading.table_source import utf8_texts
from shared.review_files import ReviewFile
from shared.review_rows import BadRow, ColumnMapping
from tests.support.standard_input import no_standard_input

# Dense in what matters: a free choice of cells would seldom make two columns of one row odd.
TEXTS = st.sampled_from([None, "", "x", "Grüße", "x" * 256, "y" * 257]) | st.text(max_size=3)
NUMBERS = st.sampled_from([None, -5, 0, 1, 5, 6])
STARS = st.sampled_from([None, 0.5, 1.0, 4.5, 5.0, 5.5, float("nan")])
MAPPINGS = st.sampled_from([ColumnMapping(), ColumnMapping(review_id="product_id"), ColumnMapping(text="language")])
NAIVE = st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1))  # noqa: DTZ001 - such files exist
COLUMNS: Mapping[str, list[tuple[pa.DataType, st.SearchStrategy[Any]]]] = {
    "text": [(pa.string(), TEXTS), (pa.large_string(), TEXTS), (pa.int64(), NUMBERS)],
    "review_id": [(pa.string(), TEXTS), (pa.int32(), NUMBERS), (pa.bool_(), st.booleans())],
    "product_id": [(pa.string(), TEXTS), (pa.int64(), NUMBERS), (pa.float64(), STARS)],
    "rating": [
        (pa.float32(), STARS),
        (pa.int64(), NUMBERS),
        (pa.string(), st.sampled_from(["3", "9", "no", "", None])),
    ],
    "language": [(pa.string(), TEXTS), (pa.string(), TEXTS), (pa.string(), TEXTS), (pa.int64(), NUMBERS)],
    "created_at": [
        (pa.timestamp("us"), NAIVE),
        (pa.timestamp("ns", tz="UTC"), NAIVE.map(lambda moment: moment.replace(tzinfo=UTC))),
        (pa.timestamp("ms", tz="+02:00"), NAIVE.map(lambda moment: moment.replace(microsecond=0, tzinfo=UTC))),
        (pa.string(), st.sampled_from(["2026-01-31", "yesterday", "", None])),
        (pa.date32(), st.dates()),
    ],
    "source": [(pa.string(), TEXTS), (pa.dictionary(pa.int32(), pa.string()), st.sampled_from(["a", "b", None]))],
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    count = draw(st.integers(0, 6))
    columns = {}
    names = [name for name in COLUMNS if name in {"text", "language"} or draw(st.booleans())]
    for name in names:
        kind, cells = draw(st.sampled_from(COLUMNS[name]))
        columns[name] = pa.array(draw(st.lists(cells, min_size=count, max_size=count)), kind)
    return pa.table(columns)


@settings(max_examples=300, deadline=None)
@given(tables(), MAPPINGS)
def test_columns_say_what_rows_say(tmp_path_factory: Any, table: pa.Table, mapping: ColumnMapping) -> None:
    assume(mapping.review_id in table.column_names or mapping.review_id == "review_id")
    path = tmp_path_factory.mktemp("columns") / "reviews.parquet"
    parquet.write_table(table, path)
    (tables_of,) = open_inputs([str(path)], ReadAs(mapping), no_standard_input)
    found: list[tuple[Any, ...]] = []
    rejects: dict[int, str] = {}
    for chunk in tables_of.read(0):
        rows = chunk.reviews
        texts = utf8_texts(rows["text"])
        found += [
            (rows["offset"][row].as_py(), rows["review_id"][row].as_py(), texts[row], *_rest(rows, row))
            for row in range(rows.num_rows)
        ]
        rejects |= {reject.row: reject.reason for reject in chunk.rejects}
    reviews, bad = read_by_row(path, mapping)
    assert rejects == bad
    assert found == reviews


def _rest(rows: Any, row: int) -> tuple[Any, ...]:
    return tuple(rows[name][row].as_py() for name in ("product_id", "rating", "created_at"))


def read_by_row(path: Path, mapping: ColumnMapping) -> tuple[list[tuple[Any, ...]], dict[int, str]]:
    reviews, bad = [], {}
    for row in ReviewFile(str(path), mapping).read():
        if isinstance(row, BadRow):
            bad[row.place.number] = row.message
        else:
            review = row.review
            reviews.append(
                (row.place.number, review.review_id, review.text, review.product_id, review.rating, review.created_at)
            )
    return reviews, bad
