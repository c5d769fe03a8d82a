import pytest

from benchmarks.stream_ways import EXACTLY_ONCE
from benchmarks.targets import Target, growth_targets, latency_targets, throughput_targets
from tests.support import made_up_results


def unmet(targets: list[Target]) -> list[str]:
    return [target.what for target in targets if not target.met]


def test_good_results_meet_every_target() -> None:
    found = [
        *throughput_targets(made_up_results.throughput()),
        *latency_targets(made_up_results.latency()),
        *growth_targets(made_up_results.growth()),
    ]

    assert len(found) > 10
    assert unmet(found) == []


def test_throughput_below_its_share_of_the_pass_through_is_told() -> None:
    found = unmet([*throughput_targets(made_up_results.throughput(ours=80_000))])

    assert found == ["one-liners: at-least-once over the better pass-through"]


def test_ours_is_compared_with_the_slower_of_its_parts() -> None:
    found = {target.what: target.found for target in throughput_targets(made_up_results.throughput(ours=47_500))}

    assert found["IMDB: at-least-once over the slower of its two parts"] == "0.5"


def test_a_way_that_was_not_measured_is_not_judged() -> None:
    results = made_up_results.throughput()
    for measured in results["kinds"].values():
        del measured["ways"][EXACTLY_ONCE]

    assert not [target for target in throughput_targets(results) if "exactly-once" in target.what]


def test_a_longer_median_than_the_echo_has_is_told() -> None:
    found = unmet([*latency_targets(made_up_results.latency(median_ms=2.4))])

    assert found == [f"{delivery}, 1,000/s: p50 over the echo's" for delivery in ("at-least-once", "exactly-once")]


@pytest.mark.parametrize(("waiting", "met"), [(400, True), (600, False)])
def test_a_queue_that_becomes_longer_is_told(waiting: int, met: bool) -> None:  # noqa: FBT001 - the expected answer
    found = latency_targets(made_up_results.latency(waiting_at_end=waiting))

    assert [target.met for target in found if "waiting" in target.what] == [met, met]


def test_memory_is_judged_by_the_largest_backlog() -> None:
    (memory, _) = growth_targets(made_up_results.growth(rss_mb_max=301.0))

    assert (memory.what, memory.met) == ("MB of memory at most, 10,000 reviews waiting", False)
