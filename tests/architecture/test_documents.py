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


def test_every_test_that_delivery_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs/delivery.md").read_text("utf-8")))
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert named
    assert named - defined == set()


def test_every_rule_of_delivery_names_a_test() -> None:
    text = (ROOT / "docs/delivery.md").read_text("utf-8")
    rules = re.findall(r"^\d\. (.+(?:\n   .+)*)", text, re.MULTILINE)
    assert len(rules) == 9
    assert [rule for rule in rules if "`test_" not in rule] == []


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs/adr"
    index = (folder / "README.md").read_text("utf-8")
    assert [path.name for path in folder.glob("0*.md") if f"({path.name})" not in index] == []
