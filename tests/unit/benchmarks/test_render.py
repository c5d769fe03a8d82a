import pytest

from benchmarks.pages import with_blocks
from benchmarks.render import NOT_MEASURED, PAGE, TABLES, blocks
from tests.support import made_up_results

RESULTS = {
    "throughput": made_up_results.throughput(),
    "latency": made_up_results.latency(),
    "growth": made_up_results.growth(),
    "profile": made_up_results.profile(),
    "metrics": made_up_results.metrics(),
}


def test_every_result_has_its_place_on_the_page() -> None:
    page = PAGE.read_text("utf-8")

    assert with_blocks(page, blocks(RESULTS)) != page


def test_figures_stand_on_the_page() -> None:
    content = blocks(RESULTS)

    assert "| run, at-least-once | 90,000 | 90,000 to 90,000 | 0.90 | 10.0 | 200 |" in content["throughput"]
    assert "| 1,000/s | 2.0 (2.0) | 2.0 (2.0) | 2.0 (2.0) | 2.0 (2.0) | 1.00 | 1.00 | 30 |" in content["latency"]
    assert "| 10,000 | 50,000 | 12.0 | 250 |" in content["growth"]
    assert "| 4,096 | 0.150 | 614 |" in content["metrics"]
    assert "| metrics, scraped | 50,000 | 50,000 to 50,000 | 0.50 (0.50 to 0.50) | 5.00 |" in content["metrics"]
    assert "| IMDB, exactly-once | 12.0 | 0.0 | 5.0 |" in content["profile"]
    assert "**no**" not in content["targets"]


def test_a_missed_target_is_in_bold() -> None:
    assert "**no**" in blocks({"throughput": made_up_results.throughput(ours=1000)})["targets"]


def test_metrics_that_cost_too_much_miss_their_target() -> None:
    assert "**no**" in blocks({"metrics": made_up_results.metrics(observer_us=0.21)})["targets"]


def test_what_is_not_measured_says_so() -> None:
    assert set(blocks(dict.fromkeys(TABLES)).values()) == {NOT_MEASURED}


def test_only_what_stands_between_the_markers_is_written() -> None:
    page = "Before.\n\n<!-- figures: a -->\nold\n<!-- end of figures -->\n\nAfter.\n"

    written = with_blocks(page, {"a": "new"})

    assert written == "Before.\n\n<!-- figures: a -->\n\nnew\n\n<!-- end of figures -->\n\nAfter.\n"
    assert with_blocks(written, {"a": "new"}) == written


def test_a_page_without_a_place_for_a_figure_is_refused() -> None:
    with pytest.raises(ValueError, match="no place for a"):
        with_blocks("Nothing here.", {"a": "new"})
