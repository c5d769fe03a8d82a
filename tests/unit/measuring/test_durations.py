"""Times on a command line."""

import click
import pytest

from consumer.commands.durations import parse_duration

CONTEXT = click.Context(click.Command("compare"))
PARAMETER = click.Option(["--within"])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5m", 300), ("24h", 86_400), ("250ms", 0.25), ("1.5 h", 5400), ("2D", 172_800), ("5min", 300)],
)
def test_a_time_is_read(text: str, seconds: float) -> None:
    assert parse_duration(CONTEXT, PARAMETER, text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "m", "-5m", "5 years", "1e3s", "0s", "five minutes", "\u0665m"])
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no time"):
        parse_duration(CONTEXT, PARAMETER, text)


def test_no_time_is_none() -> None:
    assert parse_duration(CONTEXT, PARAMETER, None) is None
