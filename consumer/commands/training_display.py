"""What is seen while a model trains: the step it is at, and each epoch's loss and accuracy as they come."""

from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from consumer.model.metrics import Epoch

PLOT_WIDTH = 40


class TrainingDisplay:
    """Shows training: live in a terminal, line by line elsewhere."""

    def __init__(self, console: Console, epochs: int) -> None:
        self._console = console
        self._epochs = epochs
        self._step = ""
        self._history: list[Epoch] = []
        self._live = Live(console=console, refresh_per_second=4) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            # What stays on the screen: the epochs, without the last step.
            self._step = ""
            self._live.update(self._picture())
            self._live.stop()

    def step(self, text: str) -> None:
        """Show what is being done."""
        self._step = text
        if self._live is None:
            self._console.print(f"train: {text}")
        else:
            self._live.update(self._picture())

    def epoch(self, epoch: Epoch) -> None:
        """Show one more epoch."""
        self._history.append(epoch)
        if self._live is None:
            self._console.print(
                f"train: epoch {epoch.number} of {self._epochs}: loss {epoch.loss:.4f}, accuracy {epoch.accuracy:.1%}; "
                f"set aside: loss {epoch.checked_loss:.4f}, accuracy {epoch.checked_accuracy:.1%}"
            )
        else:
            self._live.update(self._picture())

    def _picture(self) -> RenderableType:
        step = Text(f"… {self._step}", style="cyan") if self._step else Text()
        return Group(epoch_table(self._history), step) if self._history else step


def epoch_table(history: list[Epoch]) -> Table:
    """Return the epochs as a table whose last column plots both losses: `o` learnt from, `x` set aside."""
    losses = [loss for epoch in history for loss in (epoch.loss, epoch.checked_loss)]
    low, high = min(losses), max(losses)
    table = Table("epoch", "loss", "accuracy", "set aside: loss", "accuracy", f"loss {low:.3f} to {high:.3f}", box=None)
    for epoch in history:
        table.add_row(
            str(epoch.number),
            f"{epoch.loss:.4f}",
            f"{epoch.accuracy:.1%}",
            f"{epoch.checked_loss:.4f}",
            f"{epoch.checked_accuracy:.1%}",
            _plot_row(epoch, low, high),
        )
    return table


def _plot_row(epoch: Epoch, low: float, high: float) -> Text:
    cells = [" "] * PLOT_WIDTH
    for loss, mark in ((epoch.loss, "o"), (epoch.checked_loss, "x")):
        place = 0 if high == low else round((loss - low) / (high - low) * (PLOT_WIDTH - 1))
        cells[place] = mark if cells[place] == " " else "*"
    return Text("".join(cells))
