"""Whether the settings go together, where each comes from, and what in the environment nobody reads."""

import difflib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from consumer.examining.finding import Note, failure, passed, warning
from shared.errors import ConfigurationError
from shared.settings import ENVIRONMENT_PREFIX

# How like two names must be to be taken for one, as difflib counts: a letter or two in ten.
LIKENESS = 0.8


@dataclass(frozen=True, slots=True)
class SettingsCheck:
    """Whether the settings could be read together; `refusal` is why not.

    `own` are the names in the environment that this command reads, `known` those that any does, slow to gather.
    """

    refusal: ConfigurationError | None
    given: Sequence[str]
    environment: Collection[str]
    own: Collection[str]
    known: Callable[[], Collection[str]]
    name: str = "config"
    after: Sequence[str] = ()
    limit_s: float = 25.0

    def run(self) -> list[Note]:
        """Return what contradicts, what was given, and which names in the environment look mistyped."""
        if self.refusal is not None:
            return [failure(str(self.refusal), "settings that go together", self.refusal.hint)]
        notes = [passed(f"given: {', '.join(self.given)}" if self.given else "nothing is given: all is as by default")]
        others = {name for name in self.environment if name.startswith(ENVIRONMENT_PREFIX)} - set(self.own)
        return notes + mistyped(others, self.known()) if others else notes


def mistyped(names: Collection[str], known: Collection[str]) -> list[Note]:
    """Return a warning for each name that is nearly one of those known; others may be other programs'."""
    notes = []
    for name in sorted(set(names) - set(known)):
        nearest = difflib.get_close_matches(name, known, 1, LIKENESS)
        if nearest:
            notes.append(warning(f"nothing reads {name}", nearest[0], f"rename it to {nearest[0]}, or unset it"))
    return notes
