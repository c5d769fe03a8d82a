"""A stream under load whose model changes: new ones, bad ones, one that was asked for, and the one before again."""

import json
import signal
from itertools import groupby
from pathlib import Path

import pytest

from consumer.__main__ import group
from consumer.model.artifact import read_verified, write_artifact
from consumer.model.load import load_scorer
from consumer.model.manifest import read_manifest
from shared.command_line import run_command_line
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.bad_models import BAD_MODELS
from tests.support.independent_reader import Found, LabelCount, read_everything
from tests.support.metrics_page import await_value
from tests.support.processes import Program, settings_in_environment
from tests.support.small_model import BAD, GOOD, train_small_model
from tests.support.steady_publisher import SteadyPublisher

pytestmark = pytest.mark.kafka

PER_SECOND = 600
RELOADS = "reviews_model_reloads_total"


@pytest.fixture
def contrary(tmp_path: Path) -> Path:
    """A model that has learnt the opposite: each of its labels is another than the small model's."""
    train_small_model(tmp_path / "contrary", "fast", {"positive": BAD, "negative": GOOD})
    return tmp_path / "contrary"


@pytest.fixture
def served(tmp_path: Path, small_model: Path) -> Path:
    copy_model(small_model, tmp_path / "served")
    return tmp_path / "served"


def copy_model(source: Path, folder: Path) -> None:
    manifest = read_manifest(source)
    write_artifact(folder, manifest, {name: read_verified(source, manifest, name) for name in manifest.files})


def promote(*arguments: object) -> None:
    assert run_command_line(group, ["model", "promote", *map(str, arguments)]) == 0


def short_digest(folder: Path) -> str:
    return read_manifest(folder).digest()[:12]


def audit(environment: dict[str, str], *arguments: str) -> tuple[int, dict[str, object]]:
    with Program("consumer", ["audit", "--rescore", "--json", *arguments], environment) as program:
        code = program.wait()
        return code, json.loads(program.output())


def models_in_order(found: Found) -> dict[int, list[str]]:
    """Return which models labelled each partition, in the order of its offsets."""
    partitions = groupby(sorted(found.models.items()), lambda item: item[0][0])
    return {number: [digest for digest, _ in groupby(models, lambda item: item[1])] for number, models in partitions}


def test_every_review_is_labelled_once_by_the_model_its_label_names_whatever_is_offered_meanwhile(
    kafka: KafkaSettings, topics: TopicSettings, served: Path, contrary: Path, small_model: Path
) -> None:
    environment = settings_in_environment(kafka, topics) | {
        "REVIEWS_MODEL": str(served),
        "REVIEWS_MODEL_WATCH": "0.1",
        "REVIEWS_SHADOW_MODEL": str(contrary),
        "REVIEWS_GROUP": topics.input_topic,
        "REVIEWS_GROUP_PROTOCOL": "classic",
        "REVIEWS_BATCH_RECORDS_MAX": "100",
    }
    labelled = LabelCount(kafka.bootstrap_servers, topics)
    small = short_digest(small_model)
    with (
        Program("consumer", ["run"], environment) as consumer,
        SteadyPublisher(kafka, topics.input_topic, PER_SECOND) as publisher,
    ):
        port = consumer.wait_for("started")["metrics_port"]
        labelled.wait_for(300)

        promote(contrary, served)
        taken = consumer.wait_for("model_taken")
        assert (taken["digest"], taken["before"]) == (short_digest(contrary), small)
        assert await_value(port, RELOADS, 1)["reviews_build_info"] == 1
        labelled.wait_for(labelled.now() + 300)

        # Nothing has changed: only who asks is answered.
        consumer.signal(signal.SIGHUP)
        assert consumer.wait_for("model_unchanged")["digest"] == short_digest(contrary)

        for number, wrong in enumerate(BAD_MODELS, start=2):
            BAD_MODELS[wrong](served)
            refused = consumer.wait_for("model_refused")
            assert short_digest(contrary) in refused["then"], wrong
            assert refused["hint"], wrong
            await_value(port, RELOADS, number)
            labelled.wait_for(labelled.now() + 1)
            copy_model(contrary, served)

        promote("--rollback", served)
        assert consumer.wait_for("model_taken")["digest"] == small
        labelled.wait_for(labelled.now() + 300)
        published = publisher.stop()
        metrics = await_value(port, "reviews_labelled_total", published)
        assert consumer.stop() == 0, consumer.said

    assert metrics["reviews_shadow_info"] == 1
    assert 0 < metrics["reviews_shadow_disagreements_total"] < metrics["reviews_shadow_labelled_total"] <= published
    found = read_everything(kafka.bootstrap_servers, topics)
    assert (len(found.inputs), found.missing, found.repeated) == (published, set(), 0)
    digests = [read_manifest(folder).digest() for folder in (small_model, contrary, small_model)]
    assert models_in_order(found) == dict.fromkeys(range(topics.partitions), digests)
    for folder in (small_model, contrary):
        loaded = load_scorer(folder)
        places = [place for place, digest in found.models.items() if digest == loaded.manifest.digest()]
        offline = loaded.scorer.score([found.texts[place] for place in places]).labels
        assert [found.labels[place] for place in places] == list(offline)

    code, result = audit(environment, "--other-model", str(contrary))
    assert (code, result["holds"], result["rescored"]) == (0, True, published)
    code, result = audit(environment)
    assert (code, result["holds"]) == (1, False)
    assert result["other_model"] == sum(digest == digests[1] for digest in found.models.values())
