"""What the consumer's errors call for."""

import pytest
from confluent_kafka import KafkaError

from consumer.kafka.group import consumer_failure
from shared.errors import ConfigurationError, FatalError

# As librdkafka 2.16 words it when a broker without the newer protocol answers.
TOO_OLD = "Fatal error: Broker: API version not supported: ConsumerGroupHeartbeat fatal error"


@pytest.mark.parametrize(
    "error",
    [
        KafkaError(KafkaError.UNSUPPORTED_VERSION),
        KafkaError(KafkaError._UNSUPPORTED_FEATURE),
        KafkaError(KafkaError._FATAL, TOO_OLD),
    ],
)
def test_a_broker_too_old_for_the_protocol_is_told_with_the_way_out(error: KafkaError) -> None:
    failure = consumer_failure(error, "consumer", "reviews")
    assert isinstance(failure, ConfigurationError)
    assert "--group-protocol classic" in failure.hint


def test_an_error_that_ended_the_client_ends_the_process_whatever_its_flag_says() -> None:
    ended = KafkaError(KafkaError._FATAL, "Fatal error: Broker: Static consumer fenced")
    assert isinstance(consumer_failure(ended, "consumer", "reviews"), FatalError)
    assert isinstance(consumer_failure(KafkaError(KafkaError._STATE, fatal=True), "consumer", "reviews"), FatalError)


def test_what_librdkafka_mends_by_itself_is_no_failure() -> None:
    assert consumer_failure(KafkaError(KafkaError._TRANSPORT), "consumer", "reviews") is None
