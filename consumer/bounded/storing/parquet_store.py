"""A Store of Parquet: each checkpoint is a part, and a layout says what the parts become in the end."""

from pathlib import Path
from typing import Any

from consumer.bounded.ports import Mode
from consumer.bounded.progress import Job, Progress
from consumer.bounded.storing.durable_files import preparing, sync, writing
from consumer.bounded.storing.parquet_layouts import Layout, part_number, stem
from consumer.bounded.storing.work_folder import WorkFolder
from shared.errors import ConfigurationError


class ParquetStore:
    """Writes parts aside in `OUTPUT.partial`; the output is at its place when all labels are in it."""

    def __init__(self, output: Path, mode: Mode, layout: Layout) -> None:
        self._output = output
        self._layout = layout
        self._work = WorkFolder(output, mode)
        self._parts = self._work.path / "labels"
        self._schema: Any = None

    def begin(self, job: Job, schema: Any) -> Progress:
        """Take the output, and drop the part that a killed run left without a checkpoint."""
        self._layout.check(schema)
        self._schema = schema
        journal = self._work.begin(job)
        if not self._work.is_published():
            with preparing(self._output):
                self._keep(journal.stored)
        return journal.progress

    def append(self, table: Any, progress: Progress) -> None:
        """Write the labels as a part, force it to the disk, and only then tell the journal of it."""
        number = self._work.journal.stored
        with writing(self._output):
            if table.num_rows:
                self._layout.write(table, self._parts, number)
                self._sync_part(number)
                number += 1
            self._work.record(progress, number)

    def finish(self, progress: Progress) -> None:
        """Make the output of the parts, and move it to its place."""
        with writing(self._output):
            ready = self._parts
            if not self._work.is_published():
                ready = self._layout.gather(self._parts, self._work.journal.stored, self._schema)
            self._work.publish(ready, progress)

    def close(self) -> None:
        """Let go of the output; parts that are stored wait for --resume."""
        self._layout.close()
        self._work.close()

    def _keep(self, count: int) -> None:
        self._parts.mkdir(exist_ok=True)
        there = set()
        for path in self._parts.rglob("part-*"):
            if part_number(path) < count:
                there.add(part_number(path))
            else:
                path.unlink()
        if len(there) < count:
            raise ConfigurationError(
                f"{self._parts} has {len(there):,} parts, {count:,} were stored",
                hint=f"they were removed from outside: remove {self._work.path} to start again",
            )

    def _sync_part(self, number: int) -> None:
        for path in self._parts.rglob(f"{stem(number)}[.-]*"):
            sync(path)
            sync(path.parent)
        sync(self._parts)
