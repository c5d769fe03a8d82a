"""A folder of files is there whole, or as it was before."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.whole_folders import _exchange_in_turn, exchange_folders, write_folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_folder_is_replaced_with_nothing_of_the_old_one_left(tmp_path: Path) -> None:
    write_folder(tmp_path / "made", {"a": b"1", "b": b"2"})
    write_folder(tmp_path / "made", {"a": b"3"})
    assert contents(tmp_path / "made") == {"a": b"3"}
    assert names(tmp_path) == {"made"}


def test_what_is_replaced_is_kept_as_the_previous_one(tmp_path: Path) -> None:
    for number in (b"1", b"2", b"3"):
        write_folder(tmp_path / "made", {"a": number}, tmp_path / "before")
    assert contents(tmp_path / "made") == {"a": b"3"}
    assert contents(tmp_path / "before") == {"a": b"2"}
    assert names(tmp_path) == {"before", "made"}


def test_a_link_to_a_version_is_replaced_and_the_version_stays(tmp_path: Path) -> None:
    write_folder(tmp_path / "version-1", {"a": b"1"})
    (tmp_path / "made").symlink_to("version-1")
    write_folder(tmp_path / "made", {"a": b"2"})
    assert contents(tmp_path / "made") == {"a": b"2"}
    assert contents(tmp_path / "version-1") == {"a": b"1"}
    assert names(tmp_path) == {"made", "version-1"}


def test_a_file_that_can_not_be_written_leaves_the_old_folder_as_it_was(tmp_path: Path) -> None:
    write_folder(tmp_path / "made", {"a": b"1"})
    with pytest.raises(OSError, match="no-such-folder"):
        write_folder(tmp_path / "made", {"a": b"2", "no-such-folder/b": b"2"})
    assert contents(tmp_path / "made") == {"a": b"1"}
    assert names(tmp_path) == {"made"}


@pytest.mark.parametrize("exchange", [exchange_folders, _exchange_in_turn])
def test_two_folders_change_places(tmp_path: Path, exchange: Callable[[Path, Path], None]) -> None:
    write_folder(tmp_path / "one", {"a": b"1"})
    write_folder(tmp_path / "two", {"a": b"2"})
    exchange(tmp_path / "one", tmp_path / "two")
    assert (contents(tmp_path / "one"), contents(tmp_path / "two")) == ({"a": b"2"}, {"a": b"1"})
    assert names(tmp_path) == {"one", "two"}
    with pytest.raises(FileNotFoundError):
        exchange(tmp_path / "one", tmp_path / "three")
    assert names(tmp_path) == {"one", "two"}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take two steps")
def test_nobody_finds_a_folder_missing_while_it_changes_places(tmp_path: Path) -> None:
    write_folder(tmp_path / "one", {"a": b"1"})
    write_folder(tmp_path / "two", {"a": b"2"})
    done = threading.Event()
    looks: list[bool] = []

    def look() -> None:
        while not done.is_set():
            looks.append((tmp_path / "one").exists())

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for _ in range(1000):
            exchange_folders(tmp_path / "one", tmp_path / "two")
    finally:
        done.set()
        reader.join(60)
    assert looks
    assert all(looks)
