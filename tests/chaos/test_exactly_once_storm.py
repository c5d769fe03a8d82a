"""Half a million reviews, four members, a kill every three seconds, a broker that restarts: what does a reader see?"""

import dataclasses
import itertools
import json
from typing import Any

import pytest

from tests.support.breakable import Breakable
from tests.support.experiment import Experiment, Setting
from tests.support.invariants import Case
from tests.support.label_census import take_census
from tests.support.processes import Program
from tests.support.ways import DELIVERIES

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(900)]

REVIEWS = 500_000
KILLS = 20
KILL_EVERY_S = 3.0
MEMBERS = 4
# So that they come in all the while.
PER_SECOND = REVIEWS / (KILLS * KILL_EVERY_S)
PUBLISH_S_MAX = 300.0


def audit(experiment: Experiment, delivery: str) -> tuple[int, dict[str, Any]]:
    """Return the exit code of `audit`, which scores every review again, and the counts it prints."""
    allowed = [] if delivery == "exactly-once" else ["--allow-repeats"]
    with Program("consumer", ["audit", "--json", "--rescore", *allowed], experiment.environment) as program:
        # Read as it comes: a pipe that nobody reads would hold the program.
        said = program.output()
        code = program.wait()
    found = json.loads(said)
    return code, {
        name: found[name] for name in ("holds", "inputs", "labelled", "missing", "repeated_same_id", "rescored")
    }


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_half_a_million_reviews_survive_a_storm(breakable: Breakable, direct: Setting, delivery: str) -> None:
    setting = dataclasses.replace(direct, partitions=12, environment={"REVIEWS_BATCH_RECORDS_MAX": "1000"})
    with Experiment(Case("storm", delivery, "consumer"), setting) as experiment:
        names = [f"member-{number}" for number in range(MEMBERS)]
        members = {name: experiment.start_consumer(name) for name in names}
        publisher = experiment.publish(PER_SECOND, REVIEWS)
        experiment.labelled.wait_for(1000)
        for kill, name in enumerate(itertools.islice(itertools.cycle(names), KILLS), 1):
            experiment.hold(KILL_EVERY_S)
            members[name].kill()
            members[name] = experiment.start_consumer(name)
            if kill == KILLS // 2:
                breakable.broker.restart(1)
        publisher.wait(PUBLISH_S_MAX)
        for member in members.values():
            # One that is told to stop while it starts ends as anything does that has no handler yet.
            member.wait_for("started")
        lag_records, exits = experiment.settle()
        census = take_census(experiment.kafka.bootstrap_servers, experiment.topics)
        audited, says = audit(experiment, delivery)
    counts = {
        "delivery": delivery,
        "kills": KILLS,
        "inputs": census.inputs,
        "unique": census.unique,
        "duplicate": census.duplicates,
        "missing": census.missing,
        "lag left": lag_records,
        "audit": says,
    }
    print(f"\n{counts}")  # noqa: T201 - the counts are what this test is run for
    assert (census.inputs, census.missing, lag_records) == (REVIEWS, 0, 0)
    assert exits == [0] * MEMBERS
    assert (audited, says["holds"], says["rescored"]) == (0, True, census.labels)
    assert delivery != "exactly-once" or census.duplicates == 0
