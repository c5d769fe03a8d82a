"""The place beside an output where its labels wait until all are there: `OUTPUT.partial`.

Its `job.json` says whose they are and how far the job is. It is replaced after each checkpoint, whole or not at all:
what it doesn't tell of was never stored, and is dropped when the job goes on.
"""

import shutil
from pathlib import Path

import msgspec

from consumer.bounded.ports import Mode
from consumer.bounded.progress import Job, Progress
from consumer.bounded.storing.durable_files import move_durably, preparing, replace_durably, sync, writing
from consumer.bounded.storing.output_lock import OutputLock
from shared.errors import ConfigurationError

JOURNAL = "job.json"


class Journal(msgspec.Struct, frozen=True):
    """Whose labels wait, how far the job is, and how much of what lies here counts: bytes, or parts.

    `published` is the inode of what was about to take its final place, 0 before: a move leaves it as it is.
    """

    job: Job
    progress: Progress = Progress()
    stored: int = 0
    published: int = 0


class WorkFolder:
    """Where one output is made ready; holds the output's lock from `begin` to `close`."""

    def __init__(self, output: Path, mode: Mode) -> None:
        self._output = output
        self._mode = mode
        self._lock = OutputLock(output)
        self._journal: Journal | None = None
        self.path = output.with_name(f"{output.name}.partial")

    def begin(self, job: Job) -> Journal:
        """Return what is stored of this job; errors are those of `Store.begin`."""
        if self._mode is Mode.APPEND:
            raise ConfigurationError(
                f"rows can't be added to {self._output}: a file is whole or not there",
                hint="name another --output for each job; databases take more rows with --append",
            )
        self._lock.take()
        try:
            with preparing(self._output):
                return self._find_or_start(job)
        except BaseException:
            self._lock.release()
            raise

    @property
    def journal(self) -> Journal:
        """What counts of all that lies here."""
        if self._journal is None:
            raise RuntimeError("begin comes first")
        return self._journal

    def record(self, progress: Progress, stored: int) -> None:
        """Make so many bytes or parts count; they must have been forced to the disk."""
        self._write(msgspec.structs.replace(self.journal, progress=progress, stored=stored))

    def is_published(self) -> bool:
        """Return whether a run that was killed while it finished had put the output in its place already."""
        return bool(self.journal.published) and _inode(self._output) == self.journal.published

    def publish(self, ready: Path, progress: Progress) -> None:
        """Move what is ready to the output's place, and remove the rest; may be repeated after a kill."""
        with writing(self._output):
            if not self.is_published():
                self._require_free(None)
                sync(ready)
                self._write(msgspec.structs.replace(self.journal, progress=progress, published=_inode(ready)))
                move_durably(ready, self._output)
            shutil.rmtree(self.path)
            sync(self._output.parent)

    def close(self) -> None:
        """Let go of the output; a job that stored nothing leaves nothing. May be called twice."""
        if self._journal is not None and not self._journal.progress.rows:
            shutil.rmtree(self.path, ignore_errors=True)
        self._journal = None
        self._lock.release()

    def _find_or_start(self, job: Job) -> Journal:
        found = self._read_journal()
        self._require_free(found)
        if found is None or not found.progress.rows or self._is_gone(found):
            self._start(job)
            return self.journal
        if self._mode is Mode.FRESH:
            raise ConfigurationError(
                f"{self.path} holds a job that was interrupted after {found.progress.rows:,} rows",
                hint="--resume goes on with it; remove the folder to start again",
            )
        job.require_same(found.job, str(self.path))
        self._journal = found
        return found

    def _start(self, job: Job) -> None:
        if self.path.exists():
            shutil.rmtree(self.path)
        self.path.mkdir()
        sync(self.path.parent)
        self._write(Journal(job))

    def _write(self, journal: Journal) -> None:
        replace_durably(self.path / JOURNAL, msgspec.json.encode(journal))
        self._journal = journal

    def _read_journal(self) -> Journal | None:
        path = self.path / JOURNAL
        if not path.exists():
            return None
        try:
            return msgspec.json.decode(path.read_bytes(), type=Journal)
        except msgspec.DecodeError as error:
            raise ConfigurationError(
                f"{path} does not say how far a job is: {error}", hint=f"remove {self.path} to start again"
            ) from error

    def _require_free(self, found: Journal | None) -> None:
        inode = _inode(self._output)
        if not inode or (self._mode is Mode.RESUME and found is not None and inode == found.published):
            return
        raise ConfigurationError(f"{self._output} is there already", hint="name another --output, or remove it")

    def _is_gone(self, found: Journal) -> bool:
        # It had been put in its place and was removed from there, before this folder was.
        return bool(found.published) and not _inode(self._output) and [*self.path.iterdir()] == [self.path / JOURNAL]


def _inode(path: Path) -> int:
    try:
        return path.lstat().st_ino
    except FileNotFoundError:
        return 0
