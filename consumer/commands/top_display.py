"""`top` on a terminal: looks, draws, and waits for the next look, a key, or a window of another size."""

from collections.abc import Callable, Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from consumer.commands.terminal_keys import TerminalKeys
from consumer.reports.top_screen import screen_lines
from consumer.watching.figures import view_of
from consumer.watching.trend import Trend
from consumer.watching.view import View
from consumer.watching.watch import Reading
from shared.clock import Clock

LEAVE = "q"
# So soon a window of another size is seen, and a stop.
NOTICE_S = 0.2

Look = Callable[[], Sequence[Reading]]


def watch_on_terminal(look: Look, every_s: float, clock: Clock, stop_requested: Callable[[], bool]) -> None:
    """Show what each look finds until `q` is pressed or a stop is asked for; leaves the terminal as it was."""
    console = Console()
    trend = Trend()
    with TerminalKeys() as keys, Live(Text("looking"), console=console, screen=True, auto_refresh=False) as live:
        while not stop_requested():
            began_s = clock.monotonic()
            view = view_of(look(), clock.now())
            trend.add(view)
            while True:
                drawn = console.size
                live.update(_screen(view, trend, console), refresh=True)
                if _waited(keys, console, began_s + every_s, clock, stop_requested):
                    return
                if console.size == drawn:
                    break


def _waited(
    keys: TerminalKeys, console: Console, until_s: float, clock: Clock, stop_requested: Callable[[], bool]
) -> bool:
    """Wait for the next look, or a window of another size; return whether to leave."""
    drawn = console.size
    while console.size == drawn:
        left_s = until_s - clock.monotonic()
        pressed = keys.pressed(min(NOTICE_S, max(0.0, left_s)))
        if stop_requested() or pressed is None or LEAVE in pressed.lower():
            return True
        if left_s <= 0:
            break
    return False


def _screen(view: View, trend: Trend, console: Console) -> Group:
    width, height = console.size
    return Group(*screen_lines(view, trend, width, height, f"{LEAVE} leaves"))
