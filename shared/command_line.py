"""What both programs' command lines share: errors become one clear message and an exit code."""

import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import click

from shared.errors import FatalError, ReviewstreamError
from shared.logs import configure_logs

EXIT_CODES = """\b
Exit codes:
  0   done
  1   the answer is no (a check failed)
  2   wrong usage
  65  input can't be used          71  another process has taken this one's place
  69  no broker or page answered   75  nothing was committed: try again
  70  this process can't go on     78  a setting, topic or model is not as it must be
"""


class LazyGroup(click.Group):
    """A group that imports a command when it is used: one that prints does not wait for one that trains.

    `lazy` maps a command's name to where it is (`module:attribute`) and one line of help.
    """

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names in the order they were given."""
        return [*self._lazy, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in self._lazy:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self._lazy[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands' lines without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self._lazy.items()])


def run_command_line(group: click.Group, arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the process's exit code; says what went wrong, why, and how to mend it."""
    # Until a command says otherwise: what a client logs must not end up among a command's data on stdout.
    configure_logs("WARNING")
    try:
        result = group.main(args=arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return 130
    except ReviewstreamError as error:
        click.secho(f"error: {error}", fg="red", err=True)
        if error.hint:
            click.echo(f"  how to fix: {error.hint}", err=True)
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception:  # noqa: BLE001 - the one place where nothing else is above
        traceback.print_exc()
        click.secho("error: this should not have happened; the lines above say where it did", fg="red", err=True)
        return FatalError.exit_code
    return result if isinstance(result, int) else 0
