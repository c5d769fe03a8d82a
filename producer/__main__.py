"""The command line `review-producer`: names the commands; errors become exit codes."""

import sys

import click

from producer.commands.replay import replay
from shared.command_line import EXIT_CODES, run_command_line
from shared.settings import config_file_option


@click.group(epilog=EXIT_CODES, context_settings={"max_content_width": 120})
@click.version_option(package_name="reviewstream")
@config_file_option
def group() -> None:
    """Bring reviews into Kafka."""


group.add_command(replay)


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run_command_line(group))


if __name__ == "__main__":
    main()
