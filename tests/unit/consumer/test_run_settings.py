"""Settings of `run` that only together make sense or none."""

import socket

import pytest

from consumer.commands.run_settings import RunSettings
from consumer.scoring.dead_letter_limit import DeadLetterBounds
from shared.errors import ConfigurationError
from shared.kafka_client import KafkaSettings


def test_room_for_less_than_one_batch_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match=r"--inflight-records-max \(10\) is less than one batch"):
        RunSettings(inflight_records_max=10, batch_records_max=11)


def test_a_batch_that_could_outlive_its_transaction_is_refused_with_exactly_once_only() -> None:
    RunSettings(batch_time_max=5, transaction_timeout=10)
    with pytest.raises(ConfigurationError, match="--batch-time-max") as caught:
        RunSettings(batch_time_max=5, transaction_timeout=10, delivery="exactly-once")
    assert "--transaction-timeout" in str(caught.value)


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_a_share_that_is_none_is_refused_by_name(share: float) -> None:
    with pytest.raises(ConfigurationError, match="--shadow-share"):
        RunSettings(shadow_share=share)


def test_the_transactional_id_is_the_groups_and_the_instances_and_stays_after_a_restart() -> None:
    assert RunSettings(group="shop", instance="a").transactional_id == "shop-a"
    assert RunSettings(group="shop").transactional_id == f"shop-{socket.gethostname()}"


def test_the_settings_reach_the_policies_they_are_for() -> None:
    settings = RunSettings(
        batch_records_max=7, batch_bytes_max=8, batch_time_max=9, latency_objective=10, dead_letters_in_a_row_max=11,
        dead_letter_ratio_max=0.12, review_bytes_max=13, shutdown_timeout=14,
    )  # fmt: skip
    bounds = settings.batch_bounds()
    assert (bounds.records, bounds.size_bytes, bounds.time_s, bounds.latency_objective_s) == (7, 8, 9, 10)
    limits = settings.loop_limits()
    assert limits.dead_letters == DeadLetterBounds(consecutive=11, ratio=0.12)
    assert (limits.value_bytes_max, limits.drain_s_max) == (13, 14)


@pytest.mark.parametrize("name", ["transactional.id", "transaction.timeout.ms", "enable.idempotence"])
def test_properties_that_would_break_a_guarantee_are_refused_with_the_setting_to_use(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"-X {name} can't be set"):
        KafkaSettings(kafka_property=(f"{name}=x",))


def test_no_message_outlives_its_transaction() -> None:
    config = KafkaSettings().transactional_config("shop-a", 12.5)
    assert config["transactional.id"] == "shop-a"
    assert config["transaction.timeout.ms"] == 12_500
    # What can't be delivered fails while its transaction can still be aborted.
    assert config["message.timeout.ms"] == 10_000
