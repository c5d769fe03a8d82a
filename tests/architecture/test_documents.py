"""The documents say what is so."""

import re
from pathlib import Path

from consumer.telemetry.catalogue import as_markdown, declared_metrics

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def test_every_metric_is_documented() -> None:
    assert (ROOT / "docs/metrics.md").read_text("utf-8") == as_markdown(), "run `make docs`"


def test_every_metric_says_what_it_means() -> None:
    assert all(metric.documentation.endswith(".") for metric in declared_metrics())


def test_links_between_pages_lead_somewhere() -> None:
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert dead == []


def test_the_file_map_names_what_is_there() -> None:
    rows = re.findall(
        r"^\| ((?:`[\w/]+/`(?:, )?)+) \|", (ROOT / "docs/architecture.md").read_text("utf-8"), re.MULTILINE
    )
    places = [place for row in rows for place in re.findall(r"`([\w/]+)/`", row)]
    assert len(places) > 5
    assert [place for place in places if not (ROOT / place).is_dir()] == []


def test_every_package_of_the_programs_is_on_the_file_map() -> None:
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    packages = [
        path.parent.relative_to(ROOT) for top in ("consumer", "producer") for path in ROOT.glob(f"{top}/*/__init__.py")
    ]
    assert packages
    assert [str(package) for package in packages if f"`{package}/`" not in text] == []
