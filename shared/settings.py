"""Settings: frozen objects, read once from flags, the environment, a TOML file and defaults, in that order.

A settings class is a frozen dataclass whose fields are made by `setting`; `with_settings(Class)` gives a click command
the flags and hands the finished object over. Nothing else in the programs reads the environment.
"""

import dataclasses
import os
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import click

from shared.errors import ConfigurationError

ENVIRONMENT_PREFIX = "REVIEWS_"
_METADATA = "reviewstream.setting"

Value = TypeVar("Value")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Setting:
    help: str
    environment: str | None
    minimum: float | None
    choices: tuple[str, ...]
    repeated: bool
    short: str | None


def setting(  # noqa: PLR0913 - each names one property of a flag
    default: Value,
    text: str,
    *,
    environment: str | None = None,
    minimum: float | None = None,
    choices: tuple[str, ...] = (),
    short: str | None = None,
) -> Value:
    """Declare one field of a settings class: its default, its help text, and what is allowed."""
    declared = _Setting(text, environment, minimum, choices, isinstance(default, tuple), short)
    field: Value = dataclasses.field(default=default, metadata={_METADATA: declared})
    return field


def with_settings(cls: type[Any]) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Give a click command the flags of a settings class, and the built object as `snake_case` argument."""
    return _with_options(cls, lambda build: build())


def with_unchecked_settings(cls: type[Any]) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Give a click command the same flags, and what builds the object: ConfigurationError comes when it is called."""
    return _with_options(cls, lambda build: build)


def _with_options(
    cls: type[Any], hand_over: Callable[[Callable[[], Any]], Any]
) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    argument = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in cls.__name__).lstrip("_")
    hints = get_type_hints(cls)
    fields = [field for field in dataclasses.fields(cls) if _METADATA in field.metadata]

    def decorate(command: Callable[..., Result]) -> Callable[..., Result]:
        @wraps(command)
        def build(*args: Any, **kwargs: Any) -> Result:
            values = {field.name: kwargs.pop(field.name) for field in fields}
            return command(*args, **{argument: hand_over(lambda: cls(**values))}, **kwargs)

        with_options: Callable[..., Result] = build
        for field in reversed(fields):
            with_options = _option(field, hints[field.name])(with_options)
        return with_options

    return decorate


def _option(field: "dataclasses.Field[Any]", hint: Any) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    declared: _Setting = field.metadata[_METADATA]
    names = [f"--{field.name.replace('_', '-')}"] + ([declared.short] if declared.short else [])
    return click.option(
        *names,
        field.name,
        type=_click_type(declared, hint),
        default=field.default,
        envvar=ENVIRONMENT_PREFIX + (declared.environment or field.name.upper()),
        multiple=declared.repeated,
        show_default=field.default not in ("", ()),
        show_envvar=True,
        help=declared.help,
    )


def _click_type(declared: _Setting, hint: Any) -> Any:
    if declared.choices:
        return click.Choice(declared.choices)
    if declared.minimum is None and hint in {int, float, float | None}:
        return click.INT if hint is int else click.FLOAT
    if hint is int:
        return click.IntRange(min=int(declared.minimum or 0))
    if hint in {float, float | None}:
        return click.FloatRange(min=declared.minimum)
    if hint in {Path, Path | None}:
        return click.Path(path_type=Path)
    return str


def read_secret(name: str) -> str:
    """Return a secret: what REVIEWS_<name> holds, or the file that REVIEWS_<name>_FILE names; "" where neither is set.

    No flag and no configuration file holds one: others could read it there.
    """
    variable = ENVIRONMENT_PREFIX + name
    value, path = os.environ.get(variable, ""), os.environ.get(f"{variable}_FILE", "")
    if value and path:
        raise ConfigurationError(f"{variable} and {variable}_FILE are both set", hint="unset one of them")
    if not path:
        return value
    try:
        return Path(path).read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigurationError(
            f"{path}: {reason}", hint=f"{variable}_FILE names a file that holds the secret alone"
        ) from None


def load_config_file(context: click.Context, _parameter: click.Parameter, path: Path | None) -> None:
    """Read defaults from a TOML file: keys are the settings' names, with `_`; a table named after a command wins."""
    if path is None:
        return
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}", hint="--config names a readable TOML file") from error
    unknown = _unknown_keys(context, context.command, content)
    if unknown:
        raise ConfigurationError(
            f"{path}: unknown setting {min(unknown)!r}", hint="`COMMAND --help` lists the names, - written as _"
        )
    context.default_map = _default_map(context, context.command, {}, content)


def _children(context: click.Context, command: click.Command) -> dict[str, click.Command]:
    if not isinstance(command, click.Group):
        return {}
    found = {name: command.get_command(context, name) for name in command.list_commands(context)}
    return {name: child for name, child in found.items() if child is not None}


def _setting_names(context: click.Context, command: click.Command) -> set[str | None]:
    names = {parameter.name for parameter in command.params} if not isinstance(command, click.Group) else set()
    return names.union(*(_setting_names(context, child) for child in _children(context, command).values()))


def _unknown_keys(context: click.Context, command: click.Command, table: dict[str, Any]) -> list[str]:
    children = _children(context, command)
    known = _setting_names(context, command)
    unknown: list[str] = []
    for key, value in table.items():
        if isinstance(value, dict) and key in children:
            unknown += _unknown_keys(context, children[key], value)
        elif isinstance(value, dict) or key not in known:
            unknown.append(key)
    return unknown


def _default_map(
    context: click.Context, command: click.Command, general: dict[str, Any], table: dict[str, Any]
) -> dict[str, Any]:
    here = general | {key: value for key, value in table.items() if not isinstance(value, dict)}
    if not isinstance(command, click.Group):
        return here
    children = _children(context, command)
    return {name: _default_map(context, child, here, table.get(name, {})) for name, child in children.items()}


config_file_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar=ENVIRONMENT_PREFIX + "CONFIG",
    show_envvar=True,
    is_eager=True,
    expose_value=False,
    callback=load_config_file,
    help="TOML file with settings; flags and the environment win over it.",
)


@dataclass(frozen=True, slots=True)
class LogSettings:
    """How much the program says, and how."""

    log_level: str = setting("INFO", "Least important events shown.", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    log_format: str = setting(
        "auto",
        "How lines are written: for machines (json), for people (text), or as stderr is a terminal or not (auto).",
        choices=("auto", "json", "text"),
    )
