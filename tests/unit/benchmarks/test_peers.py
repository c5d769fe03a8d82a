"""The comparison with other tools: what it computes and writes, and that its environments fit the model."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.peers import environments
from benchmarks.peers.assignment import Assignment
from benchmarks.peers.bench import ContestantError
from benchmarks.peers.contestants import CONTESTANTS, ROOT, TOOLS
from benchmarks.peers.table import markdown
from benchmarks.peers.throughput import pace

MACHINE = {"processor": "a processor", "cores": 2, "python": "3.11.7", "packages": {"scikit-learn": "1.9.1"}}


def contestant(title: str, labels_per_s: float, **more: Any) -> dict[str, Any]:
    measured = {"labels_per_s": labels_per_s, "cpu_s_per_million": 12.3, "rss_max_mib": 345}
    return {
        "title": title,
        "version": "1.2",
        "delivery": "at least once",
        "failures": [],
        "throughput": {"sklearn": {"one-liners": measured}},
        **more,
    }


def result(**contestants: dict[str, Any]) -> dict[str, Any]:
    return {"machine": MACHINE, "rounds": {"one-liners": 3, "imdb": 2}, "window_s": 5.0, "contestants": contestants}


def test_the_table_says_how_many_times_faster_ours_is() -> None:
    text = markdown(result(ours=contestant("Ours", 90_000.0), slow=contestant("Slow", 600.0)))
    assert "| Slow 1.2 | 600 | 1 : 150.0 | - | 12 | 345 | - | - |" in text
    assert "| Ours 1.2 | 90,000 | 1 : 1.0 |" in text


def test_the_table_says_what_was_lost_and_repeated() -> None:
    kills: dict[str, float] = {
        "kills": 2,
        "inputs": 900,
        "labelled": 890,
        "missing": 10,
        "passed_over": 7,
        "repeated": 45,
    }
    kills["standstill_s"] = 46.2
    text = markdown(result(slow=contestant("Slow", 600.0, kills=kills)))
    assert "| Slow | at least once | 2 | 900 | 890 | 10 | 7 | 45 | 46 |" in text


def test_what_failed_is_said_and_leaves_gaps_in_the_table() -> None:
    failed = {**contestant("Broken", 1.0), "throughput": {}, "failures": ["latency: no label within 60 s"]}
    text = markdown(result(broken=failed))
    assert "| Broken 1.2 | - | - | - | - | - | - | - |" in text
    assert "- Broken: latency: no label within 60 s" in text


def test_a_probe_without_answers_has_no_latency() -> None:
    text = markdown(result(deaf=contestant("Deaf", 1.0, latency={"p50_ms": float("nan"), "p99_ms": float("nan")})))
    assert "nan" not in text


def test_the_compiled_scorer_has_a_table_of_its_own_where_it_was_measured() -> None:
    measured = contestant("Fast", 4_000.0)
    assert "compiled" not in markdown(result(fast=measured))
    measured["throughput"]["compiled"] = {"one-liners": {"labels_per_s": 27_000.0}}
    assert "| Fast | 27,000 |" in markdown(result(fast=measured))


def test_labels_of_the_first_moment_do_not_count_towards_the_pace() -> None:
    assert pace([0, 0, 0, *range(1, 1001)]) == 1000.0


def test_a_tool_that_writes_in_bursts_is_timed_from_the_end_of_the_first() -> None:
    bursts = [start + place for start in (0, 1000, 2000, 3000) for place in range(10)]
    assert pace(bursts) == 10.0


def test_a_pause_shortly_before_the_end_makes_no_burst_of_what_came_before() -> None:
    assert pace([*range(1001), *range(1201, 1301)]) == pytest.approx(1100 / 1300 * 1000)


def test_one_burst_has_no_pace() -> None:
    with pytest.raises(ContestantError, match="came at once"):
        pace([1000, 1000])


def test_an_assignment_survives_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Assignment("b:9092", "in", "out", "group", "batch", "sklearn", Path("models/default"), Path("state"))
    for name, value in told.to_environment().items():
        monkeypatch.setenv(name, value)
    assert Assignment.from_environment() == told


def test_contestants_have_different_names_and_known_tools() -> None:
    assert len({each.name for each in CONTESTANTS}) == len(CONTESTANTS)
    assert {each.tool for each in CONTESTANTS if not each.ours} == set(TOOLS)


@pytest.mark.parametrize("tool", TOOLS)
def test_environments_hold_the_versions_that_the_model_was_trained_with(tool: str) -> None:
    ours = environments.pinned(ROOT / "requirements/dev.txt")
    theirs = environments.pinned(environments.requirements(tool))
    for package in environments.MODEL_PACKAGES:
        assert versions(theirs[package]) == versions(ours[package]), "run `python -m benchmarks.peers lock`"


def versions(lines: list[str]) -> set[str]:
    return {line.partition("==")[2].partition(" ")[0] for line in lines}
