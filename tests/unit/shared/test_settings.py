"""Settings: a flag wins over the environment, that over the file, that over the default."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from shared.errors import ConfigurationError
from shared.settings import config_file_option, read_secret, setting, with_settings, with_unchecked_settings


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """Settings of a small command."""

    shelf: str = setting("wood", "What the shelf is of.", choices=("wood", "glass", "steel"))
    lamps: int = setting(3, "Lamps on it.", minimum=1)
    wait: float = setting(0.5, "Seconds to wait.", minimum=0, environment="WAIT_SECONDS")
    folder: Path = setting(Path("here"), "Where it is.")
    sticker: tuple[str, ...] = setting((), "Put on; repeatable.", short="-S")


@dataclass(frozen=True, slots=True)
class PairSettings:
    """Settings that must go together."""

    low: int = setting(1, "The lower.")
    high: int = setting(2, "The higher.")

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ConfigurationError("low is above high")


@click.group()
@config_file_option
def program() -> None:
    """A small program."""


@program.command()
@with_settings(ShopSettings)
def show(shop_settings: ShopSettings) -> None:
    """Show the settings."""
    click.echo(repr(shop_settings))


@program.group()
def stock() -> None:
    """A group in the group."""


@stock.command()
@with_settings(ShopSettings)
def count(shop_settings: ShopSettings) -> None:
    """Show the settings, too."""
    click.echo(repr(shop_settings))


def run(*arguments: str, environment: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(program, arguments, env=environment or {})


def settings_of(*arguments: str, environment: dict[str, str] | None = None) -> str:
    result = run(*arguments, environment=environment)
    assert result.exception is None, result.output
    return result.output.strip()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def test_without_anything_the_defaults_hold() -> None:
    assert settings_of("show") == repr(ShopSettings())


def test_the_file_wins_over_the_default(config: Path) -> None:
    config.write_text('lamps = 5\nshelf = "glass"\nfolder = "there"\nwait = 2\n')
    assert settings_of("--config", str(config), "show") == repr(ShopSettings("glass", 5, 2.0, Path("there")))


def test_the_environment_wins_over_the_file(config: Path) -> None:
    config.write_text("lamps = 5\nwait = 2\n")
    environment = {"REVIEWS_LAMPS": "6", "REVIEWS_CONFIG": str(config)}
    assert settings_of("show", environment=environment) == repr(ShopSettings(lamps=6, wait=2.0))


def test_a_flag_wins_over_the_environment_and_the_file(config: Path) -> None:
    config.write_text("lamps = 5\n")
    text = settings_of("--config", str(config), "show", "--lamps", "7", environment={"REVIEWS_LAMPS": "6"})
    assert text == repr(ShopSettings(lamps=7))


def test_a_setting_may_have_a_name_of_its_own_in_the_environment() -> None:
    assert settings_of("show", environment={"REVIEWS_WAIT_SECONDS": "4"}) == repr(ShopSettings(wait=4.0))


def test_a_repeatable_setting_takes_several_values_from_flags_and_file(config: Path) -> None:
    assert settings_of("show", "-S", "a", "--sticker", "b") == repr(ShopSettings(sticker=("a", "b")))
    config.write_text('sticker = ["c", "d"]\n')
    assert settings_of("--config", str(config), "show") == repr(ShopSettings(sticker=("c", "d")))


def test_a_commands_own_table_wins_over_the_general_settings(config: Path) -> None:
    config.write_text("lamps = 5\nwait = 1\n[show]\nlamps = 9\n")
    assert settings_of("--config", str(config), "show") == repr(ShopSettings(lamps=9, wait=1.0))
    assert settings_of("--config", str(config), "stock", "count") == repr(ShopSettings(lamps=5, wait=1.0))


def test_the_table_of_a_group_holds_for_its_commands_and_theirs_win(config: Path) -> None:
    config.write_text("lamps = 5\n[stock]\nlamps = 8\nwait = 1\n[stock.count]\nwait = 2\n")
    assert settings_of("--config", str(config), "stock", "count") == repr(ShopSettings(lamps=8, wait=2.0))
    assert settings_of("--config", str(config), "show") == repr(ShopSettings(lamps=5))


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("lampz = 5\n", "lampz"),
        ("[shwo]\nlamps = 5\n", "shwo"),
        ("[show]\nlampz = 5\n", "lampz"),
        ("[stock]\nlampz = 5\n", "lampz"),
        ("[stock.count]\nlampz = 5\n", "lampz"),
        ("[stock.cuont]\nlamps = 5\n", "cuont"),
    ],
)
def test_an_unknown_key_is_refused_by_name(config: Path, content: str, name: str) -> None:
    config.write_text(content)
    error = run("--config", str(config), "show").exception
    assert isinstance(error, ConfigurationError)
    assert repr(name) in str(error)
    assert str(config) in str(error)


@pytest.mark.parametrize("content", [b"lamps = ", b"\xff\xfe", b"lamps = 1\nlamps = 2"])
def test_a_file_that_is_no_toml_is_refused_by_its_path(config: Path, content: bytes) -> None:
    config.write_bytes(content)
    error = run("--config", str(config), "show").exception
    assert isinstance(error, ConfigurationError)
    assert str(config) in str(error)


def test_a_file_that_is_not_there_is_refused_by_its_path(config: Path) -> None:
    error = run("--config", str(config), "show").exception
    assert isinstance(error, ConfigurationError)
    assert str(config) in str(error)


@pytest.mark.parametrize(
    "arguments", [("--lamps", "0"), ("--lamps", "many"), ("--wait", "-1"), ("--shelf", "paper"), ("--lampz", "1")]
)
def test_a_value_that_is_not_allowed_is_wrong_usage_and_names_the_flag(arguments: tuple[str, str]) -> None:
    result = run("show", *arguments)
    assert result.exit_code == 2
    assert arguments[0] in result.output


def test_a_value_in_the_file_is_held_to_the_same_limits(config: Path) -> None:
    config.write_text("lamps = 0\n")
    assert run("--config", str(config), "show").exit_code == 2


def test_help_names_flag_default_and_environment_of_every_setting() -> None:
    text = " ".join(run("show", "--help").output.split())
    for part in ("--lamps", "REVIEWS_LAMPS", "default: 3", "REVIEWS_WAIT_SECONDS", "[wood|glass|steel]", "-S"):
        assert part in text


def test_a_secret_is_read_from_its_variable_or_from_the_file_that_another_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert read_secret("TEST_SECRET") == ""
    monkeypatch.setenv("REVIEWS_TEST_SECRET", "one")
    assert read_secret("TEST_SECRET") == "one"
    monkeypatch.delenv("REVIEWS_TEST_SECRET")
    (tmp_path / "secret").write_text(" two \n")
    monkeypatch.setenv("REVIEWS_TEST_SECRET_FILE", str(tmp_path / "secret"))
    assert read_secret("TEST_SECRET") == " two "


def test_a_secret_that_is_given_twice_or_cant_be_read_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REVIEWS_TEST_SECRET_FILE", str(tmp_path / "missing"))
    with pytest.raises(ConfigurationError, match="No such file"):
        read_secret("TEST_SECRET")
    (tmp_path / "binary").write_bytes(b"\xff")
    monkeypatch.setenv("REVIEWS_TEST_SECRET_FILE", str(tmp_path / "binary"))
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        read_secret("TEST_SECRET")
    monkeypatch.setenv("REVIEWS_TEST_SECRET", "one")
    with pytest.raises(ConfigurationError, match="both set"):
        read_secret("TEST_SECRET")


def test_unchecked_settings_contradict_only_when_they_are_built() -> None:
    @click.command()
    @with_unchecked_settings(PairSettings)
    def show_pair(pair_settings: Callable[[], PairSettings]) -> None:
        try:
            click.echo(repr(pair_settings()))
        except ConfigurationError as error:
            click.echo(f"refused: {error}")

    def said(*arguments: str) -> str:
        return CliRunner().invoke(show_pair, arguments).output

    assert said("--low", "1") == "PairSettings(low=1, high=2)\n"
    assert said("--low", "3") == "refused: low is above high\n"
