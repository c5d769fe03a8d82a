"""A new model while another is at work: a changed folder is a candidate, taken once it has proved itself."""

import os
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Protocol, TypeAlias

from consumer.model.load import LoadedModel
from consumer.model.manifest import Manifest, read_manifest
from shared.errors import ConfigurationError, ReviewstreamError
from shared.logs import get_logger

# Name, inode, size and time of change in nanoseconds of each file.
FolderState: TypeAlias = frozenset[tuple[str, int, int, int]]

# A model has a handful of files; more of a folder that is something else is not looked at.
FILES_MAX = 1000
SHOWN = 12


def folder_state(folder: Path) -> FolderState:
    """Return what changes with every file of a folder, without opening one; nothing where there is no folder."""
    try:
        with os.scandir(folder) as entries:
            files = [(entry.name, entry.stat()) for entry in islice(entries, FILES_MAX)]
    except OSError:
        return frozenset()
    return frozenset((name, about.st_ino, about.st_size, about.st_mtime_ns) for name, about in files)


class FolderChanges:
    """Tells a folder that was replaced from one that is still being written: it must look the same at two looks."""

    def __init__(self, judged: FolderState) -> None:
        self._judged = judged
        self._seen = judged

    @property
    def unsettled(self) -> bool:
        """Whether the last look found a change that is not judged yet."""
        return self._seen != self._judged

    def observe(self, state: FolderState) -> bool:
        """Note a look; return whether there is a change, at rest since the look before, to be judged now."""
        at_rest, self._seen = state == self._seen, state
        return at_rest and self.unsettled

    def judge(self, state: FolderState) -> None:
        """Note that this state is looked into: it is no change any more, whatever is found."""
        self._judged = self._seen = state


class ReloadObserver(Protocol):
    """Told what became of the models that were offered."""

    def model_taken(self) -> None:
        """Note that a new model is at work."""
        ...

    def model_refused(self) -> None:
        """Note that a candidate was refused."""
        ...


class ModelReload:
    """Looks at the folder of the model at work; hands a new one that is sound and fits to `take`.

    Nothing here raises: whatever is wrong with a candidate is logged, and the model at work stays. Only what tells
    models apart is kept of it, so that a model that was replaced can be let go.
    """

    def __init__(
        self,
        folder: Path,
        serving: Manifest,
        load: Callable[[Path], LoadedModel],
        take: Callable[[LoadedModel], None],
        observer: ReloadObserver,
    ) -> None:
        self._folder = folder
        self._load = load
        self._take = take
        self._observer = observer
        self._classes = serving.classes
        self._digest = serving.digest()
        self._changes = FolderChanges(_state_of(folder, self._digest))

    @property
    def unsettled(self) -> bool:
        """Whether the folder has changed, and a second look must tell whether it is at rest."""
        return self._changes.unsettled

    def look(self) -> None:
        """Judge the folder where it has changed and is at rest."""
        state = folder_state(self._folder)
        if self._changes.observe(state):
            self._judge(state)

    def look_now(self) -> None:
        """Judge the folder whether it has changed or not, for somebody who asks."""
        self._judge(folder_state(self._folder))

    def _judge(self, state: FolderState) -> None:
        # Before it is read: what changes meanwhile is a change again.
        self._changes.judge(state)
        try:
            loaded = self._load(self._folder)
            self._require_same_classes(loaded.manifest)
        except ReviewstreamError as error:
            self._refuse(str(error), error.hint)
        except Exception as error:  # noqa: BLE001 - files are anybody's: none of them may stop the stream
            self._refuse(f"{type(error).__name__}: {error}", "`review-consumer model verify` checks a model")
        else:
            self._take_if_new(loaded)

    def _require_same_classes(self, manifest: Manifest) -> None:
        if manifest.classes != self._classes:
            its, ours = ", ".join(manifest.classes), ", ".join(self._classes)
            raise ConfigurationError(
                f"{manifest.name!r} has the classes {its}; the model in use {ours}",
                hint="who reads labels would find other scores in them: restart the consumer to change classes",
            )

    def _take_if_new(self, loaded: LoadedModel) -> None:
        manifest, before = loaded.manifest, self._digest
        about = {"model": manifest.name, "version": manifest.version, "digest": manifest.digest()[:SHOWN]}
        if manifest.digest() == before:
            get_logger("model").info("model_unchanged", folder=str(self._folder), **about)
            return
        self._take(loaded)
        self._digest = manifest.digest()
        self._observer.model_taken()
        get_logger("model").info("model_taken", **about, scored_by=loaded.scored_by, before=before[:SHOWN])

    def _refuse(self, because: str, hint: str) -> None:
        self._observer.model_refused()
        get_logger("model").error(
            "model_refused",
            folder=str(self._folder),
            because=because,
            hint=hint,
            then=f"the model {self._digest[:SHOWN]} stays in use",
        )


def _state_of(folder: Path, digest: str) -> FolderState:
    """Return the folder's state where it still holds this model, else one that it never has."""
    state = folder_state(folder)
    try:
        held = read_manifest(folder).digest()
    except ReviewstreamError:
        held = ""
    # Replaced since it was read: a change as any other.
    return state if held == digest else frozenset({("", 0, 0, 0)})
