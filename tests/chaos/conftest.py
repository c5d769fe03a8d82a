"""What fault tests share: brokers that may be broken, and the table of what held."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.stream_results import write_result
from shared.dev_broker.choice import DevBroker
from shared.dev_broker.jars import KAFKA_VERSION
from shared.dev_broker.local_kafka import LocalKafka
from shared.kafka_client import KafkaSettings
from shared.machine import machine_facts
from tests.support.breakable import SHORT_SESSION, Breakable, Finish, breakable_broker, require_local_kafka
from tests.support.experiment import Experiment, Setting
from tests.support.fault_table import FaultTable, outcomes
from tests.support.invariants import Verdict

REPORT = "CHAOS_REPORT"
TABLE = pytest.StashKey[FaultTable]()
MACHINE = pytest.StashKey[dict[str, Any]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TABLE] = FaultTable()
    config.stash[MACHINE] = machine_facts(("confluent-kafka", "kafka-python"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    table = config.stash[TABLE]
    if not len(table):
        return
    terminalreporter.section("faults and what held")
    for line in table.lines():
        terminalreporter.write_line(line)
    if REPORT in os.environ:
        facts = {"machine": config.stash[MACHINE], "kafka": KAFKA_VERSION, "tests": outcomes(terminalreporter.stats)}
        write_result(Path(os.environ[REPORT]), facts | table.document())


@pytest.fixture
def finish(request: pytest.FixtureRequest) -> Finish:
    """Ends an experiment: its verdict stands in the table, and the test fails where an invariant is broken."""

    def judge(experiment: Experiment) -> Verdict:
        verdict = experiment.finish()
        request.config.stash[TABLE].add(verdict)
        assert verdict.broken == {}, experiment.last_words()
        return verdict

    return judge


@pytest.fixture
def calm(kafka_broker: DevBroker, small_model: Path) -> Setting:
    """The broker that tests share: for faults that leave it alone."""
    return Setting(KafkaSettings(bootstrap_servers=kafka_broker.bootstrap_servers), small_model)


@pytest.fixture(scope="session")
def session_broker() -> Iterator[Breakable]:
    with breakable_broker() as running:
        yield running


@pytest.fixture
def breakable(session_broker: Breakable) -> Iterator[Breakable]:
    """The session's own broker, whole again after each test."""
    yield session_broker
    session_broker.mend()


@pytest.fixture
def direct(breakable: Breakable, small_model: Path) -> Setting:
    """The breakable broker, reached directly."""
    return Setting(breakable.kafka, small_model)


@pytest.fixture
def proxied(breakable: Breakable, small_model: Path) -> Setting:
    """The breakable broker, reached by consumers through its proxy, and directly by everybody else."""
    return Setting(breakable.kafka, small_model, consumers_reach=breakable.proxy.address)


@pytest.fixture(scope="module")
def three_brokers() -> Iterator[LocalKafka]:
    require_local_kafka()
    with LocalKafka(brokers=3, extra_settings=SHORT_SESSION) as cluster:
        yield cluster


@pytest.fixture
def copied(three_brokers: LocalKafka, small_model: Path) -> Iterator[Setting]:
    """Three brokers that each hold a copy of everything; all of them run again after each test."""
    yield Setting(KafkaSettings(bootstrap_servers=three_brokers.bootstrap_servers), small_model, copies=3)
    for node in (1, 2, 3):
        three_brokers.resume(node)
        if node not in three_brokers.process_ids:
            three_brokers.restart(node)
    three_brokers.wait_ready()
