"""When a model's folder is looked at: now and then, when a signal asks, and never after the end."""

import io
import signal
from queue import SimpleQueue

import pytest

from consumer.commands.model_watch import REST_S, ModelWatch

NEVER_S = 0


class Reload:
    """Stands in for a ModelReload; says which way it was asked."""

    def __init__(self) -> None:
        self.unsettled = False
        self.asked: SimpleQueue[str] = SimpleQueue()

    def look(self) -> None:
        self.asked.put("look")

    def look_now(self) -> None:
        self.asked.put("look now")


class Terminal(io.StringIO):
    """A terminal until it is closed by who sits there."""

    hung_up = False

    def isatty(self) -> bool:
        return not self.hung_up


def test_the_folder_is_looked_at_again_and_again() -> None:
    reload = Reload()
    with ModelWatch(reload, 0.001, io.StringIO()):
        assert [reload.asked.get(timeout=60) for _ in range(3)] == ["look"] * 3


def test_a_change_that_was_seen_is_looked_at_again_soon() -> None:
    reload = Reload()
    reload.unsettled = True
    with ModelWatch(reload, 3600, io.StringIO()):
        assert reload.asked.get(timeout=60 * REST_S) == "look"


@pytest.mark.parametrize("terminal", [io.StringIO(), Terminal()])
def test_a_hang_up_asks_for_a_look_at_once_where_no_terminal_was_closed(terminal: io.StringIO) -> None:
    before = signal.getsignal(signal.SIGHUP)
    reload = Reload()
    with ModelWatch(reload, NEVER_S, terminal):
        for _ in range(2):
            signal.raise_signal(signal.SIGHUP)
            assert reload.asked.get(timeout=60) == "look now"
        assert reload.asked.empty()
    assert signal.getsignal(signal.SIGHUP) == before


def test_a_terminal_that_was_closed_asks_to_stop() -> None:
    stops: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: stops.append(number))
    try:
        terminal, reload = Terminal(), Reload()
        with ModelWatch(reload, NEVER_S, terminal):
            terminal.hung_up = True
            signal.raise_signal(signal.SIGHUP)
        assert stops == [signal.SIGTERM]
        assert reload.asked.empty()
    finally:
        signal.signal(signal.SIGTERM, before)
