"""Bounded input: every format, every damage, and the place that each message names."""

import csv
import io
import json
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ConfigurationError, InputError
from shared.review_files import FileFormat, ReviewFile
from shared.review_rows import BadRow, ColumnMapping, Place, ReviewRow
from shared.reviews import Review
from shared.text_rows import ROW_BYTES_MAX

PLAIN = ColumnMapping()
texts = st.text(st.characters(codec="utf-8"), min_size=1)
reviews = st.builds(
    Review,
    review_id=st.text(st.characters(codec="utf-8"), min_size=1, max_size=256),
    text=texts,
    product_id=st.none() | texts,
    rating=st.none() | st.floats(1, 5),
    language=st.none() | texts,
    created_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    source=st.none() | texts,
)


def read(path: Path, columns: ColumnMapping = PLAIN) -> list[ReviewRow | BadRow]:
    return list(ReviewFile(str(path), columns).read())


def read_bytes(content: bytes, name: str, columns: ColumnMapping = PLAIN) -> list[ReviewRow | BadRow]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return read(path, columns)


def reviews_of(rows: Sequence[ReviewRow | BadRow]) -> list[Review]:
    return [row.review for row in rows if isinstance(row, ReviewRow)]


def bad_places(rows: Sequence[ReviewRow | BadRow]) -> list[int]:
    return [row.place.number for row in rows if isinstance(row, BadRow)]


def only_bad_row(content: bytes, name: str) -> BadRow:
    (row,) = (row for row in read_bytes(content, name) if isinstance(row, BadRow))
    return row


class TestRoundTrips:
    @given(st.lists(reviews, max_size=5))
    def test_what_is_written_as_csv_is_read_back(self, written: list[Review]) -> None:
        names = list(Review.__struct_fields__)
        output = io.StringIO(newline="")
        writer = csv.writer(output)
        writer.writerow(names)
        for review in written:
            cells = [getattr(review, name) for name in names]
            writer.writerow(["" if cell is None else str(cell) for cell in cells])
        assert reviews_of(read_bytes(output.getvalue().encode(), "a.csv")) == written

    @given(st.lists(reviews, min_size=1, max_size=5), st.booleans())
    def test_what_is_written_as_jsonl_is_read_back(self, written: list[Review], ascii_only: bool) -> None:  # noqa: FBT001 - Hypothesis gives it
        lines = []
        for review in written:
            cells = {name: getattr(review, name) for name in Review.__struct_fields__}
            cells["created_at"] = review.created_at and review.created_at.isoformat()
            lines.append(json.dumps(cells, ensure_ascii=ascii_only))
        # Separated as JSONL is: by line feeds, not by everything Unicode calls a line's end.
        assert reviews_of(read_bytes("\n".join(lines).encode(), "a.jsonl")) == written

    @given(st.binary(max_size=200), st.sampled_from(["a.csv", "a.jsonl"]))
    def test_no_bytes_make_reading_fail_but_with_an_input_error(self, content: bytes, name: str) -> None:
        for start in (b"", b"text\n", b'{"text":"fine"}\n'):
            with suppress(InputError):
                read_bytes(start + content, name)


class TestMapping:
    def test_a_row_without_an_id_gets_one_from_file_and_line_the_same_every_time(self) -> None:
        content = b'text\nfirst\n"over\ntwo lines"\nlast\n'
        names = [review.review_id for review in reviews_of(read_bytes(content, "shop.csv"))]
        assert names == ["shop-2", "shop-3", "shop-5"]
        assert names == [review.review_id for review in reviews_of(read_bytes(content, "shop.csv"))]

    def test_columns_may_have_other_names(self) -> None:
        columns = ColumnMapping.parse(["text=body", "review_id=id", "rating=stars"])
        rows = read_bytes(b"id,stars,body,text\n7,4.5,nice,not this\n", "a.csv", columns)
        assert reviews_of(rows) == [Review("7", "nice", rating=4.5)]

    def test_the_label_column_is_offered_as_it_stands(self) -> None:
        rows = read_bytes(b"text,label\nnice,1\nodd,\n", "a.csv")
        assert [row.label for row in rows if isinstance(row, ReviewRow)] == ["1", ""]
        (row,) = read_bytes(b'{"text":"nice"}', "a.jsonl")
        assert isinstance(row, ReviewRow)
        assert row.label is None

    def test_ids_may_be_numbers(self) -> None:
        assert reviews_of(read_bytes(b'{"review_id":12,"product_id":3,"text":"ok"}', "a.jsonl")) == [
            Review("12", "ok", product_id="3")
        ]

    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("2025-03-01", datetime(2025, 3, 1, tzinfo=UTC)),
            ("2025-03-01 10:30:00", datetime(2025, 3, 1, 10, 30, tzinfo=UTC)),
            ("2025-03-01T10:30:00Z", datetime(2025, 3, 1, 10, 30, tzinfo=UTC)),
            ("2025-03-01T10:30:00+02:00", datetime(2025, 3, 1, 10, 30, tzinfo=timezone(timedelta(hours=2)))),
        ],
    )
    def test_a_time_without_a_zone_is_utc(self, written: str, meant: datetime) -> None:
        (review,) = reviews_of(read_bytes(f"text,created_at\nfine,{written}\n".encode(), "a.csv"))
        assert review.created_at == meant

    @pytest.mark.parametrize("assignment", ["text", "text=", "nope=body", "=body"])
    def test_an_assignment_that_is_none_is_refused(self, assignment: str) -> None:
        with pytest.raises(ConfigurationError, match="FIELD=COLUMN"):
            ColumnMapping.parse([assignment])

    def test_a_renamed_id_column_must_hold_an_id(self) -> None:
        columns = ColumnMapping.parse(["review_id=key"])
        (row,) = read_bytes(b'{"text":"nice"}', "a.jsonl", columns)
        assert isinstance(row, BadRow)
        assert "'key'" in row.message


