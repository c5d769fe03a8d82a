"""A broker that speaks SASL_SSL: who has the wrong password or trusts the wrong authority is told so."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from consumer.kafka.topic_admin import TopicAdmin
from shared.dev_broker.local_kafka import LocalKafka
from shared.dev_broker.ports import HOST
from shared.dev_broker.server_properties import Listener
from shared.errors import BrokerUnavailable, ConfigurationError
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.breakable import require_local_kafka
from tests.support.certificates import OPENSSL, new_authority, server_identity
from tests.support.processes import Program, settings_in_environment
from tests.support.reviews import publish, review_values

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

PASSWORD = "right"  # noqa: S105 - of a broker that lives for this module
LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule"


@dataclass(frozen=True, slots=True)
class SecureBroker:
    """Where it is, and two authorities: the one that vouches for it, and another."""

    address: str
    trusted: Path
    stranger: Path
    topics: TopicSettings
    kafka: KafkaSettings


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    require_local_kafka()
    if shutil.which(OPENSSL) is None:
        pytest.skip("certificates are made with openssl, which is not here")
    folder = tmp_path_factory.mktemp("certificates")
    authority, stranger = new_authority(folder, "authority"), new_authority(folder, "stranger")
    listener = Listener(
        "SECURE",
        "SASL_SSL",
        {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(server_identity(folder, authority, HOST)),
            "sasl.enabled.mechanisms": "PLAIN",
            "plain.sasl.jaas.config": f'{LOGIN} required user_consumer="{PASSWORD}";',
        },
    )
    topics = TopicSettings(partitions=1)
    with LocalKafka(extra_listeners=[listener]) as broker:
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
        TopicAdmin(kafka).create(topics.specs())
        yield SecureBroker(broker.addresses(listener), authority.certificate, stranger.certificate, topics, kafka)


def run(secure: SecureBroker, model: Path, **properties: str) -> tuple[int, str]:
    """Run a consumer with these librdkafka properties until it has caught up; return exit code and what it said."""
    options = [text for name, value in properties.items() for text in ("-X", f"{name.replace('_', '.')}={value}")]
    environment = settings_in_environment(secure.kafka, secure.topics) | {
        "REVIEWS_KAFKA_BOOTSTRAP_SERVERS": secure.address,
        "REVIEWS_MODEL": str(model),
        "REVIEWS_BROKER_WAIT_S_MAX": "5",
    }
    with Program("consumer", ["run", "--until-caught-up", *options], environment) as consumer:
        return consumer.wait(), "\n".join(consumer.said)


def signed_in(secure: SecureBroker) -> dict[str, str]:
    return {
        "security_protocol": "SASL_SSL",
        "ssl_ca_location": str(secure.trusted),
        "sasl_mechanism": "PLAIN",
        "sasl_username": "consumer",
        "sasl_password": PASSWORD,
    }


def test_the_right_password_and_authority_let_it_label(secure: SecureBroker, small_model: Path) -> None:
    publish(secure.kafka, secure.topics.input_topic, review_values(100))
    code, said = run(secure, small_model, **signed_in(secure))
    assert code == 0, said
    assert '"consumed": 100' in said


def test_a_wrong_password_is_said(secure: SecureBroker, small_model: Path) -> None:
    code, said = run(secure, small_model, **signed_in(secure) | {"sasl_password": "no-such-word"})
    assert code == ConfigurationError.exit_code, said
    assert "Authentication failed" in said
    assert "sasl.username" in said
    assert "no-such-word" not in said


def test_a_broker_that_the_authority_does_not_vouch_for_is_not_trusted(secure: SecureBroker, small_model: Path) -> None:
    code, said = run(secure, small_model, **signed_in(secure) | {"ssl_ca_location": str(secure.stranger)})
    assert code == ConfigurationError.exit_code, said
    assert "certificate verify failed" in said
    assert "ssl.ca.location" in said


def test_plain_text_to_a_broker_that_speaks_tls_is_given_up(secure: SecureBroker, small_model: Path) -> None:
    code, said = run(secure, small_model)
    assert code == BrokerUnavailable.exit_code
    assert "security.protocol" in said, said
