"""The same model behind other tools: `python -m benchmarks.peers run` writes results/peers.json."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import click

from benchmarks.peers import environments
from benchmarks.peers.bench import Bench
from benchmarks.peers.contestants import CONTESTANTS, OURS, ROOT, TOOLS, Contestant
from benchmarks.peers.schedule import FULL, QUICK, Comparison, say
from benchmarks.peers.table import markdown
from benchmarks.peers.topics import Topics
from benchmarks.stream_results import broker_to_measure
from shared.command_line import run_command_line
from shared.errors import ConfigurationError
from shared.machine import machine_facts

RESULT = ROOT / "benchmarks" / "results" / "peers.json"
PACKAGES = ("reviewstream", "confluent-kafka", "scikit-learn", "numpy", "numba")


@click.group()
def group() -> None:
    """Compare Reviewstream with other tools that have the same model."""


@group.command()
def setup() -> None:
    """Make the tools' environments under build/peers."""
    for tool in TOOLS:
        environments.make_environment(tool)
        say(f"{tool}: ready")


@group.command()
def lock() -> None:
    """Pin the tools' newest versions, with hashes."""
    for tool in TOOLS:
        environments.lock(tool)
        say(f"{tool}: {environments.requirements(tool).relative_to(ROOT)}")


@group.command()
@click.option("--quick", is_flag=True, help="Short turns and one round: shows that it works, not how fast.")
@click.option("--only", default="", help="Names of contestants, separated by commas.")
@click.option("--output", type=click.Path(path_type=Path), default=RESULT, help="Where the result is written.")
def run(*, quick: bool, only: str, output: Path) -> None:
    """Measure throughput, latency, and what is lost or repeated after kill -9.

    The broker is the one in REVIEWS_KAFKA_BOOTSTRAP_SERVERS; without it a local Kafka is started.
    """
    contestants = chosen(only)
    for contestant in contestants:
        environments.require_environment(contestant.tool)
    started = time.monotonic()
    machine = machine_facts(PACKAGES)
    with broker_to_measure() as broker:
        topics = Topics(broker.bootstrap_servers)
        try:
            plan = QUICK if quick else FULL
            found = Comparison(Bench(topics, ROOT / "models" / "default"), contestants, plan).run()
        finally:
            topics.remove_all()
    result = {
        "machine": machine,
        "took_s": round(time.monotonic() - started),
        "rounds": plan.rounds,
        "window_s": plan.window_s,
        "contestants": {
            each.name: {
                "title": each.title,
                "delivery": each.delivery,
                "version": version_of(each, machine),
                **found[each.name],
            }
            for each in contestants
        },
    }
    output.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    click.echo(markdown(result))


def chosen(only: str) -> list[Contestant]:
    """Return the contestants with these names, or all; ConfigurationError for a name that nobody has."""
    names = [name for name in only.split(",") if name]
    unknown = set(names) - {contestant.name for contestant in CONTESTANTS}
    if unknown:
        raise ConfigurationError(
            f"no contestant is called {', '.join(sorted(unknown))}",
            hint=f"there are {', '.join(contestant.name for contestant in CONTESTANTS)}",
        )
    return [contestant for contestant in CONTESTANTS if not names or contestant.name in names]


def version_of(contestant: Contestant, machine: dict[str, Any]) -> str:
    """Return the version of what a contestant is made with."""
    if contestant.tool == OURS:
        return str(machine["packages"]["reviewstream"])
    return environments.version(contestant.tool)


if __name__ == "__main__":
    sys.exit(run_command_line(group))
