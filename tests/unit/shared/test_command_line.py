"""Errors become one clear message and an exit code."""

from importlib import import_module

import click
import pytest
import structlog

from shared.command_line import LazyGroup, run_command_line
from shared.errors import (
    BrokerUnavailable,
    ConfigurationError,
    FatalError,
    InputError,
    Reason,
    RecordError,
    RetriableError,
    ReviewstreamError,
)
from shared.logs import get_logger


def exit_code_of(outcome: BaseException | object, *arguments: str) -> int:
    @click.group()
    def program() -> None:
        """A small program."""

    @program.command()
    @click.option("--lamps", type=int)
    def work(lamps: int | None) -> object:
        """Do what the test says."""
        del lamps
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return run_command_line(program, arguments or ["work"])


def test_what_is_logged_never_stands_among_a_commands_data(capsys: pytest.CaptureFixture[str]) -> None:
    @click.command()
    def work() -> None:
        get_logger("client").warning("slow", waited_s=3)
        click.echo('{"holds": true}')

    group = click.Group("program", {"work": work})
    structlog.reset_defaults()
    assert run_command_line(group, ["work"]) == 0
    said = capsys.readouterr()
    assert said.out == '{"holds": true}\n'
    assert '"waited_s": 3' in said.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("it broke", hint="mend it"), 65),
        (RecordError(Reason.SCHEMA, "it broke"), 65),
        (BrokerUnavailable("it broke", hint="mend it"), 69),
        (FatalError("it broke", hint="mend it"), 70),
        (ReviewstreamError("it broke", hint="mend it"), 70),
        (RetriableError("it broke", hint="mend it"), 75),
        (ConfigurationError("it broke", hint="mend it"), 78),
    ],
)
def test_each_group_of_errors_has_its_exit_code_and_says_what_broke_and_how_to_mend_it(
    error: ReviewstreamError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_of(error) == code
    said = capsys.readouterr()
    assert said.out == ""
    lines = ["error: it broke", *(["  how to fix: mend it"] if error.hint else [])]
    assert said.err.splitlines() == lines


@pytest.mark.parametrize(("answer", "code"), [(None, 0), (0, 0), (1, 1), (3, 3), ("text", 0)])
def test_a_commands_answer_is_the_exit_code(answer: object, code: int) -> None:
    assert exit_code_of(answer) == code


def test_wrong_usage_is_2_and_names_the_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(None, "work", "--lamps", "many") == 2
    assert exit_code_of(None, "wokr") == 2
    said = capsys.readouterr().err
    assert "--lamps" in said
    assert "wokr" in said


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_is_130_and_no_traceback(error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(error) == 130
    assert capsys.readouterr().err.strip() == "stopped"


def test_help_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(None, "--help") == 0
    assert "Do what the test says." in capsys.readouterr().out


def test_a_defect_is_not_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(ZeroDivisionError("by zero")) == 70
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "ZeroDivisionError: by zero" in said


def test_a_lazy_group_lists_commands_without_importing_them(capsys: pytest.CaptureFixture[str]) -> None:
    group = LazyGroup(name="program", lazy={"work": ("no.such.module:work", "Do some work.")})
    assert run_command_line(group, ["--help"]) == 0
    assert "Do some work." in capsys.readouterr().out


def test_a_lazy_group_imports_the_command_that_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    group = LazyGroup(name="program", lazy={"topics": ("consumer.commands.topics:topics", "Topics.")})
    assert run_command_line(group, ["topics", "--help"]) == 0
    assert "apply" in capsys.readouterr().out
    assert run_command_line(group, ["nothing"]) == 2


@pytest.mark.parametrize(
    "command", ["consumer run", "consumer score", "consumer train", "producer replay"], ids=lambda words: words[-5:]
)
def test_examples_in_help_keep_their_lines(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    program, name = command.split()
    group = import_module(f"{program}.__main__").group
    assert run_command_line(group, [name, "--help"]) == 0
    said = capsys.readouterr().out
    assert f"\n    review-{program} {name}" in said or f"\n  review-{program} {name}" in said
    assert "\\b" not in said
