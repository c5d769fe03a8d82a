"""The kinds of panels the dashboards are made of: each asks for title, description, unit and queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from grafana_foundation_sdk.builders import common, dashboard, heatmap, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import heatmap as heatmap_models
from grafana_foundation_sdk.models import prometheus as prometheus_models

Panel: TypeAlias = timeseries.Panel | stat.Panel | heatmap.Panel | table.Panel

DATASOURCE = common_models.DataSourceRef(type_val="prometheus", uid="${datasource}")
GRID_COLUMNS = 24
STAT_HEIGHT = 4
CHART_HEIGHT = 8
# Told apart by every kind of eye; green and red stay the colours of "good" and "bad".
COLOURS = {"positive": "blue", "neutral": "#8e8e8e", "negative": "orange"}


@dataclass(frozen=True, slots=True)
class Query:
    """One PromQL expression and how its series are called in the legend."""

    expression: str
    legend: str = ""


class Stacking(Enum):
    """How the series of a chart stand to each other."""

    NONE = common_models.StackingMode.NONE
    ON_TOP = common_models.StackingMode.NORMAL


@dataclass(frozen=True, slots=True)
class Step:
    """From this value on (None: from the lowest) a number is shown in this colour."""

    value: float | None
    colour: str


NEUTRAL = (Step(None, "text"),)


def chart(  # noqa: PLR0913 - what a panel must say, by name
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    width: int,
    stacking: Stacking = Stacking.NONE,
    maximum: float | None = None,
) -> timeseries.Panel:
    """Return lines over time; stacked ones are filled."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .unit(unit)
        .min(0)
        .datasource(DATASOURCE)
        .span(width)
        .height(CHART_HEIGHT)
        .fill_opacity(10 if stacking is Stacking.NONE else 60)
        .stacking(common.StackingConfig().mode(stacking.value).group("A"))
        .show_points(common_models.VisibilityMode.NEVER)
        .legend(
            common.VizLegendOptions()
            .display_mode(common_models.LegendDisplayMode.TABLE)
            .placement(common_models.LegendPlacement.BOTTOM)
            .show_legend(True)  # noqa: FBT003 - the library's own interface
            .calcs(["mean", "max", "lastNotNull"])
        )
        .tooltip(
            common.VizTooltipOptions()
            .mode(common_models.TooltipDisplayMode.MULTI)
            .sort(common_models.SortOrder.DESCENDING)
        )
    )
    if maximum is not None:
        panel.max(maximum)
    for name, colour in COLOURS.items():
        if any("{{label}}" in query.legend for query in queries):
            fixed: object = {"mode": "fixed", "fixedColor": colour}
            panel.override_by_name(name, [models.DynamicConfigValue("color", fixed)])
    return panel.targets(_targets(queries))


def number(  # noqa: PLR0913 - what a panel must say, by name
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    width: int,
    steps: Sequence[Step] = NEUTRAL,
    decimals: int | None = None,
    when_empty: str = "no data",
) -> stat.Panel:
    """Return the latest value of each query, large, with its recent past behind it."""
    thresholds = [models.Threshold(value=step.value, color=step.colour) for step in steps]
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .unit(unit)
        .no_value(when_empty)
        .datasource(DATASOURCE)
        .span(width)
        .height(STAT_HEIGHT)
        .thresholds(dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(thresholds))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .color_mode(common_models.BigValueColorMode.VALUE)
        .graph_mode(common_models.BigValueGraphMode.AREA)
    )
    if decimals is not None:
        panel.decimals(decimals)
    return panel.targets(_targets(queries))


def heat_map(title: str, description: str, unit: str, query: Query, *, width: int) -> heatmap.Panel:
    """Return the buckets of a histogram over time; `query` answers one series a bucket, called by its upper bound."""
    return (
        heatmap.Panel()
        .title(title)
        .description(description)
        .unit("short")
        .datasource(DATASOURCE)
        .span(width)
        .height(CHART_HEIGHT)
        .calculate(False)  # noqa: FBT003 - the library's own interface
        .color(
            heatmap.HeatmapColorOptions()
            .mode(heatmap_models.HeatmapColorMode.SCHEME)
            .scheme("Blues")
            .reverse(False)  # noqa: FBT003 - the library's own interface
            .steps(64)
        )
        .filter_values(heatmap.FilterValueRange().le(1e-9))
        .y_axis(heatmap.YAxisConfig().unit(unit))
        .with_target(_target(query, "A").format(prometheus_models.PromQueryFormat.HEATMAP))
    )


def listing(  # noqa: PLR0913 - what a panel must say, by name
    title: str, description: str, query: Query, *, columns: Sequence[str], value: str, width: int
) -> table.Panel:
    """Return a table of what is now: one row a series, its labels and its value as columns."""
    organise = {
        "excludeByName": {"Time": True},
        "indexByName": {name: index for index, name in enumerate((*columns, "Value"))},
        "renameByName": {"Value": value},
    }
    return (
        table.Panel()
        .title(title)
        .description(description)
        .unit("short")
        .no_value("no consumer")
        .datasource(DATASOURCE)
        .span(width)
        .height(STAT_HEIGHT)
        .with_transformation(models.DataTransformerConfig(id_val="organize", options=organise))
        .with_target(_target(query, "A").instant().format(prometheus_models.PromQueryFormat.TABLE))
    )


def _targets(queries: Sequence[Query]) -> list[Builder[Dataquery]]:
    return [_target(query, chr(ord("A") + index)) for index, query in enumerate(queries)]


def _target(query: Query, reference: str) -> prometheus.Dataquery:
    return (
        prometheus.Dataquery()
        .datasource(DATASOURCE)
        .expr(query.expression)
        .legend_format(query.legend or "__auto")
        .ref_id(reference)
        .range()
    )
