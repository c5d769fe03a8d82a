"""Draws the boards of docs/images from a stream at work: `python -m benchmarks.dashboards`.

A real Prometheus watches real consumers that label the held-out sample reviews, with a few faults; then every query of
every board is asked of it. What it reports is printed, and written as JSON where a file is named.
"""

import json
import signal
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

import click

from benchmarks.board_pictures import draw_boards
from benchmarks.charts import IMAGES
from benchmarks.stream_results import write_result
from consumer.commands.own_topics import own_topics
from shared.datasets import Split, read_dataset
from shared.dev_broker.choice import Purpose, choose_broker
from shared.kafka_client import KafkaSettings
from shared.logs import configure_logs
from shared.topics import TopicSettings
from tests.support.board_answers import BoardReport, ask_everything
from tests.support.grafana_boards import read_boards
from tests.support.observed_stream import Models, ObservedStream, await_ready
from tests.support.processes import Program, settings_in_environment

DATASETS = ("imdb", "rotten-tomatoes")
REVIEWS_OF_EACH = 1000
STARS = {"positive": 5, "negative": 1}
PER_SECOND = 150
PAUSE_S = 6.0
MODEL = Path("models/default")
COMPARE = ("compare", "--metrics-port", "0", "--measure-s", "0.3", "--scorers", "compiled")
COMPARE_S_MAX = 600.0


@click.command()
@click.option("--seconds", type=click.FloatRange(min=10), default=90.0, show_default=True, help="How long to watch.")
@click.option("--bootstrap-servers", envvar="REVIEWS_KAFKA_BOOTSTRAP_SERVERS", help="A broker to use.")
@click.option("--model", type=click.Path(path_type=Path), default=MODEL, show_default=True, help="The model.")
@click.option("--shadow", type=click.Path(path_type=Path), help="A model beside it.  [default: the same]")
@click.option("--json", "report_file", type=click.Path(path_type=Path), help="File for the report.")
def main(
    seconds: float, bootstrap_servers: str | None, model: Path, shadow: Path | None, report_file: Path | None
) -> None:
    """Run the stream, ask, draw; exits with 1 where a query does not answer as it should."""
    configure_logs("WARNING")
    name = f"boards-{uuid.uuid4().hex[:8]}"
    topics = TopicSettings(f"{name}.reviews", f"{name}.labels", partitions=6)
    with choose_broker(bootstrap_servers, Purpose.MEASUREMENT) as broker:
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
        with own_topics(broker, kafka, topics):
            report = _watch(kafka, topics, Models(model, shadow or model), seconds)
    print(report, *report.faults(), sep="\n")
    if report_file is not None:
        write_result(report_file, report.document())
    sys.exit(1 if report.faults() else 0)


def _watch(kafka: KafkaSettings, topics: TopicSettings, models: Models, seconds: float) -> BoardReport:
    environment = settings_in_environment(kafka, topics)
    with (
        tempfile.TemporaryDirectory() as folder,
        Program("consumer", [*COMPARE, "--model", str(models.serving)], environment) as comparison,
    ):
        port = comparison.wait_for("serving")["metrics_port"]
        # It has the machine for itself until it is done.
        await_ready(comparison, port, COMPARE_S_MAX)
        with (
            ObservedStream(kafka, topics, models, port) as stream,
            Program("producer", _replay(Path(folder)), environment),
        ):
            return _look(stream, seconds)


def _look(stream: ObservedStream, seconds: float) -> BoardReport:
    """Let it run so long, with a few faults on the way; then ask, and draw what was answered."""
    wait = threading.Event().wait
    ends_s = time.monotonic() + seconds
    wait(seconds / 4)
    late = stream.join()
    stream.send_what_cannot_be_read()
    wait(seconds / 4)
    late.signal(signal.SIGSTOP)
    wait(PAUSE_S)
    late.signal(signal.SIGCONT)
    wait(max(0.0, ends_s - time.monotonic()))
    boards = read_boards()
    report = ask_everything(boards, stream.prometheus, stream.looked_at())
    for file in draw_boards(boards, report, IMAGES):
        print(file)
    return report


def _replay(folder: Path) -> list[str]:
    """Return the words that replay held-out sample reviews, each rated as its data set labels it."""
    held_out = [review for name in DATASETS for review in list(read_dataset(name, Split.HELD_OUT))[:REVIEWS_OF_EACH]]
    file = folder / "rated.jsonl"
    rows = [
        {"review_id": review.review_id, "text": review.text, "rating": STARS[review.sentiment]} for review in held_out
    ]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return ["replay", str(file), "--loop", "--rate", str(PER_SECOND)]


if __name__ == "__main__":
    main()
