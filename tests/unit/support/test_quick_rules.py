import subprocess
from pathlib import Path

import pytest

from tests.support.prometheus_server import find_prometheus_program
from tests.support.quick_rules import quickened, without_durations

FOLDER = Path(__file__).parents[3] / "deploy/prometheus"
FILES = [FOLDER / "rules.yml", FOLDER / "alerts.yml"]
RULE = """
  - name: flow
    interval: 1m
    rules:
      - alert: Slow
        expr: job:speed:rate5m > 30 and rate(speed_total{le="1.0"}[5m]) > 14.4 * 0.01
        for: 30s
        annotations: {summary: within 5m or 1h}
"""


def test_windows_and_waits_are_divided_and_nothing_else() -> None:
    assert quickened(RULE, 30) == RULE.replace("interval: 1m", "interval: 2000ms").replace("[5m]", "[10000ms]").replace(
        "for: 30s", "for: 1000ms"
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_real_rules_differ_in_their_durations_only(file: Path) -> None:
    rules = file.read_text("utf-8")

    assert quickened(rules, 30) != rules
    assert without_durations(quickened(rules, 30)) == without_durations(rules)


def test_quickened_rules_are_valid(tmp_path: Path) -> None:
    copies = [tmp_path / file.name for file in FILES]
    for copy, file in zip(copies, FILES, strict=True):
        copy.write_text(quickened(file.read_text("utf-8"), 30), "utf-8")

    subprocess.run([find_prometheus_program("promtool"), "check", "rules", *copies], check=True, capture_output=True)
