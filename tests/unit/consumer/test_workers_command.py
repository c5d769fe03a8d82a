"""How a parent starts its workers."""

import sys

from consumer.commands.run_settings import RunSettings
from consumer.commands.workers import worker_command

OWN = ["python3", "-m", "consumer", "run", "--workers", "3", "--instance", "a", "--metrics-port", "9000"]


def test_a_worker_is_the_same_command_with_a_name_a_port_and_no_workers_of_its_own() -> None:
    command = worker_command(OWN, RunSettings(workers=3, instance="a", metrics_port=9000), 2)
    assert command[:-8] == [sys.executable, *OWN[1:]]
    assert command[-8:] == ["--workers", "1", "--worker", "2", "--instance", "a-2", "--metrics-port", "9003"]


def test_where_the_parent_takes_a_free_port_so_do_its_workers() -> None:
    assert worker_command(OWN, RunSettings(workers=3, metrics_port=0), 1)[-2:] == ["--metrics-port", "0"]
