"""Probes that answer for all workers, and the page that Prometheus finds them by."""

import json

import pytest
from prometheus_client import CollectorRegistry

from consumer.supervising.supervisor import WorkerView
from consumer.supervising.worker_probes import SILENCE_S_MAX, WorkerProbes, asking, targets_page
from shared.probes import Check, ProbeServer


class FakeWorkers:
    def __init__(self, *views: WorkerView) -> None:
        self.views = list(views)
        self.silent_s = 0.0

    def workers(self) -> list[WorkerView]:
        return self.views

    def silent_for_s(self) -> float:
        return self.silent_s


def serving(name: str, port: int) -> WorkerView:
    return WorkerView(name, port, done=False)


STARTING = WorkerView("1", None, done=False)
DONE = WorkerView("2", None, done=True)


def well(_port: int, _path: str) -> str:
    return ""


def answers(probes: WorkerProbes) -> dict[str, str]:
    return {path: check() for path, check in probes.checks().items()}


def test_all_is_well_where_every_worker_says_so_and_who_is_done_is_not_missed() -> None:
    probes = WorkerProbes(FakeWorkers(serving("0", 1), serving("1", 2), DONE), well)
    assert answers(probes) == {"/livez": "", "/readyz": "", "/startupz": ""}


def test_what_is_wrong_with_one_is_wrong_with_all_and_says_whose_it_is() -> None:
    def ask(port: int, path: str) -> str:
        return f"{path} of {port} is not well" if port == 2 else ""

    probes = WorkerProbes(FakeWorkers(serving("0", 1), serving("1", 2), serving("2", 3)), ask)
    assert answers(probes) == {
        path: f"worker 1: {path} of 2 is not well" for path in ("/livez", "/readyz", "/startupz")
    }


def test_a_worker_that_is_being_started_again_is_not_ready_but_alive() -> None:
    probes = WorkerProbes(FakeWorkers(serving("0", 1), STARTING), well)
    missing = "worker 1: it does not serve yet"
    assert answers(probes) == {"/livez": "", "/readyz": missing, "/startupz": missing}


def test_what_has_started_once_has_started() -> None:
    workers = FakeWorkers(serving("0", 1))
    probes = WorkerProbes(workers, well)
    assert probes.started() == ""
    workers.views = [STARTING]
    assert probes.started() == ""


def test_a_parent_that_does_not_look_after_its_workers_is_stuck() -> None:
    workers = FakeWorkers(serving("0", 1))
    workers.silent_s = SILENCE_S_MAX + 1
    assert WorkerProbes(workers, well).live() == "nobody has looked at the workers for 31 s"


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - the address is only asked
def test_a_worker_is_asked_over_http(host: str) -> None:
    checks: dict[str, Check] = {"/livez": lambda: "the loop has not turned for 99 s", "/readyz": str}
    ask = asking(host)
    with ProbeServer(CollectorRegistry(), "127.0.0.1", 0, checks) as server:
        port = server.port
        assert ask(port, "/livez") == "the loop has not turned for 99 s"
        assert ask(port, "/readyz") == ""
    assert ask(port, "/readyz") == "no answer within 1 s"


@pytest.mark.parametrize(
    ("host", "asked", "found"),
    [
        ("127.0.0.1", "consumer:9464", "127.0.0.1"),
        ("0.0.0.0", "consumer:9464", "consumer"),  # noqa: S104
        ("0.0.0.0", "consumer", "consumer"),  # noqa: S104
        ("0.0.0.0", "[::1]:9464", "[::1]"),  # noqa: S104
        ("0.0.0.0", 'rubbish"}<', "0.0.0.0"),  # noqa: S104
        ("0.0.0.0", "", "0.0.0.0"),  # noqa: S104
    ],
)
def test_targets_are_the_workers_that_serve_and_the_parent_under_the_name_it_was_asked_by(
    host: str, asked: str, found: str
) -> None:
    page = targets_page(FakeWorkers(serving("0", 9465), STARTING, DONE), host, lambda: 9464)
    assert json.loads(page(asked)) == [
        {"targets": [f"{found}:9465"], "labels": {"worker": "0"}},
        {"targets": [f"{found}:9464"], "labels": {}},
    ]
