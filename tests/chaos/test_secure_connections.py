"""A broker that speaks SASL_SSL: whoever does not get through to it is told why, and what to look at."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from consumer.kafka.topic_admin import TopicAdmin
from shared.errors import BrokerUnavailable, ConfigurationError
from shared.topics import TopicSettings
from tests.support.breakable import Finish
from tests.support.experiment import Experiment, Setting
from tests.support.invariants import Case
from tests.support.processes import Program, settings_in_environment
from tests.support.reviews import publish, review_values
from tests.support.secure_broker import SecureBroker, secure_broker
from tests.support.ways import DELIVERIES

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

TOPICS = TopicSettings(partitions=1)
REVIEWS = 1000
GIVE_UP_S = 60.0
# What OpenSSL says of each; of the authority it would be `unable to get local issuer certificate`.
COMPLAINTS = {
    "certificate expired": "certificate has expired",
    "certificate of another host": "IP address mismatch, certificate is not valid for '127.0.0.1'",
}


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    with secure_broker(tmp_path_factory.mktemp("certificates")) as broker:
        TopicAdmin(broker.kafka).create(TOPICS.specs())
        yield broker


def run(secure: SecureBroker, model: Path, properties: Mapping[str, str]) -> tuple[int, str]:
    """Run a consumer with these librdkafka properties until it has caught up; return exit code and what it said."""
    options = [text for name, value in properties.items() for text in ("-X", f"{name}={value}")]
    environment = settings_in_environment(secure.kafka, TOPICS) | {
        "REVIEWS_KAFKA_BOOTSTRAP_SERVERS": secure.address,
        "REVIEWS_MODEL": str(model),
        "REVIEWS_BROKER_WAIT_S_MAX": "5",
    }
    with Program("consumer", ["run", "--until-caught-up", *options], environment) as consumer:
        return consumer.wait(), "\n".join(consumer.said)


def test_the_right_password_and_authority_let_it_label(secure: SecureBroker, small_model: Path) -> None:
    publish(secure.kafka, TOPICS.input_topic, review_values(100))
    code, said = run(secure, small_model, secure.signed_in)
    assert code == 0, said
    assert '"consumed": 100' in said


def test_a_wrong_password_is_said(secure: SecureBroker, small_model: Path) -> None:
    code, said = run(secure, small_model, secure.signed_in | {"sasl.password": "no-such-word"})
    assert code == ConfigurationError.exit_code, said
    assert "Authentication failed" in said
    assert "sasl.username" in said
    assert "no-such-word" not in said


def test_a_broker_that_the_authority_does_not_vouch_for_is_not_trusted(secure: SecureBroker, small_model: Path) -> None:
    code, said = run(secure, small_model, secure.signed_in | {"ssl.ca.location": str(secure.stranger)})
    assert code == ConfigurationError.exit_code, said
    assert "certificate verify failed" in said
    assert "unable to get local issuer certificate" in said
    assert "ssl.ca.location" in said


def test_plain_text_to_a_broker_that_speaks_tls_is_given_up(secure: SecureBroker, small_model: Path) -> None:
    code, said = run(secure, small_model, {})
    assert code == BrokerUnavailable.exit_code
    assert "security.protocol" in said, said


@pytest.mark.parametrize("fault", COMPLAINTS)
@pytest.mark.parametrize("delivery", DELIVERIES)
def test_a_certificate_that_is_not_right_stops_the_consumer_until_it_is_renewed(
    secure: SecureBroker, small_model: Path, finish: Finish, delivery: str, fault: str
) -> None:
    environment = {
        "REVIEWS_KAFKA_PROPERTY": " ".join(f"{name}={value}" for name, value in secure.signed_in.items()),
        "REVIEWS_BROKER_WAIT_S_MAX": f"{GIVE_UP_S:g}",
    }
    setting = Setting(secure.kafka, small_model, consumers_reach=secure.address, environment=environment)
    with Experiment(Case(fault, delivery, "consumer"), setting) as experiment:
        publish(experiment.kafka, experiment.topics.input_topic, review_values(REVIEWS))
        with secure.showing(secure.wrong[fault]):
            started = time.monotonic()
            refused = experiment.start_consumer()
            experiment.expect_exit(refused, ConfigurationError.exit_code)
            assert time.monotonic() - started < GIVE_UP_S, "what waiting does not mend is not waited for"
            experiment.expect_said(refused, COMPLAINTS[fault], r"how to fix: -X ssl\.ca\.location")
            assert experiment.labelled.now() == 0
        experiment.fault_ended()
        experiment.start_consumer()
        finish(experiment)
