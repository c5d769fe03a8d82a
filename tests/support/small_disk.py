"""A disk of a few megabytes that can be filled up and freed."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

BALLAST = "ballast"


class SmallDisk:
    """A folder that is a file system of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, left_bytes: int) -> None:
        """Take all room but this."""
        free = os.statvfs(self.folder)
        size = free.f_bavail * free.f_frsize - left_bytes
        with (self.folder / BALLAST).open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, size)

    def free(self) -> None:
        """Give the room back."""
        (self.folder / BALLAST).unlink()


@contextmanager
def small_disk(folder: Path, size_mb: int) -> Iterator[SmallDisk]:
    """Mount a small file system in memory; skips the test where that is not allowed."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small disk can't be mounted here: {mounted.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
