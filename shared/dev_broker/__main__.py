"""Runs a local Kafka in the foreground until Ctrl-C: `python -m shared.dev_broker`."""

import signal
import sys

import click

from shared.dev_broker.local_kafka import BROKERS_MAX, LocalKafka
from shared.errors import ReviewstreamError


@click.command()
@click.option("--brokers", type=click.IntRange(1, BROKERS_MAX), default=1, show_default=True, help="How many brokers.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535 - BROKERS_MAX),
    default=9092,
    show_default=True,
    help="The first broker's port for clients, the others follow; 0 takes free ones.",
)
def main(brokers: int, port: int) -> None:
    """Run a real Kafka on this machine, without Docker, until Ctrl-C."""
    # SIGTERM ends it as Ctrl-C does; a second one cuts the stop short, and the guardian ends the brokers.
    # SIGINT is set too: a shell starts its background jobs with that signal ignored.
    for signal_ in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_, signal.default_int_handler)
    try:
        _run(LocalKafka(brokers, first_port=port or None))
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
    except ReviewstreamError as error:
        click.echo(f"{error}\n{error.hint}".rstrip(), err=True)
        sys.exit(error.exit_code)


def _run(kafka: LocalKafka) -> None:
    try:
        kafka.start()
        click.echo(f"Kafka answers at {kafka.bootstrap_servers}; Ctrl-C stops it and removes its data.")
        click.echo(f"export REVIEWS_KAFKA_BOOTSTRAP_SERVERS={kafka.bootstrap_servers}")
        failure = kafka.wait_failure()
        if failure is not None:
            raise failure
    finally:
        kafka.stop()


if __name__ == "__main__":
    main()
