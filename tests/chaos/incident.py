"""A staged incident: which alerts fire, in which order, and do they end?

    python -m tests.chaos.incident

Real consumers on a real broker, scraped by a real Prometheus with the rules that ship; only their time runs 30 times
faster. What it saw is written to benchmarks/results/incident.json; docs/images/incident.svg is drawn from that.
"""

import json
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from benchmarks.stream_results import RESULTS, write_result
from consumer.commands.run_settings import RunSettings
from shared.dev_broker.local_kafka import LocalKafka
from shared.kafka_client import KafkaSettings
from shared.machine import machine_facts
from tests.support.alert_history import Firing, firings
from tests.support.experiment import Experiment, Setting
from tests.support.incident_verdict import judge
from tests.support.invariants import Case
from tests.support.killable_consumer import SCORE_DELAY_S
from tests.support.processes import Program
from tests.support.prometheus_server import PrometheusServer, installed_prometheus
from tests.support.quick_rules import quickened
from tests.support.staged_incident import HISTORY_STEP_S, StagedIncident
from tests.support.staged_reviews import StagedReviews
from tests.support.steady_publisher import SteadyPublisher

RULES = Path(__file__).parents[2] / "deploy" / "prometheus"
RESULT = RESULTS / "incident.json"
TIMES_FASTER = 30
# The shortest window, a minute, is 2 s then.
SCRAPE_EVERY_S = 1.0
PER_SECOND = 400
CONSUMERS = 2
CALM_S = 20.0
# A model that takes its time: at any moment something is waiting or on its way, and is stuck when the broker freezes.
# With nothing known to wait, a broker that is away could not be told from a quiet night.
SCORE_S = 0.05
WATCH = {"REVIEWS_MODEL_WATCH": "1"}
CURVES = {
    "labelled_per_s": "sum(rate(reviews_labelled_total[4s]))",
    "lag_seconds": "max(reviews_lag_seconds)",
    "late_ratio": "1 - job:reviews_end_to_end_latency_within_1s:ratio_rate5m",
    "dead_letter_ratio": "job:reviews_dead_lettered:ratio_rate5m",
}


@contextmanager
def quick_prometheus(folder: Path) -> Iterator[PrometheusServer]:
    """Run a Prometheus with the rules that ship, quickened."""
    files = [folder / name for name in ("rules.yml", "alerts.yml")]
    for file in files:
        file.write_text(quickened((RULES / file.name).read_text("utf-8"), TIMES_FASTER), "utf-8")
    with installed_prometheus(files, SCRAPE_EVERY_S) as prometheus:
        yield prometheus


def start_consumers(experiment: Experiment) -> list[int]:
    """Start the consumers, and return their metrics ports once all of them hold partitions."""
    slowly = {SCORE_DELAY_S: f"{SCORE_S:g}"}
    started = [experiment.start_consumer(f"member-{number}", **slowly) for number in range(CONSUMERS)]
    ports = [consumer.wait_for("started")["metrics_port"] for consumer in started]
    for consumer in started:
        consumer.wait_for("partitions_assigned")
    return ports


def await_calm(incident: StagedIncident, prometheus: PrometheusServer, ports: Sequence[int]) -> float:
    """Let Prometheus scrape, and return when it began to see nothing but what is usual, in seconds since 1970."""
    prometheus.scrape("consumer", ports)
    prometheus.await_series(f'sum(up{{job="consumer"}}) == {CONSUMERS}')
    incident.await_silence()
    start_s = time.time()
    # Long enough for every short window to be full of it.
    threading.Event().wait(CALM_S)
    return start_s


def carry_out(incident: StagedIncident, model: Path) -> bool:
    """Carry out every stage; return whether a bad model could be offered."""
    incident.pause_the_broker()
    incident.send_rubbish()
    watches = "model_watch" in RunSettings.__annotations__
    if watches:
        incident.offer_a_bad_model(model)
    incident.await_silence()
    return watches


def audited(experiment: Experiment) -> dict[str, Any]:
    """Return what `audit` says of the topics."""
    with Program("consumer", ["audit", "--json", "--allow-repeats"], experiment.environment) as audit:
        code = audit.wait()
        return {"exit_code": code, **json.loads(audit.output())}


