"""How large a batch may grow, by what batches took."""

import numpy as np
import pytest

from consumer.scoring.batching import (
    FIRST_FIXED_S,
    FIRST_SECONDS_PER_BYTE,
    BatchBounds,
    BatchLimits,
    BatchPolicy,
    CostModel,
    Pace,
)
from consumer.scoring.record import ClosedBy


def learnt(seconds_per_byte: float, fixed_s: float, sizes: list[int], noise: float = 0.0) -> CostModel:
    model = CostModel()
    factors = np.random.default_rng(7).uniform(1 - noise, 1 + noise, len(sizes))
    for size, factor in zip(sizes, factors.tolist(), strict=True):
        model.observe(size, (seconds_per_byte * size + fixed_s) * factor)
    return model


def sizes(count: int) -> list[int]:
    drawn: list[int] = np.random.default_rng(11).integers(200, 2_000_000, count).tolist()
    return drawn


@pytest.mark.parametrize(("seconds_per_byte", "fixed_s"), [(1.7e-8, 2e-4), (2e-8, 0.012), (4e-7, 0.0), (0.0, 0.02)])
def test_slope_and_fixed_part_are_learnt_from_batches_of_many_sizes(seconds_per_byte: float, fixed_s: float) -> None:
    model = learnt(seconds_per_byte, fixed_s, sizes(1500))
    assert model.seconds_per_byte == pytest.approx(seconds_per_byte, rel=0.02, abs=1e-10)
    assert model.fixed_s == pytest.approx(fixed_s, rel=0.05, abs=2e-4)


def test_noise_averages_out_and_the_error_says_how_much_there_is() -> None:
    model = learnt(2e-8, 0.012, sizes(3000), noise=0.3)
    assert model.predict_s(1_000_000) == pytest.approx(0.032, rel=0.1)
    assert 0.05 < model.error_ratio < 0.3
    assert learnt(2e-8, 0.012, sizes(3000)).error_ratio < 0.02


def test_a_machine_that_turns_slower_is_noticed() -> None:
    model = learnt(2e-8, 0.001, sizes(1000))
    for size in sizes(1000):
        model.observe(size, 6e-8 * size + 0.001)
    assert model.seconds_per_byte == pytest.approx(6e-8, rel=0.05)


def test_batches_of_one_size_only_are_predicted_right_and_nothing_turns_negative() -> None:
    model = learnt(2e-8, 0.004, [500_000] * 500)
    assert model.predict_s(500_000) == pytest.approx(0.014, rel=0.05)
    assert model.seconds_per_byte >= 0
    assert model.fixed_s >= 0


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_a_batch_that_took_no_time_teaches_nothing(seconds: float) -> None:
    model = CostModel()
    model.observe(1000, seconds)
    assert (model.seconds_per_byte, model.fixed_s) == (FIRST_SECONDS_PER_BYTE, FIRST_FIXED_S)


def test_empty_batches_do_not_divide_by_zero() -> None:
    model = learnt(0.0, 0.001, [0] * 3000)
    assert model.predict_s(0) == pytest.approx(0.001, rel=0.05)


def test_a_batch_is_limited_to_the_bytes_that_take_the_time_it_may_take() -> None:
    policy = BatchPolicy(BatchBounds(time_s=0.05))
    policy.cost.seconds_per_byte, policy.cost.fixed_s = 5e-8, 0.01
    limits = policy.limits()
    assert limits.size_bytes == pytest.approx(800_000, rel=0.001)
    assert limits.bytes_because is ClosedBy.TIME


def test_memory_bounds_a_batch_whose_time_does_not() -> None:
    policy = BatchPolicy(BatchBounds(size_bytes=1_000_000, time_s=0.05))
    policy.cost.seconds_per_byte = 1e-9
    assert policy.limits() == BatchLimits(4096, 1_000_000, ClosedBy.BYTES)
    policy.cost.seconds_per_byte = 0.0
    assert policy.limits().size_bytes == 1_000_000


def test_a_fixed_cost_above_the_time_allowed_still_leaves_room_for_as_much_work() -> None:
    policy = BatchPolicy(BatchBounds(time_s=0.005))
    policy.cost.seconds_per_byte, policy.cost.fixed_s = 2e-8, 0.014
    assert policy.cost.predict_s(policy.limits().size_bytes) == pytest.approx(0.028, rel=0.01)


def test_late_reviews_are_caught_up_with_in_batches_whose_fixed_cost_hardly_counts() -> None:
    policy = BatchPolicy(BatchBounds(latency_objective_s=1.0, size_bytes=2**30))
    policy.cost.seconds_per_byte, policy.cost.fixed_s = 2e-8, 0.014
    steady = policy.limits().size_bytes
    policy.note_age(1.5)
    assert policy.pace is Pace.CATCH_UP
    predicted = policy.cost.predict_s(policy.limits().size_bytes)
    assert predicted == pytest.approx(0.014 / 0.05, rel=0.01)
    assert policy.limits().size_bytes > 4 * steady
    policy.note_age(0.2)
    assert policy.limits().size_bytes == steady


def test_catching_up_is_bounded_in_time_and_an_unknown_age_is_no_reason_for_it() -> None:
    policy = BatchPolicy(BatchBounds(catch_up_time_s=0.1, size_bytes=2**30))
    policy.cost.fixed_s = 0.014
    policy.note_age(100)
    assert policy.cost.predict_s(policy.limits().size_bytes) == pytest.approx(0.1, rel=0.01)
    policy.note_age(float("nan"))
    assert policy.pace is Pace.STEADY


def test_a_single_record_is_always_allowed() -> None:
    policy = BatchPolicy(BatchBounds(time_s=0.0))
    policy.cost.fixed_s = 0.0
    assert policy.limits().size_bytes == 1


@pytest.mark.parametrize(
    ("records", "size_bytes", "because"),
    [(4, 10, ClosedBy.COUNT), (3, 100, ClosedBy.TIME), (3, 99, ClosedBy.DRAINED), (0, 0, ClosedBy.DRAINED)],
)
def test_a_batch_ends_at_the_limit_it_reaches(records: int, size_bytes: int, because: ClosedBy) -> None:
    assert BatchLimits(4, 100, ClosedBy.TIME).closes(records, size_bytes) is because
    assert because.more_is_waiting == (because is not ClosedBy.DRAINED)
