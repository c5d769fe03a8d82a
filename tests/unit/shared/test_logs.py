"""Logs: JSON for machines, words for people."""

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
import structlog

from shared.logs import configure_logs, get_logger


@pytest.fixture(autouse=True)
def _put_the_configuration_back() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_before_logs_are_configured_nothing_stands_among_what_a_program_prints() -> None:
    program = "from shared.logs import get_logger; get_logger('loop').warning('early'); print('{}')"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout == "{}\n"
    assert "early" in said.stderr


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_away_from_a_terminal_each_event_is_a_line_of_json_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO")
    get_logger("loop").info("started", input="reviews", text="line\nbreak \U0001f44d")
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    event = json.loads(line)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "component": "loop",
        "event": "started",
        "level": "info",
        "input": "reviews",
        "text": "line\nbreak \U0001f44d",
    }


def test_on_a_terminal_an_event_is_written_for_people() -> None:
    with contextlib.redirect_stderr(Terminal()) as terminal:
        configure_logs("INFO")
        get_logger("loop").info("started")
    assert "started" in terminal.getvalue()
    assert not terminal.getvalue().startswith("{")


@pytest.mark.parametrize(
    ("level", "heard"),
    [
        ("DEBUG", ["debug", "info", "warning", "error"]),
        ("INFO", ["info", "warning", "error"]),
        ("WARNING", ["warning", "error"]),
        ("ERROR", ["error"]),
    ],
)
def test_events_below_the_level_are_not_written(
    level: str, heard: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(level)
    log = get_logger("loop")
    for name, say in (("debug", log.debug), ("info", log.info), ("warning", log.warning), ("error", log.error)):
        say(name)
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == heard


def test_an_exception_is_told_with_its_traceback_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO")
    try:
        raise ValueError("no lamp")  # noqa: TRY301 - an exception to be told
    except ValueError:
        get_logger("loop").exception("broken")
    (line,) = capsys.readouterr().err.splitlines()
    assert "ValueError: no lamp" in json.loads(line)["exception"]


@pytest.mark.parametrize(("log_format", "as_json"), [("json", True), ("text", False), ("auto", False)])
def test_the_format_can_be_chosen_on_a_terminal_too(log_format: str, *, as_json: bool) -> None:
    with contextlib.redirect_stderr(Terminal()) as terminal:
        configure_logs("INFO", log_format)
        get_logger("loop").info("started")
    assert terminal.getvalue().startswith("{") == as_json


def test_text_away_from_a_terminal_has_no_colours(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", "text")
    get_logger("loop").info("started")
    said = capsys.readouterr().err
    assert "started" in said
    assert "\x1b" not in said


def test_who_wants_to_know_is_told_the_level_of_each_line_that_is_written() -> None:
    heard: list[str] = []
    configure_logs("INFO", on_line=heard.append)
    log = get_logger("loop")
    log.debug("not written")
    log.info("started")
    for _ in range(3):
        log.warning("again and again")
    log.error("broken")
    log.critical("over")
    assert heard == ["info", "warning", "error", "critical"]


def test_fields_of_the_process_stand_in_each_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", "json", fields={"worker": "2"})
    get_logger("loop").info("started")
    assert json.loads(capsys.readouterr().err)["worker"] == "2"
