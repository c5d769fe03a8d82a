"""The command line of replay where it needs no broker: rehearsals, usage, and what it writes."""

import json
from pathlib import Path

import pytest

from producer.__main__ import group
from producer.commands.replay_display import BAD_ROWS_SHOWN_MAX, LINE_EVERY_S, BadRowLines, LineDisplay, progress_line
from producer.commands.replay_summary import replay_summary, summary_text
from producer.ingest.deliveries import Deliveries, Failure
from producer.traffic.replay_report import Ending, ReplayProgress, ReplayReport
from producer.traffic.samples import SampleReviews
from shared.command_line import run_command_line
from shared.datasets import Split
from shared.review_rows import BadRow, Place, ReviewRow


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.csv"
    path.write_text(
        "id,body,created_at\n1,soft and warm,2025-01-01\n2,,2025-02-01\n3,fell apart,2025-03-01\n", encoding="utf-8"
    )
    return path


def dry_run(*arguments: str) -> int:
    return run_command_line(group, ["replay", "--dry-run", "--json", *arguments])


def test_a_dry_run_names_the_first_bad_row_and_leaves_with_65(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dry_run(str(shop), "--column", "text=body") == 65
    output = capsys.readouterr()
    assert f"{shop}:3: there is no text in 'body'" in output.err
    assert json.loads(output.out)["would_send"] == 1


def test_a_dry_run_that_skips_bad_rows_counts_them(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dry_run(str(shop), "--column", "text=body", "--skip-bad-rows") == 0
    output = capsys.readouterr()
    summary = json.loads(output.out)
    assert (summary["would_send"], summary["bad_rows"], summary["ending"]) == (2, 1, "end_of_input")
    assert output.err.count("bad row: ") == 1


def test_a_dry_run_takes_no_time_whatever_the_rate(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dry_run(str(shop), "--column", "text=body", "--skip-bad-rows", "--rate", "0.001", "--loop") == 0
    assert json.loads(capsys.readouterr().out)["would_send"] == 2


def test_from_and_until_cut_a_window_out(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    window = ["--from", "2025-03-01", "--until", "2025-03-01T00:00:01+00:00"]
    assert dry_run(str(shop), "--column", "text=body", "--skip-bad-rows", *window) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["would_send"], summary["outside"]) == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["imdb", "--format", "csv"], 2, "./imdb"),
        (["imdb", "--column", "text=body"], 2, "--column"),
        (["a.csv", "--split", "train"], 2, "rotten-tomatoes"),
        (["-", "--loop"], 2, "--loop"),
        (["a.csv", "--from", "yesterday"], 2, "ISO 8601"),
        (["a.csv", "--limit", "0"], 2, "--limit"),
        (["a.csv", "--column", "text"], 78, "FIELD=COLUMN"),
        (["a.xlsx"], 65, "--format"),
        (["no-such-file.csv"], 65, "no-such-file.csv"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_way_out(
    arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dry_run(*arguments) == code
    assert words in capsys.readouterr().err


def test_sample_reviews_carry_the_data_sets_name_and_their_sentiment() -> None:
    source = SampleReviews("rotten-tomatoes", Split.HELD_OUT)
    rows = list(source.read())
    assert source.share_read() == 1.0
    assert {row.review.source for row in rows if isinstance(row, ReviewRow)} == {"rotten-tomatoes"}
    assert {row.label for row in rows if isinstance(row, ReviewRow)} == {"positive", "negative"}
    assert list(source.read()) == rows


def test_the_splits_of_the_sample_data_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    counts = {}
    for split in Split:
        assert dry_run("rotten-tomatoes", "--split", split.value) == 0
        counts[split] = json.loads(capsys.readouterr().out)["would_send"]
    assert counts[Split.TRAIN] + counts[Split.HELD_OUT] == counts[Split.ALL] > 0


def test_elsewhere_than_on_a_terminal_a_line_comes_every_few_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    display = LineDisplay()
    for seconds in range(1, 13):
        display.progressed(ReplayProgress(Deliveries(seconds * 10, seconds * 10), 0, 0, float(seconds)))
    assert len(capsys.readouterr().err.splitlines()) == 12 // LINE_EVERY_S


def test_a_line_of_progress_says_how_fast_and_how_long_yet() -> None:
    progress = ReplayProgress(Deliveries(1500, 1000), 0, 0, seconds=10.0, share=0.25)
    assert progress_line(progress) == "1,500 sent, 1,000 acknowledged, 100/s, 25%, 30 s left"


def test_of_many_bad_rows_only_the_first_are_shown() -> None:
    lines = BadRowLines()
    shown = [lines.line(BadRow(Place("shop.csv", number), "no text")) for number in range(100)]
    assert sum("shop.csv" in line for line in shown) == BAD_ROWS_SHOWN_MAX
    assert [line for line in shown if line][-1] == "more bad rows are counted, not shown"


def test_the_summary_accounts_for_every_delivery() -> None:
    deliveries = Deliveries(1200, 1150, 30, (Failure("r7", "_MSG_TIMED_OUT"),))
    report = ReplayReport(Ending.SIGNAL, ReplayProgress(deliveries, 4, 5, seconds=2.0))
    summary = replay_summary(report, "reviews")
    assert summary["acknowledged"] + summary["failed"] + summary["unanswered"] == summary["sent"]
    text = summary_text(summary)
    assert "sent          1,200" in text
    assert "_MSG_TIMED_OUT  r7" in text