def told(found: Sequence[Firing], start_s: float) -> list[dict[str, Any]]:
    """Return alerts with times in seconds since the start."""
    return [
        asdict(firing)
        | {
            "began_s": round(firing.began_s - start_s, 1),
            "ended_s": None if firing.ended_s is None else round(firing.ended_s - start_s, 1),
        }
        for firing in found
    ]


def curves(prometheus: PrometheusServer, start_s: float, end_s: float) -> dict[str, list[list[float]]]:
    """Return seconds since the start and value of each curve."""
    return {
        name: [
            [round(moment - start_s, 1), round(value, 4)]
            for series in prometheus.query_range(query, start_s, end_s, HISTORY_STEP_S).series
            for moment, value in series.points
        ]
        for name, query in CURVES.items()
    }


def result(
    incident: StagedIncident, prometheus: PrometheusServer, start_s: float, checks: dict[str, bool]
) -> dict[str, Any]:
    """Return all that is written down."""
    found = firings(prometheus, start_s, HISTORY_STEP_S)
    checks = judge(incident.stages, found) | checks
    return {
        "held": all(checks.values()),
        "checks": checks,
        "in_vain": incident.in_vain,
        "times_faster": TIMES_FASTER,
        "per_second": PER_SECOND,
        "consumers": CONSUMERS,
        "score_s": SCORE_S,
        "stages": [
            {
                "name": stage.plan.name,
                "began_s": round(stage.began_s - start_s, 1),
                "ended_s": round(stage.ended_s - start_s, 1),
                "expected": sorted(stage.plan.expected),
            }
            for stage in incident.stages
        ],
        "alerts": told(found, start_s),
        "curves": curves(prometheus, start_s, time.time()),
        "machine": machine_facts(("confluent-kafka", "prometheus-client")),
    }


def stage_it(experiment: Experiment, broker: LocalKafka, prometheus: PrometheusServer, model: Path) -> dict[str, Any]:
    """Let it all happen, and return what is written down."""
    reviews = StagedReviews()
    incident = StagedIncident(broker, prometheus, reviews)
    topic = experiment.topics.input_topic
    ports = start_consumers(experiment)
    with SteadyPublisher(experiment.kafka, topic, PER_SECOND, values=reviews.values) as publisher:
        experiment.labelled.wait_for(PER_SECOND)
        start_s = await_calm(incident, prometheus, ports)
        bad_model_offered = carry_out(incident, model)
        published = publisher.stop()
    lag_records = experiment.await_caught_up()
    written = result(incident, prometheus, start_s, {"lag is back to 0": lag_records == 0})
    _, exits = experiment.settle()
    audit = audited(experiment)
    written["checks"] |= {"audit holds": audit["exit_code"] == 0, "consumers leave with 0": set(exits) == {0}}
    written["held"] = all(written["checks"].values())
    return written | {"bad_model_offered": bad_model_offered, "published": published, "audit": audit}


@click.command()
@click.option("--model", default="models/default", show_default=True, type=click.Path(path_type=Path, exists=True))
@click.option("--output", default=RESULT, show_default=True, type=click.Path(path_type=Path))
def main(model: Path, output: Path) -> None:
    """Stage the incident, and write what Prometheus saw."""
    with tempfile.TemporaryDirectory() as name, LocalKafka() as broker, quick_prometheus(Path(name)) as prometheus:
        folder = Path(name) / "model"
        shutil.copytree(model, folder)
        setting = Setting(KafkaSettings(bootstrap_servers=broker.bootstrap_servers), folder, environment=WATCH)
        with Experiment(Case("staged incident", "at-least-once", "consumer"), setting) as experiment:
            written = stage_it(experiment, broker, prometheus, folder)
    write_result(output, written)
    for alert in written["alerts"]:
        ended = "goes on" if alert["ended_s"] is None else f"{alert['ended_s']:g}"
        click.echo(f"{alert['began_s']:g} s to {ended}: {alert['alert']} {alert['what']}")
    said = {name: written[name] for name in ("held", "checks", "in_vain", "bad_model_offered")}
    click.echo(json.dumps(said, indent=1))
    sys.exit(0 if written["held"] else 1)


if __name__ == "__main__":
    main()
