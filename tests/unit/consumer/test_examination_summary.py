"""What people and programs see of an examination."""

import io

from rich.console import Console

from consumer.examining.finding import Finding, Note, failure, passed, skipped, warning
from consumer.reports.examination_summary import Lines, examination_object, verdict
from tests.unit.consumer.test_examination import well

WELL = Finding("DNS", (passed("broker is 10.0.0.7"),), 0.01)
OLD = Finding("TLS", (warning("it ends in 3 days", "14 days", "renew it"),), 0.2)
GONE = Finding("topics", (passed("a"), failure("b is not there", "a topic", "make it")), 0.3)
LEFT_OUT = Finding("group", (skipped("not made: it needs topics"),), 0.0)


def printed(*findings: Finding, width: int | None = None) -> str:
    text = io.StringIO()
    console = Console(file=text, force_terminal=width is not None, no_color=True, width=width)
    lines = Lines(console, len(findings))
    for number, finding in enumerate(findings, 1):
        lines.ended(number, finding)
    lines.end(findings, 1.25)
    return text.getvalue()


def test_each_check_has_its_number_and_what_is_wrong_says_how_to_mend_it() -> None:
    assert [line.split() for line in printed(WELL, GONE, LEFT_OUT).splitlines()] == [
        ["1", "DNS", "✔", "broker", "is", "10.0.0.7"],
        ["2", "topics", "✔", "a"],
        ["✘", "b", "is", "not", "there"],
        ["expected", "a", "topic"],
        ["how", "to", "fix", "make", "it"],
        ["3", "group", "–", "not", "made:", "it", "needs", "topics"],  # noqa: RUF001 - a dash is what it is
        ["✘", "1", "failed,", "1", "skipped", "·", "3", "checks", "in", "1.2", "s"],
    ]


def test_a_long_line_is_wrapped_on_a_terminal_only() -> None:
    long = Finding("DNS", (passed("one host after the other " * 8),), 0.0)
    assert len(printed(long).splitlines()) == 2
    wrapped = printed(long, width=90).splitlines()
    assert len(wrapped) > 4
    assert all(line.startswith(" " * 27) for line in wrapped[1:-1])


def test_the_verdict_tells_failures_from_warnings() -> None:
    assert verdict([WELL], 1).plain == "✔ the stream can run · 1 checks in 1.0 s"
    assert verdict([WELL, OLD], 1).plain == "! the stream can run: 1 with a warning · 2 checks in 1.0 s"
    assert verdict([OLD, GONE], 1).plain == "✘ 1 failed, 1 with a warning · 2 checks in 1.0 s"


def test_a_bracket_in_what_was_found_is_shown_as_it_is() -> None:
    assert "[bold]" in printed(Finding("DNS", (Note(well("x").run()[0].status, "[bold]"),), 0.0))


def test_programs_get_every_note() -> None:
    found = examination_object([WELL, GONE], 0.5)
    assert found["well"] is False
    assert [check["number"] for check in found["checks"]] == [1, 2]
    assert found["checks"][1]["notes"][1].fix == "make it"
    assert examination_object([WELL, OLD], 0.5)["well"] is True
