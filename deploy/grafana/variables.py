"""What every board has around its panels: variables to choose by, links to the other boards, and marks in time."""

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as models

from deploy.grafana.panels import DATASOURCE
from deploy.grafana.queries import of_jobs

DATASOURCE_UID = "prometheus"
TAG = "reviewstream"
# What Grafana calls a query that lists the values of a label.
LABEL_VALUES = 1


def data_source() -> dashboard.DatasourceVariable:
    """Return the choice of a Prometheus, which starts with the provisioned one."""
    prometheus = models.VariableOption(selected=True, text="Prometheus", value=DATASOURCE_UID)
    return dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus").current(prometheus)


def choice(name: str, label: str, metric: str, of: str) -> dashboard.QueryVariable:
    """Return a choice among the values that the label `of` has with a metric; all at first."""
    query = f"label_values({metric}, {of})"
    everything = models.VariableOption(selected=True, text=["All"], value=["$__all"])
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(DATASOURCE)
        .definition(query)
        .query({"query": query, "qryType": LABEL_VALUES, "refId": "PrometheusVariableQueryEditor-VariableQuery"})
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.NATURAL_ASC)
        .multi(True)  # noqa: FBT003 - the library's own interface
        .include_all(True)  # noqa: FBT003 - the library's own interface
        .current(everything)
    )


def consumers() -> list[dashboard.QueryVariable]:
    """Return the choice of the consumers whose metrics are shown."""
    return [
        choice("job", "Job", "reviews_build_info", "job"),
        # Whoever joins later is one of all, too.
        choice("instance", "Instance", of_jobs("reviews_build_info"), "instance").all_value(".*"),
    ]


def links() -> dashboard.DashboardLink:
    """Return the links to the other boards, which keep what is chosen."""
    return (
        dashboard.DashboardLink("Boards")
        .type(models.DashboardLinkType.DASHBOARDS)
        # Beside the variables, not in a menu: the SDK's own default hides them there.
        .placement("")
        .tags([TAG])
        .keep_time(True)  # noqa: FBT003 - the library's own interface
        .include_vars(True)  # noqa: FBT003 - the library's own interface
    )


def annotations() -> list[dashboard.AnnotationQuery]:
    """Return the marks that charts carry: alerts that fire, and models offered at run time."""
    return [
        _mark("Alerts", "orange", 'ALERTS{alertstate="firing"}', "{{alertname}}"),
        _mark(
            "Models offered",
            "blue",
            f"sum by (outcome) (increase({of_jobs('reviews_model_reloads_total')}[$__rate_interval])) > 0",
            "a model was {{outcome}}",
        ),
    ]


def _mark(name: str, colour: str, expression: str, title: str) -> dashboard.AnnotationQuery:
    return (
        dashboard.AnnotationQuery()
        .name(name)
        .datasource(DATASOURCE)
        .enable(True)  # noqa: FBT003 - the library's own interface
        .icon_color(colour)
        .expr(expression)
        .title_format(title)
    )
