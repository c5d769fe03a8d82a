"""The page of a comparison in a real browser."""

from pathlib import Path

import msgspec
import pytest

from consumer.measuring.advice import Plan, advise
from consumer.reports.comparison_page import as_page
from tests.support.browser import look_at
from tests.support.made_up_comparison import comparison

SECTIONS = ["verdict", "plots", "models", "modes", "advice", "reading", "facts"]
GROUNDS = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 28)"}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = comparison()
    file = tmp_path_factory.mktemp("page") / "index.html"
    advice = advise(Plan(1_000_000, every_s=86_400.0), found.costs)
    file.write_text(as_page(msgspec.structs.replace(found, advice=advice)), "utf-8")
    return file


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_is_there_nothing_overflows_and_nobody_is_asked(
    page: Path, tmp_path: Path, width: int, scheme: str
) -> None:
    look = look_at(page, width, scheme, tmp_path)
    assert look.page["sections"] == SECTIONS
    assert look.page["needed_px"] <= look.page["visible_px"] <= width
    assert len(look.page["images_px"]) == 5
    assert min(look.page["images_px"]) > 100
    assert look.page["ground"] == GROUNDS[scheme]
    assert look.console == []
    assert look.page["fetched"] == []


def test_each_scheme_has_its_own_pictures(page: Path, tmp_path: Path) -> None:
    light, dark = (tmp_path / name for name in GROUNDS)
    light.mkdir()
    dark.mkdir()
    in_light = look_at(page, 390, "light", light).page["sources"]
    in_dark = look_at(page, 390, "dark", dark).page["sources"]
    assert not set(in_light) & set(in_dark)


def test_what_is_wrong_with_a_page_is_seen(tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text(
        '<!doctype html><body><div style="width:900px">wide</div><script>console.error("oh")</script>'
        '<img src="http://127.0.0.1:1/elsewhere.png">'
    )
    look = look_at(bad, 390, "light", tmp_path)
    assert look.page["needed_px"] > look.page["visible_px"]
    assert look.console
    assert look.page["fetched"] == ["http://127.0.0.1:1/elsewhere.png"]
