"""Which model a command scores with: the same two options wherever one does."""

from dataclasses import dataclass
from pathlib import Path

from shared.settings import setting


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which model scores, and how it labels."""

    model: Path = setting(Path("models/default"), "Folder of the trained model.")
    neutral_band: float | None = setting(
        None, "A text whose probability is nearer to 0.5 is neutral; without it as trained."
    )
