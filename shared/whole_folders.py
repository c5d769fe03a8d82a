"""Writes a folder of files whole or not at all."""

import ctypes
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

# Of Linux's renameat2(2).
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def write_folder(folder: Path, files: Mapping[str, bytes], previous: Path | None = None) -> None:
    """Write the files aside and move them into place; a folder that is there is replaced at once.

    What is replaced becomes `previous`, a folder beside it, in place of what was there; without, it is removed.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, content in files.items():
            (aside / name).write_bytes(content)
        aside.chmod(0o755)
        if not folder.exists():
            aside.rename(folder)
            return
        exchange_folders(aside, folder)
        # `aside` is the old one now.
        if previous is not None:
            _remove(previous)
            aside.rename(previous)
    finally:
        _remove(aside)


def exchange_folders(first: Path, second: Path) -> None:
    """Let two folders of one file system change places, at once where the system can: nobody finds either missing."""
    if not _exchanged(first, second):
        _exchange_in_turn(first, second)


def _exchanged(first: Path, second: Path) -> bool:
    """Return whether the system exchanged the two; not every one can, nor every file system."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    return rename is not None and not rename(
        _AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE
    )


def _exchange_in_turn(first: Path, second: Path) -> None:
    between = Path(tempfile.mkdtemp(prefix=f".{first.name}-between-", dir=first.parent))
    try:
        second.rename(between / second.name)
    except OSError:
        between.rmdir()
        raise
    first.rename(second)
    (between / second.name).rename(first)
    between.rmdir()


def _remove(folder: Path) -> None:
    # Versions may be told apart by links; what a link leads to is not ours to remove.
    if folder.is_symlink():
        folder.unlink()
    else:
        shutil.rmtree(folder, ignore_errors=True)
