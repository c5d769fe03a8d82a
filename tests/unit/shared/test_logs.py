"""Logs: JSON for machines, words for people."""

import contextlib
import io
import json
from collections.abc import Iterator

import pytest
import structlog

from shared.logs import configure_logs, get_logger


@pytest.fixture(autouse=True)
def _put_the_configuration_back() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


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