class TestBadRows:
    @pytest.mark.parametrize(
        ("line", "words"),
        [
            (b'{"text":""}', "no text"),
            (b'{"text":null}', "no text"),
            (b'{"body":"hm"}', "no text"),
            (b'{"text":5}', "'text': Expected `str`"),
            (b'{"text":"x","rating":6}', "'rating': Expected `float` <= 5.0"),
            (b'{"text":"x","rating":true}', "'rating'"),
            (b'{"text":"x","rating":"many"}', "'rating'"),
            (b'{"text":"x","created_at":"soon"}', "'created_at'"),
            (b'{"text":"x","created_at":17}', "'created_at'"),
            (b'{"text":"x","review_id":"' + b"i" * 257 + b'"}', "'review_id'"),
            (b'{"text":"x"', "not JSON"),
            (b"[1, 2]", "not a JSON object"),
            (b'{"text":"\xff"}', "not UTF-8"),
            (b'{"text":"\\ud800"}', "not JSON"),
            (b'{"text":' + b"[" * 100_000, "not JSON"),
        ],
    )
    def test_a_jsonl_row_is_named_by_its_line_and_its_neighbours_are_read(self, line: bytes, words: str) -> None:
        rows = read_bytes(b'{"text":"before"}\n\n' + line + b'\n{"text":"after"}\n', "a.jsonl")
        assert [review.text for review in reviews_of(rows)] == ["before", "after"]
        (row,) = (row for row in rows if isinstance(row, BadRow))
        assert row.place.number == 3
        assert words in row.message

    @pytest.mark.parametrize(
        ("row", "words"),
        [
            (b"4", "1 fields, the header 2"),
            (b"4,x,y", "3 fields, the header 2"),
            (b"4,", "no text"),
            (b"0.5,x", "'rating': Expected `float` >= 1.0"),
            (b"nan,x", "'rating'"),
            (b"good,x", "'rating'"),
            (b"4,caf\xe9", "not UTF-8"),
            (b'4,"a" b', "not CSV"),
        ],
    )
    def test_a_csv_row_is_named_by_its_line_and_its_neighbours_are_read(self, row: bytes, words: str) -> None:
        rows = read_bytes(b"rating,text\n1,before\n" + row + b"\n5,after\n", "a.csv")
        assert [review.text for review in reviews_of(rows)] == ["before", "after"]
        (bad,) = (each for each in rows if isinstance(each, BadRow))
        assert bad.place.number == 3
        assert words in bad.message

    def test_a_row_over_several_lines_is_named_by_the_first_of_them(self) -> None:
        rows = read_bytes(b'text,rating\n"one\ntwo\nthree",9\nfine,2\n"un\n\xff\n",3\n', "a.csv")
        assert bad_places(rows) == [2, 6]
        assert [str(row.place).endswith(f"a.csv:{row.place.number}") for row in rows] == [True, True, True]

    def test_a_quote_that_is_never_closed_is_one_bad_row(self) -> None:
        rows = read_bytes(b'text\nfine\n"open\nand on\n', "a.csv")
        assert bad_places(rows) == [3]
        assert len(rows) == 2

    def test_a_message_never_quotes_the_row(self) -> None:
        for field in ("rating", "created_at"):
            line = f'{{"text":"unmistakable","{field}":"unmistakable"}}'
            assert "unmistakable" not in str(only_bad_row(line.encode(), "a.jsonl"))


