"""The stream as `run` puts it together keeps one model: the one that was replaced is gone."""

import gc
import signal
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from consumer.commands.model_watch import watched_models
from consumer.commands.run_settings import RunSettings
from consumer.commands.stream import assembled_stream
from consumer.kafka.group import ReadTo
from consumer.model.load import LoadedModel, load_scorer
from consumer.model.manifest import read_manifest
from consumer.model.promotion import prove, put_in_place, roll_back
from consumer.scoring.ports import Scorer
from consumer.telemetry.metrics import ConsumerMetrics
from shared.clock import SystemClock
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.small_model import train_small_model
from tests.support.stream_under_test import Deadline

pytestmark = pytest.mark.kafka


@pytest.fixture
def served(tmp_path: Path, small_model: Path) -> Path:
    """A model in use that has replaced another."""
    train_small_model(tmp_path / "served", "fast")
    put_in_place(small_model, tmp_path / "served", prove(small_model))
    return tmp_path / "served"


@pytest.fixture
def _collector_as_it_was() -> Iterator[None]:
    """A stream sets the garbage collector up for its process; this process goes on."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def load(folder: Path) -> tuple[LoadedModel, weakref.ref[Scorer]]:
    loaded = load_scorer(folder)
    return loaded, weakref.ref(loaded.scorer)


@pytest.mark.usefixtures("_collector_as_it_was")
def test_a_model_that_was_replaced_is_kept_by_nobody(kafka: KafkaSettings, topics: TopicSettings, served: Path) -> None:
    settings = RunSettings(model=served, model_watch=0, group=topics.input_topic)
    registry = CollectorRegistry()
    metrics = ConsumerMetrics(registry, SystemClock())
    loaded, first = load(served)

    def digests() -> list[str]:
        samples = [sample for family in registry.collect() for sample in family.samples]
        return [sample.labels["digest"] for sample in samples if sample.name == "reviews_build_info"]

    with (
        assembled_stream(kafka, topics, settings, ReadTo.END, loaded.scorer, metrics) as stream,
        watched_models(settings, loaded, stream.loop, metrics),
    ):
        del loaded
        assert first() is not None
        roll_back(served)
        new = read_manifest(served).digest()[:12]
        assert new not in digests()
        signal.raise_signal(signal.SIGHUP)
        deadline = Deadline()
        while digests() != [new] or first() is not None:
            deadline.check("the new model is in use, and the one before gone")
            threading.Event().wait(0.02)
