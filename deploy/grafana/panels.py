"""The kinds of panels the dashboards are made of: each asks for title, description, unit and queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from grafana_foundation_sdk.builders import bargauge, common, dashboard, heatmap, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import heatmap as heatmap_models
from grafana_foundation_sdk.models import prometheus as prometheus_models

from deploy.grafana.empty_panels import EMPTY_WITHOUT

Panel: TypeAlias = timeseries.Panel | stat.Panel | heatmap.Panel | table.Panel | bargauge.Panel

DATASOURCE = common_models.DataSourceRef(type_val="prometheus", uid="${datasource}")
GRID_COLUMNS = 24
STAT_HEIGHT = 4
CHART_HEIGHT = 8
NO_DATA = "no data"
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


class Scale(Enum):
    """How values are spread over a chart's height."""

    LINEAR = common_models.ScaleDistribution.LINEAR
    LOGARITHMIC = common_models.ScaleDistribution.LOG


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
    scale: Scale = Scale.LINEAR,
    minimum: float | None = 0,
    maximum: float | None = None,
) -> timeseries.Panel:
    """Return lines over time; stacked ones are filled."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .unit(unit)
        .no_value(_when_empty(title))
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
    if scale is Scale.LOGARITHMIC:
        panel.scale_distribution(common.ScaleDistributionConfig().type(scale.value).log(10))
    elif minimum is not None:
        panel.min(minimum)
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
    words: Mapping[str, str] | None = None,
    when_empty: str = NO_DATA,
) -> stat.Panel:
    """Return the latest value of each query, large, with its recent past behind it; `words` stand for some values."""
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
    if words:
        panel.mappings(
            [models.ValueMap({value: models.ValueMappingResult(text=word) for value, word in words.items()})]
        )
    return panel.targets(_targets(queries))


def bars(title: str, description: str, unit: str, *queries: Query, width: int) -> bargauge.Panel:
    """Return a bar for each series, as long as its latest value is large."""
    return (
        bargauge.Panel()
        .title(title)
        .description(description)
        .unit(unit)
        .min(0)
        .no_value(_when_empty(title))
        .datasource(DATASOURCE)
        .span(width)
        .height(CHART_HEIGHT)
        .thresholds(
            dashboard.ThresholdsConfig()
            .mode(models.ThresholdsMode.ABSOLUTE)
            .steps([models.Threshold(value=None, color="blue")])
        )
        .orientation(common_models.VizOrientation.HORIZONTAL)
        .display_mode(common_models.BarGaugeDisplayMode.BASIC)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .targets([_target(query, name).instant() for name, query in _named(queries)])
    )


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
        .with_target(_target(query, "A").range().format(prometheus_models.PromQueryFormat.HEATMAP))
    )


def listing(  # noqa: PLR0913 - what a panel must say, by name
    title: str,
    description: str,
    *queries: Query,
    columns: Sequence[str],
    width: int,
    height: int = STAT_HEIGHT,
    units: Sequence[str] = ("short",),
) -> table.Panel:
    """Return a table of what is now: a row for each set of labels, then a column for each query, called by its legend.

    `columns` are the labels to show, `units` those of the queries, one each.
    """
    # Grafana calls the value of a query alone `Value`, and adds the query's letter where there are several.
    values = [f"Value #{name}" for name, _ in _named(queries)] if len(queries) > 1 else ["Value"]
    organise = {
        "excludeByName": {"Time": True},
        "indexByName": {name: index for index, name in enumerate((*columns, *values))},
        "renameByName": {value: query.legend for value, query in zip(values, queries, strict=True)},
    }
    panel = (
        table.Panel()
        .title(title)
        .description(description)
        .unit(units[0])
        .no_value(_when_empty(title))
        .datasource(DATASOURCE)
        .span(width)
        .height(height)
        .with_transformation(models.DataTransformerConfig(id_val="merge", options={}))
        .with_transformation(models.DataTransformerConfig(id_val="organize", options=organise))
    )
    for query, unit in zip(queries, units, strict=True):
        panel.override_by_name(query.legend, [models.DynamicConfigValue("unit", unit)])
    return panel.targets(
        [
            _target(query, name).instant().format(prometheus_models.PromQueryFormat.TABLE)
            for name, query in _named(queries)
        ]
    )


def _when_empty(title: str) -> str:
    return f"empty without {EMPTY_WITHOUT[title]}" if title in EMPTY_WITHOUT else NO_DATA


def _named(queries: Sequence[Query]) -> list[tuple[str, Query]]:
    return [(chr(ord("A") + index), query) for index, query in enumerate(queries)]


def _targets(queries: Sequence[Query]) -> list[Builder[Dataquery]]:
    return [_target(query, name).range() for name, query in _named(queries)]


def _target(query: Query, reference: str) -> prometheus.Dataquery:
    return (
        prometheus.Dataquery()
        .datasource(DATASOURCE)
        .expr(query.expression)
        .legend_format(query.legend or "__auto")
        .ref_id(reference)
    )
