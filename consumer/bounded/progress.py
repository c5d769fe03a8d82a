"""How far a job has come: stored with the labels, so that both are there or neither."""

import hashlib
from collections.abc import Mapping

import msgspec

from shared.errors import ConfigurationError


class Progress(msgspec.Struct, frozen=True):
    """Where the next row stands: in which of the job's inputs, and in which row of it; and what came of all before.

    Rows of a file are counted from 0, those of a topic's partition are its offsets; `rejects_bytes` is how much of the
    rejects file stands for the rows before.
    """

    input: int = 0
    row: int = 0
    labelled: int = 0
    rejected: int = 0
    rejects_bytes: int = 0

    @property
    def rows(self) -> int:
        """Rows that are done with."""
        return self.labelled + self.rejected


class Job(msgspec.Struct, frozen=True):
    """What decides a job's labels, by name: inputs with their sizes, columns, model, threshold."""

    settings: Mapping[str, str]

    @property
    def digest(self) -> str:
        """SHA-256 of all of it: two jobs with one digest give the same labels."""
        return hashlib.sha256(msgspec.json.encode(self.settings, order="sorted")).hexdigest()

    def require_same(self, stored: "Job", where: str) -> None:
        """Raise ConfigurationError where the job to go on with, stored in `where`, is another one than this."""
        names = self.settings.keys() | stored.settings.keys()
        differing = sorted(name for name in names if self.settings.get(name) != stored.settings.get(name))
        if differing:
            raise ConfigurationError(
                f"the job that was interrupted in {where} differs in: {', '.join(differing)}",
                hint="--resume goes on with the same inputs, columns and model; without it, name another --output",
            )
