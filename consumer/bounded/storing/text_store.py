"""A Store that is one file of text: CSV or lines of JSON, written at its end and cut back after a kill."""

from pathlib import Path
from typing import Any

from consumer.bounded.ports import Mode
from consumer.bounded.progress import Job, Progress
from consumer.bounded.storing.durable_files import GrowingFile, preparing, writing
from consumer.bounded.storing.text_encoding import TextEncoder
from consumer.bounded.storing.work_folder import WorkFolder


class TextStore:
    """Writes labels aside in `OUTPUT.partial`; the file is at its place when all of them are."""

    def __init__(self, output: Path, mode: Mode, encoder: TextEncoder) -> None:
        self._output = output
        self._encoder = encoder
        self._work = WorkFolder(output, mode)
        self._labels = GrowingFile(self._work.path / "labels")

    def begin(self, job: Job, schema: Any) -> Progress:
        """Take the output, and cut off what a killed run wrote without a checkpoint."""
        journal = self._work.begin(job)
        if not self._work.is_published():
            with preparing(self._output):
                self._labels.open(journal.stored)
            if not journal.stored:
                self._labels.write(self._encoder.header(schema))
        return journal.progress

    def append(self, table: Any, progress: Progress) -> None:
        """Write the labels, force them to the disk, and only then tell the journal of them."""
        with writing(self._output):
            for content in self._encoder.rows(table):
                self._labels.write(content)
            self._work.record(progress, self._labels.sync())

    def finish(self, progress: Progress) -> None:
        """Move the file to its place."""
        with writing(self._output):
            if not self._work.is_published():
                self._labels.sync()
            self._work.publish(self._labels.path, progress)

    def close(self) -> None:
        """Let go of the output; what was not stored stays away."""
        self._labels.close()
        self._work.close()
