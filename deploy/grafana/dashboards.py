"""The Grafana dashboards as code: `python -m deploy.grafana.dashboards` writes their JSON, `--check` compares it."""

import json
import sys
from itertools import count
from pathlib import Path

import click
from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as models

from deploy.grafana import overview
from deploy.grafana.panels import Panel

FOLDER = Path(__file__).parent / "dashboards"
DATASOURCE_UID = "prometheus"


def board(name: str, title: str, description: str, rows: dict[str, list[Panel]]) -> models.Dashboard:
    """Return a dashboard of these rows, with the data source as its only variable."""
    prometheus = models.VariableOption(selected=True, text="Prometheus", value=DATASOURCE_UID)
    built = (
        dashboard.Dashboard(title)
        .uid(f"reviewstream-{name}")
        .description(description)
        .tags(["reviewstream"])
        .readonly()
        .timezone("browser")
        .time("now-15m", "now")
        .refresh("5s")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .with_variable(
            dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus").current(prometheus)
        )
    )
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
            "Reviews in, sentiment out: health, latency, lag, batching, results and errors.",
            overview.rows(),
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
