"""The folder a comparison is written to: a page with plots, the same in Markdown, and the figures as JSON."""

from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

import msgspec

from consumer.measuring.results import Comparison
from consumer.reports.comparison_texts import as_markdown
from shared.errors import ConfigurationError
from shared.whole_folders import write_folder

PAGE, FIGURES, MARKDOWN = "index.html", "compare.json", "compare.md"
WRITTEN = frozenset({PAGE, FIGURES, MARKDOWN})


class Existing(StrEnum):
    """What becomes of a folder that is there already."""

    REFUSE = "refuse"
    REPLACE = "replace"


class ComparisonFolder:
    """Where a comparison goes, whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def check(self, existing: Existing) -> None:
        """Raise ConfigurationError where the comparison could not be written, before time is spent on it."""
        if find_spec("matplotlib") is None:
            raise ConfigurationError("--output needs matplotlib", hint="pip install 'reviewstream[report]'")
        if not self._folder.exists():
            self._check_parent()
            return
        if existing is Existing.REFUSE:
            raise ConfigurationError(f"{self._folder} is there already", hint="name another, or --replace it")
        others = {path.name for path in self._folder.iterdir()} - WRITTEN if self._folder.is_dir() else {"no folder"}
        if others:
            raise ConfigurationError(
                f"{self._folder} is not what a comparison wrote: there is {min(others)}", hint="name another folder"
            )

    def write(self, comparison: Comparison) -> None:
        """Write the files aside and move them into place."""
        # Slow to import, and an extra: only who asks for a page needs it.
        from consumer.reports.comparison_page import as_page  # noqa: PLC0415

        figures = msgspec.json.format(msgspec.json.encode(comparison), indent=2) + b"\n"
        files = {PAGE: as_page(comparison).encode(), FIGURES: figures, MARKDOWN: as_markdown(comparison).encode()}
        write_folder(self._folder, files)

    def _check_parent(self) -> None:
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            probe = self._folder.parent / f".{self._folder.name}-probe"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise ConfigurationError(
                f"{self._folder} can't be written: {error.strerror or error}", hint="--output names a folder to make"
            ) from error
