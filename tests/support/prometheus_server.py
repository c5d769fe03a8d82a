"""A real Prometheus for tests: scrapes programs of this machine, and answers questions about what it saw."""

import json
import os
import shutil
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from shared.dev_broker.guarded_processes import GuardedProcesses
from shared.dev_broker.ports import HOST, free_ports

READY_S_MAX = 60.0
ANSWER_S_MAX = 30.0
ASK_EVERY_S = 0.1
NODE = 1
HOW_TO_INSTALL = "on Debian: apt-get install prometheus prometheus-alertmanager"


class QueryRefused(Exception):  # noqa: N818 - named after what happened
    """Prometheus does not accept a query; the message is its own."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer; `points` are (seconds since 1970, value), one of them for an instant."""

    labels: dict[str, str]
    points: list[tuple[float, float]]

    @property
    def value(self) -> float:
        """The last value."""
        return self.points[-1][1]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query found, and what Prometheus remarks about the query."""

    series: list[Series]
    warnings: list[str]
    infos: list[str]


@dataclass(frozen=True, slots=True)
class ActiveAlert:
    """One alert that is `pending` or `firing`."""

    name: str
    state: str
    labels: dict[str, str]
    annotations: dict[str, str]


class PrometheusServer:
    """One server in a temporary folder, which ends with this process.

    `rule_files` are copied when it starts; `interval_s` is how often it scrapes and evaluates them.
    """

    def __init__(self, program: str, rule_files: Sequence[Path] = (), interval_s: float = 1.0) -> None:
        self._program = program
        self._rule_files = rule_files
        self._interval_s = interval_s
        self._folder = Path(tempfile.mkdtemp(prefix="reviewstream-prometheus-"))
        self._targets: dict[str, list[str]] = {}
        self._processes = GuardedProcesses.under_new_guardian(self._folder / "data", self._folder / "guardian.log")
        self.port = free_ports(1)[0]

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://{HOST}:{self.port}"

    def __enter__(self) -> Self:
        for path in self._rule_files:
            shutil.copy(path, self._folder / path.name)
        (self._folder / "prometheus.yml").write_text(json.dumps(self._configuration()), "utf-8")
        self._write_targets()
        self._processes.start(NODE, self._command(), self._folder / "server.log")
        self._await(self._is_ready, READY_S_MAX, self._log)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._processes.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def scrape(self, job: str, ports: Sequence[int]) -> None:
        """From now on, ask the programs on these ports of this machine in the name of a job; before the start too."""
        self._targets[job] = [f"{HOST}:{port}" for port in ports]
        self._write_targets()

    def query(self, expression: str) -> Answer:
        """Return what an expression is now; QueryRefused where it is none."""
        return self._ask("query", {"query": expression})

    def query_range(self, expression: str, start_s: float, end_s: float, step_s: float) -> Answer:
        """Return what an expression was from one moment to another, both in seconds since 1970."""
        return self._ask(
            "query_range", {"query": expression, "start": f"{start_s}", "end": f"{end_s}", "step": f"{step_s}"}
        )

    def alerts(self) -> list[ActiveAlert]:
        """Return the alerts that are pending or firing now."""
        return [
            ActiveAlert(each["labels"]["alertname"], each["state"], each["labels"], each["annotations"])
            for each in self._get("alerts", {})["data"]["alerts"]
        ]

    def await_series(self, expression: str, timeout_s: float = READY_S_MAX) -> list[Series]:
        """Return what an expression is as soon as it is anything; fails where it stays nothing."""
        self._await(lambda: bool(self.query(expression).series), timeout_s, lambda: f"{expression} is nothing")
        return self.query(expression).series

    def _configuration(self) -> dict[str, Any]:
        interval = f"{int(self._interval_s * 1000)}ms"
        return {
            "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
            "rule_files": [path.name for path in self._rule_files],
            # The file names the job of each target: the name here is never seen.
            "scrape_configs": [{"job_name": "files", "file_sd_configs": [{"files": ["targets.json"]}]}],
        }

    def _command(self) -> list[str]:
        return [
            self._program,
            f"--config.file={self._folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            f"--web.listen-address={HOST}:{self.port}",
            "--log.level=warn",
        ]

    def _write_targets(self) -> None:
        groups = [{"targets": addresses, "labels": {"job": job}} for job, addresses in self._targets.items()]
        # In one step: the server watches the file, and half of one is an error to it.
        written = self._folder / "targets.new"
        written.write_text(json.dumps(groups), "utf-8")
        written.rename(self._folder / "targets.json")

    def _is_ready(self) -> bool:
        assert self._processes.end_status(NODE) is None, self._log()
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.port}/-/ready", timeout=ANSWER_S_MAX):
                return True
        except urllib.error.HTTPError as error:
            # It listens, and still reads what it stored.
            error.close()
            return False
        except OSError:
            return False

    def _log(self) -> str:
        return (self._folder / "server.log").read_text()

    def _ask(self, path: str, parameters: Mapping[str, str]) -> Answer:
        answer = self._get(path, parameters)
        found = answer["data"]["result"]
        if answer["data"]["resultType"] == "scalar":
            found = [{"metric": {}, "value": found}]
        return Answer([_series(each) for each in found], answer.get("warnings", []), answer.get("infos", []))

    def _get(self, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        address = f"http://{HOST}:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(address, timeout=ANSWER_S_MAX) as answer:
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise QueryRefused(json.load(error)["error"]) from error
        return found

    @staticmethod
    def _await(holds: Callable[[], bool], timeout_s: float, complaint: Callable[[], str]) -> None:
        deadline = time.monotonic() + timeout_s
        while not holds():
            assert time.monotonic() < deadline, complaint()
            # Nothing tells but the next answer.
            threading.Event().wait(ASK_EVERY_S)


def find_prometheus_program(name: str) -> str:
    """Return where `promtool`, say, is; without it a test fails in CI and is skipped on a laptop."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"there is no {name}: {HOW_TO_INSTALL}")
        pytest.skip(f"there is no {name} here: {HOW_TO_INSTALL}")
    return found


def installed_prometheus(rule_files: Sequence[Path] = (), interval_s: float = 1.0) -> PrometheusServer:
    """Return a server, not yet started."""
    return PrometheusServer(find_prometheus_program("prometheus"), rule_files, interval_s)


def _series(found: dict[str, Any]) -> Series:
    points = found["values"] if "values" in found else [found["value"]]
    return Series(found["metric"], [(float(moment), float(value)) for moment, value in points])
