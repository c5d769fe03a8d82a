"""Which consumer group is looked at from outside."""

from dataclasses import dataclass

from shared.settings import setting


@dataclass(frozen=True, slots=True)
class GroupNameSettings:
    """The group that labels the reviews."""

    group: str = setting("reviewstream", "Consumer group that labels the reviews.")
