"""What people see of an audit, of dead letters, and of the reading that takes a while."""

import io
import json
from collections import Counter

import click
import msgspec
import pytest
from rich.console import Console

from consumer.commands.places import parse_moment, parse_offsets, parse_place, parse_places
from consumer.commands.reading_display import ReadingDisplay, progress_line
from consumer.kafka.audit_result import AuditResult, Finding, Place
from consumer.reports.audit_summary import WORDS, audit_object, print_audit
from consumer.reports.dead_letter_summary import print_list, printable, readable

RANGES = {0: (0, 10), 1: (5, 5)}
RESULT = AuditResult(10, 9, 1)
BROKEN = AuditResult(
    10,
    8,
    0,
    {Finding.MISSING: 2, Finding.REPEATED_SAME_ID: 1, Finding.DIFFERING: 1},
    {Finding.MISSING: (Place("reviews", 0, 3),), Finding.DIFFERING: (Place("reviews", 0, 4, "off by 1"),)},
    frozenset({Finding.REPEATED_SAME_ID}),
    rescored=8,
)
CONTEXT = click.Context(click.Command("audit"))
OPTION = click.Option(["--from"])


def shown(result: AuditResult) -> str:
    console = Console(record=True, width=120, file=io.StringIO())
    print_audit(result, "reviews", RANGES, console)
    return console.export_text()


def test_a_proof_that_holds_says_so_and_which_range_it_is_for() -> None:
    text = shown(RESULT)
    assert "reviews  0:0-10" in text
    assert "✔ holds: 10 inputs = 9 labelled + 1 dead-lettered, nothing missing" in text
    assert WORDS[Finding.DIFFERING] not in text


def test_a_broken_proof_names_what_broke_it_and_the_first_places() -> None:
    text = shown(BROKEN)
    assert "✘ does not hold: 2 missing, 1 differing from offline scoring" in text
    assert "missing: 2, the first 1" in text
    assert "reviews/0/3" in text
    assert "reviews/0/4  off by 1" in text


def test_a_range_without_inputs_is_no_proof_of_anything() -> None:
    assert "nothing to prove" in shown(AuditResult(0, 0, 0))


def test_the_object_has_a_count_for_every_finding() -> None:
    found = json.loads(msgspec.json.encode(audit_object(BROKEN, "reviews", RANGES, {"d1": 8})))
    assert set(found) >= {str(finding) for finding in Finding}
    assert (found["holds"], found["missing"], found["rescored"]) == (False, 2, 8)
    assert found["tolerated"] == ["repeated_same_id"]
    assert found["examples"]["differing"] == [{"topic": "reviews", "partition": 0, "offset": 4, "detail": "off by 1"}]


def test_an_empty_list_of_dead_letters_is_still_a_table() -> None:
    console = Console(record=True, width=120, file=io.StringIO())
    print_list([], Counter(), console)
    assert "all" in console.export_text()


def test_bytes_are_shown_as_text_or_in_hexadecimal_and_never_obeyed_by_a_terminal() -> None:
    assert readable("a soup\nand \U0001f600".encode()) == "a soup\nand \U0001f600"
    assert readable(b"\x1b[31mred") == "\\x1b[31mred"
    assert printable("\u202eback") == "\\u202eback"
    assert readable(b"\xffA" * 9).splitlines() == [
        "ff 41 ff 41 ff 41 ff 41 ff 41 ff 41 ff 41 ff 41  " + "\ufffdA" * 8,
        "ff 41" + " " * 44 + "\ufffdA",
    ]


def test_a_line_of_progress_says_how_fast_and_how_long_yet() -> None:
    assert progress_line("labels", 500, 2000, 2.0) == "labels: 500 of 2,000 read, 250/s, 6 s left"
    assert progress_line("labels", 0, 2000, 0.0) == "labels: 0 of 2,000 read, 0/s"


def test_elsewhere_than_on_a_terminal_a_line_comes_every_few_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    seconds = iter(float(second) for second in range(1000))
    with ReadingDisplay(on_terminal=False, clock=lambda: next(seconds)) as display:
        assert list(display.track("inputs", [[1, 2]] * 12, 24)) == [[1, 2]] * 12
    lines = capsys.readouterr().err.splitlines()
    assert 2 <= len(lines) <= 4
    assert lines[-1].startswith("inputs: 24 read in ")


def test_on_a_terminal_the_chunks_pass_by_a_bar() -> None:
    with ReadingDisplay(on_terminal=True) as display:
        assert list(display.track("inputs", [[1], [2, 3]], 10)) == [[1], [2, 3]]


def test_places_and_moments_are_read_as_people_write_them() -> None:
    assert parse_place(CONTEXT, OPTION, "3:17") == (3, 17)
    assert parse_places(CONTEXT, OPTION, ("0:1", "2:5")) == {0: 1, 2: 5}
    assert (parse_offsets(CONTEXT, OPTION, "7"), parse_offsets(CONTEXT, OPTION, "7-9")) == (range(7, 8), range(7, 10))
    assert parse_offsets(CONTEXT, OPTION, None) is None
    moment = parse_moment(CONTEXT, OPTION, "2026-01-31")
    assert moment is not None
    assert moment.isoformat() == "2026-01-31T00:00:00+00:00"


@pytest.mark.parametrize("text", ["", ":", "1:", ":1", "-1:2", "1:2:3", "a:b", "٣:1", f"0:{1 << 63}"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        parse_place(CONTEXT, OPTION, text)
