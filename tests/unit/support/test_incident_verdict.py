import pytest

from tests.support.alert_history import Firing, times_of
from tests.support.incident_verdict import BUDGET, ENDLESS, Plan, Stage, judge
from tests.support.prometheus_server import Series

FROZEN = Stage(Plan("frozen", ("Stalled", "Late", BUDGET), frozenset({"Storm"})), 10, 20, 40)
RUBBISH = Stage(Plan("rubbish", ("Rubbish",)), 40, 50, 60)
STAGES = [FROZEN, RUBBISH]


def fired(alert: str, began_s: float, ended_s: float | None = 55.0, what: str = "") -> Firing:
    return Firing(alert, "page", what, began_s, ended_s)


AS_EXPECTED = [fired("Stalled", 12), fired("Late", 15), fired(BUDGET, 21), fired(BUDGET, 41), fired("Rubbish", 44)]


def broken(found: list[Firing]) -> list[str]:
    return [name for name, held in judge(STAGES, found).items() if not held]


def test_an_incident_as_expected_holds_with_companions_and_a_budget_still_burnt_later() -> None:
    endless = fired(BUDGET, 45, ended_s=None, what=ENDLESS)

    assert broken([*AS_EXPECTED, fired("Storm", 22), endless]) == []


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ([fired("Storm", 5), *AS_EXPECTED], "nothing fires before the first stage"),
        (AS_EXPECTED[1:], "each stage's alerts fire in it, in order"),
        ([fired("Stalled", 16), *AS_EXPECTED[1:]], "each stage's alerts fire in it, in order"),
        ([*AS_EXPECTED, fired("Storm", 45)], "nothing else fires"),
        ([*AS_EXPECTED, fired("Late", 17, ended_s=None)], "everything ends but what looks back for days"),
    ],
    ids=["before anything happened", "missing", "in another order", "in another stage", "without an end"],
)
def test_what_is_not_as_expected_is_named(found: list[Firing], why: str) -> None:
    assert broken(found) == [why]


def test_an_alert_ended_where_a_step_is_missing_and_the_last_time_may_go_on() -> None:
    series = Series(
        {"alertname": "Late", "severity": "page", "window": "1h"}, [(moment, 1) for moment in (3, 4, 5, 9, 10)]
    )

    assert times_of(series, 1.0, still=False) == [
        Firing("Late", "page", "1h", 3, 5),
        Firing("Late", "page", "1h", 9, 10),
    ]
    assert [firing.ended_s for firing in times_of(series, 1.0, still=True)] == [5, None]
