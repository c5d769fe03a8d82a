"""What an examination shows: each check's lines for people as it ends, an object for programs."""

import textwrap
from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from consumer.examining.finding import Check, Finding, Note, Status

SYMBOLS = {Status.PASSED: "✔", Status.WARNING: "!", Status.FAILED: "✘", Status.SKIPPED: "–"}  # noqa: RUF001 - a dash is what it is
COLOURS = {Status.PASSED: "green", Status.WARNING: "yellow", Status.FAILED: "bold red", Status.SKIPPED: "dim"}
WORDS = {Status.FAILED: "failed", Status.WARNING: "with a warning", Status.SKIPPED: "skipped"}
NAME_WIDTH = 21
LABELS = ("expected", "how to fix")
LABEL_WIDTH = max(map(len, LABELS)) + 2
# Before a note's text stand its number (two digits), its check's name, its symbol, and blanks between them.
INDENT = 2 + 2 + NAME_WIDTH + 2
WIDTH_MIN = 40


class Waiting:
    """Shows on a terminal which check is being made; a Listener."""

    def __init__(self, console: Console, checks: int) -> None:
        self._status = console.status("")
        self._checks = checks

    def started(self, number: int, check: Check) -> None:
        """Show its name."""
        self._status.update(Text(f"{number} of {self._checks}: {check.name}"))
        self._status.start()

    def ended(self, number: int, finding: Finding) -> None:
        """Take it away."""
        del number, finding
        self._status.stop()


class Lines:
    """Prints each check as soon as it has ended; a Listener."""

    def __init__(self, console: Console, checks: int) -> None:
        self._console = console
        self._waiting = Waiting(console, checks)

    def started(self, number: int, check: Check) -> None:
        """Show what is waited for."""
        self._waiting.started(number, check)

    def ended(self, number: int, finding: Finding) -> None:
        """Print what was found."""
        self._waiting.ended(number, finding)
        head = f"{number:>2}  {finding.check:<{NAME_WIDTH}}"
        for note in finding.notes:
            self._print_note(head, note)
            head = " " * len(head)

    def end(self, findings: Sequence[Finding], seconds: float) -> None:
        """Print whether all is well."""
        self._console.print(verdict(findings, seconds))

    def _print_note(self, head: str, note: Note) -> None:
        colour = COLOURS[note.status]
        first, *others = self._wrapped(note.found, INDENT)
        self._print(Text.assemble(head, (SYMBOLS[note.status], colour), " ", first))
        for line in others:
            self._print(Text(" " * INDENT + line))
        for label, text in zip(LABELS, (note.expected, note.fix), strict=True):
            shown = f"{label:<{LABEL_WIDTH}}"
            for line in self._wrapped(text, INDENT + LABEL_WIDTH) if text else ():
                self._print(Text.assemble(" " * INDENT, (shown, "bold"), line))
                shown = " " * LABEL_WIDTH

    def _wrapped(self, text: str, indent: int) -> list[str]:
        if not self._console.is_terminal:
            # Who reads it by program finds a sentence in one line.
            return [text]
        return textwrap.wrap(text, max(WIDTH_MIN, self._console.width - indent)) or [""]

    def _print(self, line: Text) -> None:
        self._console.print(line, soft_wrap=True, highlight=False)


def verdict(findings: Sequence[Finding], seconds: float) -> Text:
    """Return in a line how many checks failed, warned or could not be made, and what all took."""
    counts = Counter(finding.status for finding in findings)
    took = f" · {len(findings)} checks in {seconds:.1f} s"
    others = [f"{counts[status]} {word}" for status, word in WORDS.items() if counts[status]]
    if counts[Status.FAILED]:
        return Text.assemble((f"✘ {', '.join(others)}", "bold red"), took)
    if counts[Status.WARNING]:
        return Text.assemble((f"! the stream can run: {', '.join(others)}", "yellow"), took)
    return Text.assemble(("✔ the stream can run", "bold green"), "".join(f", {each}" for each in others), took)


def examination_object(findings: Sequence[Finding], seconds: float) -> dict[str, Any]:
    """Return what was found as it is written as JSON."""
    return {
        "well": all(finding.status is not Status.FAILED for finding in findings),
        "seconds": round(seconds, 3),
        "checks": [
            {
                "number": number,
                "name": finding.check,
                "status": finding.status,
                "seconds": round(finding.seconds, 3),
                "notes": finding.notes,
            }
            for number, finding in enumerate(findings, 1)
        ],
    }
