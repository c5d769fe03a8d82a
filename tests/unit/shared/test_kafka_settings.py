"""How clients are set up, and what nobody may change from outside."""

import pytest
from confluent_kafka import Producer

from shared.errors import BrokerUnavailable, ConfigurationError
from shared.kafka_client import RESERVED, KafkaSettings, create_client, wait_for_broker

NOBODY = "127.0.0.1:1"


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_property_the_guarantee_depends_on_is_refused_by_name(name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        KafkaSettings(kafka_property=("client.rack=a", f"{name}=true"))


@pytest.mark.parametrize("text", ["", "client.rack", "=a"])
def test_a_property_that_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is not NAME=VALUE"):
        KafkaSettings(kafka_property=(text,))


def test_a_property_reaches_every_client_and_its_value_may_hold_an_equals_sign() -> None:
    settings = KafkaSettings(kafka_property=("sasl.password=a=b", "client.id=mine", "linger.ms=7"))
    assert settings.client_config()["sasl.password"] == "a=b"
    assert settings.client_config()["client.id"] == "mine"
    assert settings.producer_config()["linger.ms"] == "7"


def test_the_producer_neither_repeats_nor_reorders_and_waits_for_every_copy() -> None:
    config = KafkaSettings().producer_config()
    assert config["enable.idempotence"] is True
    assert config["acks"] == "all"
    assert config["partitioner"] == "murmur2_random"


def test_a_property_librdkafka_does_not_know_is_a_configuration_error_that_names_it() -> None:
    settings = KafkaSettings(NOBODY, kafka_property=("no.such.property=1",))
    with pytest.raises(ConfigurationError, match=r"no\.such\.property"):
        create_client(Producer, settings.producer_config())


def test_no_broker_within_the_time_allowed_is_told_with_its_address() -> None:
    with pytest.raises(BrokerUnavailable, match=NOBODY) as caught:
        wait_for_broker(KafkaSettings(NOBODY, broker_wait_s_max=0.1))
    assert "REVIEWS_KAFKA_BOOTSTRAP_SERVERS" in caught.value.hint
