"""`review-consumer top` on a terminal: it shows what is there, and leaves the terminal as it was."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.consumer_pages import consumer_page, page
from tests.support.page_server import served
from tests.support.processes import ROOT
from tests.support.stream_under_test import Deadline

ROWS, COLUMNS = 24, 80
READ_S = 0.2
READ_BYTES = 65_536
OTHER_SCREEN, FORMER_SCREEN, CURSOR_SHOWN = "\x1b[?1049h", "\x1b[?1049l", "\x1b[?25h"
# Ctrl-C is a signal for those whose terminal it is.
IN_ITS_TERMINAL = """
import fcntl, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from consumer.__main__ import main
main()
"""
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-7]m")


class Terminal:
    """A program on a terminal of 80 columns and 24 rows; what it writes, and keys for it."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._theirs = theirs
        self.attributes_before = self.attributes()
        self.process = subprocess.Popen(
            [sys.executable, "-c", IN_ITS_TERMINAL, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm-256color", **environment},
            start_new_session=True,
        )
        self.written = ""

    def attributes(self) -> list[Any]:
        """Return how the terminal treats what is typed."""
        return termios.tcgetattr(self._theirs)

    def await_text(self, text: str) -> None:
        """Wait until the program has written this."""
        deadline = Deadline()
        while text not in self.written:
            deadline.check(f"{text!r} in {self.written[-2000:]!r}")
            self._read()

    def press(self, keys: bytes) -> None:
        """Type keys."""
        os.write(self._ours, keys)

    def wait(self) -> int:
        """Return the exit code, when everything that was written is read."""
        deadline = Deadline()
        while self.process.poll() is None:
            deadline.check("the end")
            self._read()
        self._read()
        return self.process.returncode

    def close(self) -> None:
        """End it if it runs, and let go of the terminal."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)

    def _read(self) -> None:
        while select.select([self._ours], [], [], READ_S)[0]:
            self.written += os.read(self._ours, READ_BYTES).decode("utf-8", "replace")


Start = Callable[..., Terminal]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Terminal] = []

    def begin(*arguments: str, **environment: str) -> Terminal:
        started.append(Terminal([*arguments], environment))
        return started[-1]

    yield begin
    for terminal in started:
        terminal.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served({"/metrics": page(consumer_page(100, lag=[(12, 3)])).encode()}) as place:
        yield place


@pytest.mark.parametrize("leaving", ["q", "ctrl-c", "SIGTERM"])
def test_it_shows_the_consumer_and_leaves_the_terminal_as_it_was(start: Start, address: str, leaving: str) -> None:
    terminal = start("top", address, "--every", "0.2")
    terminal.await_text("1 of 1 up")
    terminal.await_text("reviews/0")
    assert OTHER_SCREEN in terminal.written
    assert terminal.attributes() != terminal.attributes_before, "keys come without Enter"
    if leaving == "SIGTERM":
        terminal.process.send_signal(signal.SIGTERM)
    else:
        terminal.press({"q": b"q", "ctrl-c": b"\x03"}[leaving])
    assert terminal.wait() == 0
    assert terminal.written.rindex(FORMER_SCREEN) > terminal.written.rindex("reviews/0")
    assert CURSOR_SHOWN in terminal.written
    assert terminal.attributes() == terminal.attributes_before


def test_one_that_is_away_is_waited_for_and_no_color_is_obeyed(start: Start) -> None:
    pages: dict[str, bytes] = {}
    with served(pages) as place:
        terminal = start("top", place, "--every", "0.2", NO_COLOR="1")
        terminal.await_text("answers 404")
        pages["/metrics"] = page(consumer_page(100)).encode()
        terminal.await_text("1 of 1 up")
        terminal.press(b"q")
        assert terminal.wait() == 0
    assert COLOUR.search(terminal.written) is None


def test_a_terminal_that_goes_away_ends_it(start: Start, address: str) -> None:
    terminal = start("top", address, "--every", "0.2")
    terminal.await_text("1 of 1 up")
    terminal.process.send_signal(signal.SIGHUP)
    assert terminal.wait() == -signal.SIGHUP


def test_once_on_a_terminal_prints_and_leaves(start: Start, address: str) -> None:
    terminal = start("top", address, "--once", "--every", "0")
    assert terminal.wait() == 0
    assert "reviews/0" in terminal.written
    assert OTHER_SCREEN not in terminal.written