class TestWholeInputs:
    @pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
    @pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"])
    def test_an_empty_file_is_refused(self, name: str, content: bytes) -> None:
        with pytest.raises(InputError, match=f"{name} is empty"):
            read_bytes(content, name)

    @pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
    def test_utf16_is_refused_with_a_way_to_convert_it(self, name: str) -> None:
        with pytest.raises(InputError, match=rf"{name}:1: .*not UTF-8") as caught:
            read_bytes("text\nfine\n".encode("utf-16"), name)
        assert "iconv" in caught.value.hint

    def test_a_header_in_another_encoding_is_refused(self) -> None:
        with pytest.raises(InputError, match=r"a\.csv:1: the header is not UTF-8"):
            read_bytes("text,größe\n".encode("latin-1"), "a.csv")

    @pytest.mark.parametrize("content", [b"\xef\xbb\xbftext\nfine\n", b'\xef\xbb\xbf{"text":"fine"}\n'])
    def test_a_byte_order_mark_is_passed_over(self, content: bytes) -> None:
        name = "a.csv" if content.endswith(b"fine\n") else "a.jsonl"
        assert [review.text for review in reviews_of(read_bytes(content, name))] == ["fine"]

    def test_a_missing_column_is_named_with_those_that_are_there(self) -> None:
        with pytest.raises(InputError, match="no column 'text'; it has id, body") as caught:
            read_bytes(b"id,body\n1,fine\n", "a.csv")
        assert "--column text=body" in caught.value.hint

    def test_a_column_that_comes_twice_is_refused(self) -> None:
        with pytest.raises(InputError, match="two columns are named 'text'"):
            read_bytes(b"text,text\na,b\n", "a.csv")

    @pytest.mark.parametrize("name", ["a.txt", "a.csv.gz", "reviews"])
    def test_an_unknown_type_is_refused_unless_the_format_is_given(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(InputError, match="can't tell the format") as caught:
            ReviewFile(name, PLAIN)
        assert "--format" in caught.value.hint
        path = tmp_path / name
        path.write_bytes(b"text\nfine\n")
        assert len(list(ReviewFile(str(path), PLAIN, FileFormat.CSV).read())) == 1

    def test_a_file_that_is_not_there_and_a_folder_are_input_errors(self, tmp_path: Path) -> None:
        folder = tmp_path / "folder.csv"
        folder.mkdir()
        for path in (tmp_path / "none.csv", tmp_path / "none.parquet", folder):
            with pytest.raises(InputError, match=path.name):
                read(path)

    def test_a_field_longer_than_the_csv_modules_limit_is_read(self) -> None:
        text = "long " * 100_000
        assert reviews_of(read_bytes(f"text\n{text}\n".encode(), "a.csv"))[0].text == text

    def test_a_csv_row_over_the_limit_ends_the_reading_at_the_line_it_starts(self) -> None:
        content = b'text\nfine\n"open\n' + (b"x" * 1023 + b"\n") * (ROW_BYTES_MAX // 1024)
        with pytest.raises(InputError, match=r"a\.csv:3: the row that starts here is longer") as caught:
            read_bytes(content, "a.csv")
        assert "quote" in caught.value.hint

    def test_a_jsonl_line_over_the_limit_is_a_bad_row_and_the_next_line_is_read(self) -> None:
        rows = read_bytes(b'{"text":"' + b"x" * ROW_BYTES_MAX + b'"}\n{"text":"after"}\n', "a.jsonl")
        assert bad_places(rows) == [1]
        assert [review.review_id for review in reviews_of(rows)] == ["a-2"]

    def test_reading_is_a_stream(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jsonl"
        path.write_bytes(b'{"text":"fine"}\n' * 100_000)
        file = ReviewFile(str(path), PLAIN)
        assert file.share_read() is None
        rows = file.read()
        next(rows)
        share = file.share_read()
        assert share is not None
        assert 0 < share < 0.01
        assert sum(1 for _ in rows) == 99_999
        assert file.share_read() == 1.0

    def test_a_source_can_be_read_again(self, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        path.write_bytes(b"text\nfine\n")
        file = ReviewFile(str(path), PLAIN)
        assert list(file.read()) == list(file.read())


class TestStandardInput:
    def test_it_is_jsonl_unless_told_otherwise(self) -> None:
        file = ReviewFile("-", PLAIN, standard_input=lambda: io.BytesIO(b'{"text":"fine"}\n{"text":4}\n'))
        rows = list(file.read())
        assert rows[0] == ReviewRow(Place("standard input", 1), Review("stdin-1", "fine"))
        assert str(rows[1]).startswith("standard input:2: ")
        csv_file = ReviewFile("-", PLAIN, FileFormat.CSV, lambda: io.BytesIO(b"text\nfine\n"))
        assert reviews_of(list(csv_file.read())) == [Review("stdin-2", "fine")]

    @pytest.mark.parametrize("kind", [FileFormat.CSV, FileFormat.JSONL])
    def test_it_may_be_empty(self, kind: FileFormat) -> None:
        assert list(ReviewFile("-", PLAIN, kind, lambda: io.BytesIO(b"")).read()) == []

    def test_parquet_from_it_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="standard input"):
            ReviewFile("-", PLAIN, FileFormat.PARQUET)
