"""The command line `review-consumer`: names the commands; errors become exit codes."""

import sys

import click

from shared.command_line import EXIT_CODES, LazyGroup, run_command_line
from shared.settings import config_file_option

COMMANDS = {
    "run": ("consumer.commands.run:run", "Label reviews as they arrive."),
    "batch": ("consumer.commands.batch:batch", "Label files, or a topic's range, in bulk."),
    "score": ("consumer.commands.score:score", "Say what the model makes of a text, and why."),
    "results": ("consumer.commands.results:results", "Find the labels again that `batch` has stored."),
    "train": ("consumer.commands.train:train", "Train a model on the sample reviews or on your own."),
    "model": ("consumer.commands.model:model", "Inspect, verify and compare trained models."),
    "compare": (
        "consumer.commands.compare:compare",
        "Hold batch, real time and the stream against each other.",
    ),
    "topics": ("consumer.commands.topics:topics", "Make and check the topics."),
    "doctor": ("consumer.commands.doctor:doctor", "Check all that `run` needs, and say how to mend it."),
    "lag": ("consumer.commands.lag:lag", "Say how far the group is behind, running or not."),
    "top": ("consumer.commands.top:top", "Watch running consumers in the terminal."),
    "audit": ("consumer.commands.audit:audit", "Prove that every review was answered exactly once."),
    "dlq": ("consumer.commands.dlq:dlq", "List, show and replay dead letters."),
    "demo": ("consumer.commands.demo:demo", "See it all at work on real reviews, then stop."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS, epilog=EXIT_CODES, context_settings={"max_content_width": 120})
@click.version_option(package_name="reviewstream")
@config_file_option
def group() -> None:
    """Label reviews: as they arrive, from Kafka to Kafka."""


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run_command_line(group))


if __name__ == "__main__":
    main()
