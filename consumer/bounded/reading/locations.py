"""Where review files lie: on this machine or in an object store, by name, pattern or folder."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast

from consumer.bounded.arrow import import_pyarrow
from shared.errors import InputError
from shared.review_files import SUFFIXES

PATTERN_CHARS = "*?["
HIDDEN = (".", "_")


@dataclass(frozen=True, slots=True)
class Location:
    """One file: its name as people write it, and where a pyarrow.fs.FileSystem has it; a time in ns since 1970."""

    name: str
    filesystem: Any
    path: str
    size_bytes: int
    modified_ns: int | None

    def open(self) -> BinaryIO:
        """Return its bytes as a stream; OSError where they can't be read."""
        return cast("BinaryIO", io.BufferedReader(self.filesystem.open_input_stream(self.path)))

    def open_anywhere(self) -> Any:
        """Return its bytes (pyarrow.NativeFile) in any order; OSError where they can't be read."""
        return self.filesystem.open_input_file(self.path)

    def identity(self) -> str:
        """Return its name, size and time of change."""
        return f"{self.name} ({self.size_bytes} bytes, changed at {self.modified_ns})"


def find_files(name: str) -> list[Location]:
    """Return the files that a path, a pattern, a folder or a URI (`s3://bucket/reviews/*.parquet`) stands for, sorted.

    Of a folder those with a known suffix, also in folders below it, but nothing hidden. Raises InputError where there
    is none.
    """
    pa = import_pyarrow()
    scheme, separator, _ = name.rpartition("://")
    try:
        filesystem, path = _filesystem(name) if separator else (_local(), name)
        found = sorted(_matching(filesystem, path), key=lambda info: str(info.path))
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{shown(name)}: {shown(str(error))}", hint="name files that this user may read") from error
    if not found:
        raise InputError(
            f"{shown(name)}: there is no such file",
            hint=f"a folder or a pattern stands for files with {', '.join(SUFFIXES)}",
        )
    return [
        Location(f"{scheme}{separator}{info.path.removeprefix('./')}", filesystem, info.path, info.size, info.mtime_ns)
        for info in found
    ]


def shown(name: str) -> str:
    """Return a name as it may be shown: a URI without the key that it may carry."""
    return re.sub(r"(?<=://)[^/@]*@", "***@", name)


def _filesystem(uri: str) -> tuple[Any, str]:
    from pyarrow import fs  # noqa: PLC0415 - slow to import

    filesystem, path = fs.FileSystem.from_uri(uri)
    return filesystem, str(path)


def _local() -> Any:
    from pyarrow import fs  # noqa: PLC0415 - slow to import

    return fs.LocalFileSystem()


def _matching(filesystem: Any, path: str) -> Iterator[Any]:
    from pyarrow import fs  # noqa: PLC0415 - slow to import

    special = [path.index(char) for char in PATTERN_CHARS if char in path]
    if special:
        folder = path[: min(special)].rpartition("/")[0]
        # A pattern's * goes up to the next /; ** goes beyond.
        infos = filesystem.get_file_info(fs.FileSelector(folder or ".", recursive=True, allow_not_found=True))
        yield from (info for info in infos if info.is_file and _fits(info.path.removeprefix("./"), path))
        return
    (info,) = filesystem.get_file_info([path])
    if info.is_file:
        yield info
    elif info.type == fs.FileType.Directory:
        selector = fs.FileSelector(path, recursive=True)
        yield from (
            info for info in filesystem.get_file_info(selector) if info.is_file and _is_reviews(info.path, path)
        )


def _fits(path: str, pattern: str) -> bool:
    if "**" in pattern:
        return fnmatchcase(path, pattern)
    return PurePosixPath(path).match(pattern) and path.count("/") == pattern.count("/")


def _is_reviews(path: str, folder: str) -> bool:
    inside = PurePosixPath(path).relative_to(PurePosixPath(folder))
    return inside.suffix.lower() in SUFFIXES and not any(part.startswith(HIDDEN) for part in inside.parts)
