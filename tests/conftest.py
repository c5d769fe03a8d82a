"""What tests share: a real broker, topics of their own, and a small model."""

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from consumer.kafka.topic_admin import TopicAdmin
from shared.dev_broker.choice import DevBroker, Purpose, choose_broker
from shared.errors import ConfigurationError
from shared.kafka_client import KafkaSettings
from shared.logs import configure_logs
from shared.topics import TopicSettings
from tests.support.postgres import PostgresServer, installed_postgres
from tests.support.small_model import train_small_model

BUSY = [HealthCheck.too_slow]
settings.register_profile("quick", max_examples=50, deadline=None, suppress_health_check=BUSY)
settings.register_profile("thorough", max_examples=1000, deadline=None, suppress_health_check=BUSY)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
# As from a terminal: whoever runs tests in the background ignores these, and so would every program they start.
for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)


def pytest_report_header() -> str:
    given = os.environ.get("REVIEWS_KAFKA_BOOTSTRAP_SERVERS")
    return f"broker: the one given, {given}" if given else "broker: Docker or local Kafka, whichever runs here"


@pytest.fixture(autouse=True)
def _every_log_line_on_stderr() -> None:
    """Write logs as programs do; no line is left out because a test before has told it just now."""
    configure_logs("INFO")


@pytest.fixture(scope="session")
def kafka_broker(request: pytest.FixtureRequest) -> Iterator[DevBroker]:
    """A real broker; without one a test fails in CI and is skipped on a laptop."""
    try:
        broker = choose_broker(os.environ.get("REVIEWS_KAFKA_BOOTSTRAP_SERVERS"), Purpose.TEST)
    except ConfigurationError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{error}; {error.hint}")
    capture = request.config.pluginmanager.getplugin("capturemanager")
    reporter = request.config.pluginmanager.getplugin("terminalreporter")
    with capture.global_and_fixture_disabled():
        reporter.write_line(f"\nbroker: {broker.choice}")
    with broker:
        yield broker


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server that nobody kills."""
    with installed_postgres() as server:
        yield server


@pytest.fixture
def kafka(kafka_broker: DevBroker) -> KafkaSettings:
    """How to reach the broker."""
    return KafkaSettings(bootstrap_servers=kafka_broker.bootstrap_servers)


@pytest.fixture
def topics(kafka: KafkaSettings) -> TopicSettings:
    """Three topics that nobody else uses, made."""
    name = f"test-{uuid.uuid4().hex[:10]}"
    # Tests store records of years ago: retention, which looks every few minutes, would remove them.
    made = TopicSettings(f"{name}.reviews", f"{name}.labels", partitions=3, retention_days=100 * 365)
    TopicAdmin(kafka).create(made.specs())
    return made


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model trained on a few sentences in a second."""
    folder = tmp_path_factory.mktemp("models") / "small"
    train_small_model(folder)
    return folder
