"""Rows that could not be labelled: written to a file of their own, and too many of them stop the job."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from consumer.bounded.chunks import Reject
from consumer.bounded.ports import Mode
from consumer.bounded.progress import Progress
from consumer.bounded.storing.durable_files import GrowingFile, move_durably, preparing, writing
from consumer.bounded.storing.output_lock import OutputLock
from shared.errors import ConfigurationError, InputError

# A share says little of fewer rows, unless there are no more.
ROWS_DECISIVE = 1_000


class RejectsFile:
    """One JSON object a line: `source`, `partition`, `row` and `reason`, never what the row says.

    Written aside in `NAME.partial`, which stays where a job is stopped, so that the reasons can be read. `sync` comes
    before the progress that carries its answer is stored: a resumed job then cuts off what came after. A job without
    rejects leaves no file.
    """

    def __init__(self, path: Path, mode: Mode) -> None:
        self.path = path
        self._mode = mode
        self._aside = path.with_name(f"{path.name}.partial")
        self._lock = OutputLock(path)
        self._file = GrowingFile(self._aside)
        self._encoder = msgspec.json.Encoder()

    def begin(self, progress: Progress) -> None:
        """Go on after what the progress tells of; ConfigurationError where the file is there, or is not as it says."""
        self._lock.take()
        with preparing(self.path):
            if self.path.exists():
                if self._mode is not Mode.RESUME or not progress.rejects_bytes or self._aside.exists():
                    raise ConfigurationError(
                        f"{self.path} is there already", hint="name another --rejects, or remove it"
                    )
                # Killed after this file was finished and before the labels were.
                move_durably(self.path, self._aside)
            self._file.open(progress.rejects_bytes)

    def append(self, rejects: Iterable[Reject]) -> None:
        """Write some more; FatalError where that can't be done."""
        with writing(self.path):
            self._file.write(self._encoder.encode_lines(list(rejects)))

    def sync(self) -> int:
        """Force all to the disk, and return the size in bytes, as `Progress.rejects_bytes` carries it."""
        with writing(self.path):
            return self._file.sync()

    def finish(self) -> None:
        """Move the file to its place; to be called before the store's `finish`."""
        with writing(self.path):
            if self._file.sync():
                move_durably(self._aside, self.path)
            else:
                self._aside.unlink()

    def close(self) -> None:
        """Let go of the file; one in which nothing stands is removed. May be called twice."""
        self._file.close()
        with contextlib.suppress(FileNotFoundError):
            if not self._aside.stat().st_size:
                self._aside.unlink()
        self._lock.release()


class RejectsLimit:
    """Stops a job of which too large a share is rejected: most likely its columns are not what they were taken for.

    Decided from 1,000 rows on, and at the end of any job. What was stored until then stays, and --resume with a larger
    limit goes on from there; with the input mended it is another job, which starts from the beginning.
    """

    def __init__(self, ratio_max: float) -> None:
        self._ratio_max = ratio_max

    def check(self, progress: Progress, last: Reject | None) -> None:
        """Raise InputError, which names the last reject, where too many of enough rows were rejected."""
        if progress.rows >= ROWS_DECISIVE:
            self.check_end(progress, last)

    def check_end(self, progress: Progress, last: Reject | None) -> None:
        """Raise InputError where too many of all rows were rejected."""
        if progress.rejected <= self._ratio_max * progress.rows:
            return
        reason = f"; the last one: {last.source}, row {last.row}: {last.reason}" if last else ""
        raise InputError(
            f"{progress.rejected:,} of {progress.rows:,} rows were rejected, more than {self._ratio_max:.1%}{reason}",
            hint="name the right columns, or mend the input; --resume --rejects-ratio-max with more goes on regardless",
        )
