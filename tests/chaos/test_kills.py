"""The consumer is killed again and again, as a crash would, while reviews keep coming."""

from pathlib import Path

import pytest

from shared.dev_broker.choice import DevBroker
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.independent_reader import LabelCount, read_everything
from tests.support.processes import Program, settings_in_environment
from tests.support.reviews import publish, review_values

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(600)]

REVIEWS = 50_000
KILLS = 3


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_three_kills_lose_nothing_and_repeats_carry_the_same_ids(
    kafka: KafkaSettings,
    kafka_broker: DevBroker,
    topics: TopicSettings,
    small_model: Path,
    protocol: str,
) -> None:
    environment = settings_in_environment(kafka, topics) | {
        "REVIEWS_MODEL": str(small_model),
        "REVIEWS_GROUP": topics.input_topic,
        "REVIEWS_GROUP_PROTOCOL": protocol,
        "REVIEWS_BATCH_RECORDS_MAX": "200",
    }
    publish(kafka, topics.input_topic, review_values(REVIEWS))
    labelled = LabelCount(kafka_broker.bootstrap_servers, topics)
    killed_at = []
    for kill in range(1, KILLS + 1):
        with Program("consumer", ["run"], environment) as consumer:
            labelled.wait_for(kill * REVIEWS // (KILLS + 2))
            consumer.kill()
        killed_at.append(labelled.now())
        assert killed_at[-1] < REVIEWS, "it was killed in the middle"
    with Program("consumer", ["run", "--until-caught-up"], environment) as consumer:
        assert consumer.wait() == 0, consumer.said
    found = read_everything(kafka_broker.bootstrap_servers, topics)
    counts = {
        "protocol": protocol,
        "labels stored when killed": killed_at,
        "inputs": len(found.inputs),
        "labelled": len(found.label_ids),
        "missing": len(found.missing),
        "repeated": found.repeated,
        "repeated under another id": len(found.conflicting),
    }
    print(f"\n{counts}")  # noqa: T201 - the counts are what this test is run for
    assert (len(found.inputs), found.missing, found.conflicting) == (REVIEWS, set(), set())
