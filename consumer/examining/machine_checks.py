"""Whether this machine has the memory, the processors and the disk that the stream needs."""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from consumer.examining.finding import Note, failure, passed, skipped, warning
from shared.process_limits import ProcessLimits, process_limits
from shared.process_use import memory_peak_mb

MB = 1024 * 1024
ROOM_BYTES_MIN = 64 * MB
# What a Python program's code, stacks and freed memory may take beside what is counted.
SLACK_BYTES = 64 * MB
BATCHES = "--batch-bytes-max (REVIEWS_BATCH_BYTES_MAX)"


@dataclass(frozen=True, slots=True)
class MemoryCheck:
    """Whether program, model and full buffers fit into what the process may have; the model is loaded by then."""

    buffers_bytes: int
    allowed: Callable[[], ProcessLimits] = process_limits
    held_mb: Callable[[], float] = memory_peak_mb
    name: str = "memory"
    after: Sequence[str] = ("model",)
    limit_s: float = 2.0

    def run(self) -> list[Note]:
        """Compare what this process holds, and what it would hold with full buffers, with the limits."""
        allowed = self.allowed()
        need_bytes = int(self.held_mb() * 1e6) + self.buffers_bytes + SLACK_BYTES
        note = fits(need_bytes, allowed)
        if allowed.processors < 1:
            quota = warning(
                f"{allowed.processors:.2g} of a processor is allowed",
                "one at least: a group's member must answer in time, whatever it scores",
                "raise the CPU limit of the container",
            )
            return [note, quota]
        return [note, passed(f"{allowed.processors:g} processors")]


def fits(need_bytes: int, allowed: ProcessLimits) -> Note:
    """Return whether so many bytes are allowed."""
    bound_bytes = allowed.smallest_bytes()
    seen = f"about {need_bytes / 1e6:,.0f} MB with all buffers full"
    if bound_bytes is None:
        return passed(f"{seen}; no limit")
    if need_bytes > bound_bytes:
        return failure(
            f"{seen}, {bound_bytes / 1e6:,.0f} MB are allowed",
            "a limit above that: else the process is killed when it is behind",
            f"raise the memory limit (of the container, or ulimit -v), or lower {BATCHES}, or give "
            "-X queued.max.messages.kbytes=… and queue.buffering.max.kbytes=…",
        )
    return passed(f"{seen}; {bound_bytes / 1e6:,.0f} MB are allowed")


@dataclass(frozen=True, slots=True)
class DiskCheck:
    """Whether compiled code can be kept for the next start, and temporary files have room."""

    code_folder: Callable[[], Path | None]
    temporary_folder: Callable[[], str] = tempfile.gettempdir
    name: str = "disk"
    after: Sequence[str] = ("config",)
    limit_s: float = 5.0

    def run(self) -> list[Note]:
        """Look at both folders; nothing is written."""
        code = self.code_folder()
        kept = "compiled code is kept for the next start: else each one compiles for itself, for tens of seconds"
        advice = "set NUMBA_CACHE_DIR to a folder that can be written"
        if code is None:
            notes = [warning("compiled code is kept nowhere", kept, advice)]
        else:
            notes = [_room(code, "compiled code", kept, advice)]
        try:
            temporary = Path(self.temporary_folder())
        except OSError:
            return [*notes, skipped("no temporary folder can be written; the stream needs none")]
        return [*notes, _room(temporary, "temporary files", "room for what libraries put aside", "set TMPDIR")]


def _room(folder: Path, what: str, expected: str, fix: str) -> Note:
    if not os.access(folder, os.W_OK):
        # Code that an image brings along is used where it lies.
        return warning(f"{what}: {folder} can't be written", expected, fix)
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < ROOM_BYTES_MIN:
        return warning(f"{what}: {folder} has {free_bytes / 1e6:,.1f} MB left", expected, f"free some, or {fix}")
    return passed(f"{what}: {folder} has {free_bytes / 1e9:,.1f} GB left")
