"""Which files a name stands for."""

from pathlib import Path

import pytest

from consumer.bounded.reading.locations import find_files
from shared.errors import InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.csv", "a.jsonl", "notes.txt", ".hidden.csv", "_temporary/x.csv", "deep/c.parquet", "deep/er/d.CSV"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text\n")
    return tmp_path


def names(folder: Path, name: str) -> list[str]:
    return [str(Path(location.path).relative_to(folder)) for location in find_files(name)]


def test_a_folder_stands_for_the_review_files_in_it(folder: Path) -> None:
    assert names(folder, str(folder)) == ["a.jsonl", "b.csv", "deep/c.parquet", "deep/er/d.CSV"]


def test_a_pattern_stays_in_its_folder_unless_it_has_two_stars(folder: Path) -> None:
    assert names(folder, f"{folder}/*.csv") == [".hidden.csv", "b.csv"]
    assert names(folder, f"{folder}/**/*.parquet") == ["deep/c.parquet"]


def test_a_file_stands_for_itself_whatever_its_suffix(folder: Path) -> None:
    assert names(folder, f"{folder}/notes.txt") == ["notes.txt"]


def test_a_uri_is_opened_by_the_library_that_knows_its_scheme(folder: Path) -> None:
    (location,) = find_files(f"file://{folder}/b.csv")
    assert location.name == f"file://{folder}/b.csv"
    with location.open() as stream:
        assert stream.readline() == b"text\n"


def test_a_relative_name_stays_as_it_was_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert [location.name for location in find_files("*.csv")] == [".hidden.csv", "b.csv"]
    assert [location.name for location in find_files("b.csv")] == ["b.csv"]


@pytest.mark.parametrize("name", ["none.csv", "none/*.csv", "none", "nonsense://bucket/x"])
def test_a_name_that_stands_for_nothing_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"none|nonsense"):
        find_files(name if "://" in name else f"{folder}/{name}")


def test_a_key_in_a_uri_is_not_shown() -> None:
    with pytest.raises(InputError) as caught:
        find_files("nonsense://key:secret@bucket/x.csv")
    assert "***@bucket/x.csv" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_that_changes_is_another_input(folder: Path) -> None:
    before = find_files(f"{folder}/b.csv")[0].identity()
    (folder / "b.csv").write_text("text\nmore\n")
    assert find_files(f"{folder}/b.csv")[0].identity() != before
