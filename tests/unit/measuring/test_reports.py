"""How a comparison is shown."""

import io
import re
from functools import cache
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from consumer.measuring.advice import Plan, advise
from consumer.measuring.answers import Parity
from consumer.measuring.results import Comparison
from consumer.measuring.sample import Evidence
from consumer.reports.comparison_files import FIGURES, MARKDOWN, PAGE, ComparisonFolder, Existing
from consumer.reports.comparison_page import as_page
from consumer.reports.comparison_plots import PLOTS
from consumer.reports.comparison_texts import as_markdown, print_comparison
from shared.errors import ConfigurationError
from tests.support.made_up_comparison import comparison, subject

replace = msgspec.structs.replace


def shown(found: Comparison, width: int = 110) -> str:
    console = Console(record=True, width=width, file=io.StringIO())
    print_comparison(found, console)
    return console.export_text()


def planned() -> Comparison:
    found = comparison()
    return replace(found, advice=advise(Plan(10_000, within_s=300.0), found.costs))


@cache
def planned_page() -> str:
    return as_page(planned())


@pytest.mark.parametrize(
    "words",
    [
        "ab" * 32,
        "90.00%",
        "88.10 %, 0.0015 s a review",
        "in a batch of 30 s",
        "10 µs",
        "9-12 µs",
        "labels that differ between modes",
        "10,000 reviews at once, answered within 5 min",
        "Advice: real time, in process.",
        "real time, in process answers sooner, from then on a batch job",
        "✔ good enough",
        "digests in the manifests prove it",
    ],
)
def test_every_way_of_showing_it_says(words: str) -> None:
    found = planned()
    without_breaks = re.sub(r"\s+", " ", shown(found))
    assert words in without_breaks
    if "good enough" not in words:
        assert words in as_markdown(found)
    assert words in planned_page()


def test_a_narrow_terminal_shows_medians_without_tearing_them() -> None:
    lines = shown(planned(), width=80).splitlines()
    (row,) = [line for line in lines if line.startswith(" batch, 10 a call") and "µs" in line and "%" not in line][:1]
    assert "12 µs" in row
    assert not any("9-12 µs" in line for line in lines)


def test_a_missed_threshold_is_said_aloud() -> None:
    bad = comparison(subject(parity=Parity(200, 3, 0.0)))
    assert "✘ not good enough" in shown(bad)
    assert '<td class="no">NO</td>' in as_page(bad)


def test_a_model_of_unknown_learning_is_warned_of() -> None:
    found = comparison()
    doubtful = replace(found, sample=replace(found.sample, evidence={"models/x": Evidence.UNKNOWN}))
    assert "WARNING: what models/x has learnt from is not at hand" in re.sub(r"\s+", " ", shown(doubtful))
    assert 'class="warning"' in as_page(doubtful)
    assert "digests in the manifests prove it" not in as_markdown(doubtful)


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = planned_page()
    assert re.findall(r'(?:src|href|srcset)="(?!data:)[^"]*"', page) == []
    assert "<script" not in page
    assert "http" not in re.sub(r"data:[^\"]*", "", page)


def test_each_plot_is_there_in_light_and_dark_with_words_for_who_cannot_see_it() -> None:
    page = planned_page()
    assert page.count("data:image/svg+xml;base64,") == 2 * len(PLOTS)
    assert all(f'alt="{plot.caption}"' in page.replace("&#x27;", "'") for plot in PLOTS)


def test_the_same_comparison_gives_the_same_page() -> None:
    assert as_page(planned()) == planned_page()


def test_what_a_name_holds_is_text_on_the_page() -> None:
    assert "<b>" not in as_page(comparison(subject("<b>bold")))


def test_figures_survive_as_json(tmp_path: Path) -> None:
    found = planned()
    ComparisonFolder(tmp_path / "out").write(found)
    assert msgspec.json.decode((tmp_path / "out" / FIGURES).read_bytes(), type=Comparison) == found
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted([PAGE, FIGURES, MARKDOWN])
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_that_is_there_is_refused_or_replaced_where_a_comparison_wrote_it(tmp_path: Path) -> None:
    folder = ComparisonFolder(tmp_path / "out")
    folder.check(Existing.REFUSE)
    folder.write(planned())
    with pytest.raises(ConfigurationError, match="is there already"):
        folder.check(Existing.REFUSE)
    folder.check(Existing.REPLACE)
    (tmp_path / "out" / "thesis.odt").touch()
    with pytest.raises(ConfigurationError, match=r"there is thesis\.odt"):
        folder.check(Existing.REPLACE)


def test_a_place_that_is_no_folder_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="is not what a comparison wrote"):
        ComparisonFolder(tmp_path / "file").check(Existing.REPLACE)
    with pytest.raises(ConfigurationError, match="can't be written"):
        ComparisonFolder(tmp_path / "file" / "out").check(Existing.REFUSE)
