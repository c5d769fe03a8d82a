"""What every application is told, through its environment: where to read and write, as whom, and how to score."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PREFIX = "PEER_"


@dataclass(frozen=True, slots=True)
class Assignment:
    """One application's work."""

    bootstrap_servers: str
    input_topic: str
    output_topic: str
    group: str
    variant: str
    scorer: str
    model: Path
    state: Path

    @classmethod
    def from_environment(cls) -> "Assignment":
        """Read what `to_environment` wrote."""
        told = {name: os.environ[PREFIX + name.upper()] for name in cls.__dataclass_fields__}
        return cls(**told | {"model": Path(told["model"]), "state": Path(told["state"])})  # type: ignore[arg-type]  # all others are strings

    def to_environment(self) -> dict[str, str]:
        """Return the variables that `from_environment` reads."""
        return {PREFIX + name.upper(): str(getattr(self, name)) for name in self.__dataclass_fields__}


def label_of(review_id: str, answer: tuple[str, float], partition: int, offset: int) -> dict[str, Any]:
    """Return a label as every application writes it: with its source, so that loss and repeats can be counted."""
    label, score = answer
    return {
        "review_id": review_id,
        "label": label,
        "score": score,
        "source": {"partition": partition, "offset": offset},
    }
