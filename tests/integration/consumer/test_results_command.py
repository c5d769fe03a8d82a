"""`review-consumer results` on labels as `batch` stores them."""

import json
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from consumer.__main__ import group
from consumer.bounded.finding.results_port import ResultFilter
from consumer.bounded.outputs import open_results
from consumer.bounded.ports import Mode
from shared.command_line import run_command_line
from tests.support.killable_file_store import CHECKPOINT, CHECKPOINTS, finish_job
from tests.support.label_rows import ODD_COLUMN, label_rows

ALL = CHECKPOINT * CHECKPOINTS


class Stage:
    """Stored labels, and a command to look at them."""

    def __init__(self, target: Path, capsys: pytest.CaptureFixture[str]) -> None:
        finish_job(str(target), Mode.FRESH)
        self.target = target
        self._capsys = capsys
        self.said = ""

    def run(self, *arguments: str) -> tuple[int, str]:
        """Return exit code and output of a `results` command."""
        command, *rest = arguments
        code = run_command_line(group, ["results", command, str(self.target), *rest])
        said = self._capsys.readouterr()
        self.said = said.err
        return code, said.out

    def objects(self, *arguments: str) -> list[dict[str, Any]]:
        """Return what `results query --json` prints."""
        code, output = self.run("query", "--json", *arguments)
        assert code == 0
        return [json.loads(line) for line in output.splitlines()]


@pytest.fixture(params=["labels", "labels.csv", "labels.duckdb", "labels.sqlite"])
def stage(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Stage:
    return Stage(tmp_path / request.param, capsys)


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [row for table in open_results(str(path)).scan(ResultFilter()) for row in table.to_pylist()]


def test_a_review_is_found_by_its_id(stage: Stage) -> None:
    code, output = stage.run("query", "--review-id", "r17")
    assert code == 0
    assert [line.split()[0] for line in output.splitlines()] == ["review", "r17"]
    assert "positive" in output


def test_conditions_narrow_what_is_shown(stage: Stage) -> None:
    found = stage.objects("--label", "positive", "--product", "p1", "--product", "p2", "--limit", "300")
    wanted = [n for n in range(ALL) if n % 3 == 2 and n % 5 in {1, 2} and n % 4]
    assert [one["review_id"] for one in found] == [f"r{n}" for n in wanted]


def test_times_without_a_zone_are_utc(stage: Stage) -> None:
    span = ("--since", "2026-01-01T00:05", "--until", "2026-01-01T01:07+01:00")
    assert [one["review_id"] for one in stage.objects(*span)] == ["r5", "r6"]
    created = ("--time", "created_at", "--since", "2025-03-04", "--limit", "1")
    assert stage.objects(*created)[0]["created_at"] == "2025-03-04T00:00:00.000003Z"


def test_an_object_has_all_columns_or_those_that_are_named(stage: Stage) -> None:
    assert list(stage.objects("--limit", "1")[0]) == label_rows(0, 0).schema.names
    assert stage.objects("--limit", "1", "--column", "score", "--column", ODD_COLUMN) == [
        {"score": 0.5, ODD_COLUMN: None}
    ]


def test_twenty_are_shown_and_it_is_said_that_there_may_be_more(stage: Stage) -> None:
    code, output = stage.run("query")
    assert (code, len(output.splitlines())) == (0, 21)
    assert "--limit" in stage.said


def test_what_matches_nothing_is_said(stage: Stage) -> None:
    assert stage.run("query", "--review-id", "none") == (0, "")
    assert "no label" in stage.said


@pytest.mark.parametrize("name", ["some.csv", "some.jsonl", "some.parquet"])
def test_an_export_holds_what_was_asked_for(stage: Stage, tmp_path: Path, name: str) -> None:
    code, output = stage.run("export", "--label", "neutral", "--to", str(tmp_path / name))
    assert (code, output) == (0, "")
    assert "100 labels written" in stage.said
    assert rows_of(tmp_path / name) == [row for row in label_rows(0, ALL).to_pylist() if row["label"] == "neutral"]


def test_an_export_of_nothing_is_an_empty_file_with_columns(stage: Stage, tmp_path: Path) -> None:
    assert stage.run("export", "--review-id", "none", "--to", str(tmp_path / "some.parquet"))[0] == 0
    assert parquet.read_schema(tmp_path / "some.parquet").names == label_rows(0, 0).schema.names


def test_an_export_leaves_what_is_there_alone(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "some.csv").write_text("kept")
    assert stage.run("export", "--to", str(tmp_path / "some.csv"))[0] == 78
    assert "is there already" in stage.said
    assert (tmp_path / "some.csv").read_text() == "kept"


def test_an_export_of_an_unknown_format_is_refused(stage: Stage, tmp_path: Path) -> None:
    assert stage.run("export", "--to", str(tmp_path / "some.xlsx"))[0] == 78
    assert ".parquet, .csv, .jsonl" in stage.said


def test_a_place_without_labels_is_an_input_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("labels", "labels.csv", "labels.duckdb", "labels.sqlite"):
        assert run_command_line(group, ["results", "query", str(tmp_path / name)]) == 65
        assert "is not there" in capsys.readouterr().err


def test_what_a_terminal_would_obey_is_escaped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "labels.csv"
    path.write_text('"review_id","label"\n"\x1b[31mred","positive"\n')
    assert run_command_line(group, ["results", "query", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "\x1b[31mred" not in shown
    assert "\\x1b[31mred" in shown


def test_groups_say_how_many_labels_of_each_kind_there_are(stage: Stage) -> None:
    code, output = stage.run("groups", "--by", "product_id", "--label", "positive", "--json")
    assert code == 0
    found = [json.loads(line) for line in output.splitlines()]
    labels = [one["product_id"] for one in stage.objects("--label", "positive", "--limit", "100000")]
    assert {one["product_id"]: one["count"] for one in found} == {name: labels.count(name) for name in set(labels)}
    assert all(one["share_positive"] == 1 for one in found)


def test_groups_are_written_to_a_file(stage: Stage, tmp_path: Path) -> None:
    assert stage.run("groups", "--by", "label", "--to", str(tmp_path / "groups.csv"))[0] == 0
    lines = (tmp_path / "groups.csv").read_text().splitlines()
    assert lines[0].startswith('"label","count"')


@pytest.mark.parametrize("column", ["nonsense", "score", "score_positive"])
def test_a_column_that_labels_cannot_be_grouped_by_is_refused(stage: Stage, column: str) -> None:
    assert stage.run("groups", "--by", column)[0] == 65
    assert column in stage.said
