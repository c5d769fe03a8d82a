"""The Grafana dashboards as code: `python -m deploy.grafana.dashboards` writes their JSON, `--check` compares it."""

import json
import sys
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path

import click
from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as models

from deploy.grafana import comparison, group, model_quality, overview
from deploy.grafana.panels import Panel
from deploy.grafana.variables import TAG, annotations, consumers, data_source, links

FOLDER = Path(__file__).parent / "dashboards"


def board(
    name: str,
    title: str,
    description: str,
    rows: Mapping[str, Sequence[Panel]],
    *more_choices: dashboard.QueryVariable,
) -> models.Dashboard:
    """Return a dashboard of these rows; consumers can be chosen on each, and what is given beside that."""
    built = (
        dashboard.Dashboard(title)
        .uid(f"reviewstream-{name}")
        .description(description)
        .tags([TAG])
        .readonly()
        .timezone("browser")
        .time("now-15m", "now")
        .refresh("5s")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .link(links())
        .with_variable(data_source())
    )
    for variable in (*consumers(), *more_choices):
        built.with_variable(variable)
    for mark in annotations():
        built.annotation(mark)
    # Numbered here, in order: links to a panel stay good when Grafana reads the file again.
    ids = count(1)
    for row, panels in rows.items():
        built.with_row(dashboard.Row(row).id(next(ids)))
        for panel in panels:
            built.with_panel(panel.id(next(ids)))
    return built.build()


def documents() -> dict[Path, str]:
    """Return every dashboard's file and its JSON."""
    boards = {
        "overview": board(
            "overview",
            "Reviewstream",
            "Is it healthy, how late is it, and why is it slow: health, latency, batching, errors and processes.",
            overview.rows(),
        ),
        "group": board(
            "group",
            "Reviewstream: group and lag",
            "Who reads what, how far behind each partition is, and how the clients and the broker get on.",
            group.rows(),
            group.topic_choice(),
        ),
        "model": board(
            "model",
            "Reviewstream: model quality",
            "Is the model still good: its labels, how sure it is, what it reads, and what a shadow model would say.",
            model_quality.rows(),
        ),
        "comparison": board(
            "comparison",
            "Reviewstream: batch against real time",
            "What `review-consumer compare` measured, and what the stream does now beside it.",
            comparison.rows(),
            *comparison.choices(),
        ),
    }
    return {
        FOLDER / f"{name}.json": json.dumps(built, cls=JSONEncoder, indent=2, sort_keys=True) + "\n"
        for name, built in boards.items()
    }


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a file is not what this code writes.")
def main(*, check: bool) -> None:
    """Write the dashboards' JSON."""
    expected = documents()
    found = {path: path.read_text("utf-8") for path in FOLDER.glob("*.json")}
    stale = sorted(path for path in expected | found if expected.get(path) != found.get(path))
    if check:
        for path in stale:
            click.echo(f"{path}: not what the code writes; run python -m deploy.grafana.dashboards", err=True)
        sys.exit(1 if stale else 0)
    for path in stale:
        if path in expected:
            path.write_text(expected[path], "utf-8")
        else:
            path.unlink()
        click.echo(f"{'wrote' if path in expected else 'removed'} {path}", err=True)


if __name__ == "__main__":
    main()
