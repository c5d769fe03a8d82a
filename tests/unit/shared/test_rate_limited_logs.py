"""Which warnings are told again, and when."""

from typing import Any

import structlog

from shared.rate_limited_logs import AGAIN_AFTER_S, KINDS_MAX, RateLimit
from tests.support.fake_clock import FakeClock


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self._limit = RateLimit(self.clock.monotonic)

    def says(self, event: str, level: str = "warning", **fields: Any) -> dict[str, Any] | None:
        """Return the event as it is written, None where it is not."""
        try:
            return dict(self._limit(None, level, {"event": event, "level": level, **fields}))
        except structlog.DropEvent:
            return None


def test_the_first_warning_passes_and_the_next_of_its_kind_only_after_a_while_with_how_many_were_left_out() -> None:
    bench = Bench()
    assert bench.says("commit_failed") == {"event": "commit_failed", "level": "warning"}
    assert [bench.says("commit_failed") for _ in range(3)] == [None] * 3
    bench.clock.advance(AGAIN_AFTER_S - 0.1)
    assert bench.says("commit_failed") is None
    bench.clock.advance(0.2)
    assert (bench.says("commit_failed") or {})["suppressed"] == 4
    bench.clock.advance(AGAIN_AFTER_S)
    assert "suppressed" not in (bench.says("commit_failed") or {"suppressed": 0})


def test_another_event_component_error_or_reason_is_another_kind() -> None:
    bench = Bench()
    fields: list[dict[str, Any]] = [{}, {"component": "a"}, {"component": "b"}, {"error": "x"}, {"error": "y"}]
    fields += [{"reason": "schema"}, {"reason": "not_json"}]
    assert all(bench.says("commit_failed", **given) for given in fields)
    assert bench.says("rewinding")
    assert not any(bench.says("commit_failed", **given) for given in fields)


def test_what_differs_between_repeats_makes_no_new_kind() -> None:
    bench = Bench()
    assert bench.says("dead_lettered", reason="schema", offset=1)
    assert bench.says("dead_lettered", reason="schema", offset=2) is None


def test_lines_of_the_kafka_client_are_limited_at_any_level_by_the_word_that_begins_them() -> None:
    bench = Bench()
    assert bench.says("client_log", "info", line="FAIL [thrd:a]: one")
    assert bench.says("client_log", "info", line="FAIL [thrd:b]: two") is None
    assert bench.says("client_log", "info", line="GETSUBSCRIPTIONS [thrd:b]: two")


def test_other_levels_are_never_left_out() -> None:
    bench = Bench()
    for level in ("debug", "info", "error", "critical"):
        assert all(bench.says("batch_done", level) for _ in range(5))


def test_memory_stays_bounded_whatever_kinds_come() -> None:
    bench = Bench()
    for number in range(KINDS_MAX + 10):
        assert bench.says(f"event {number}")
    assert len(bench._limit._kinds) <= KINDS_MAX
