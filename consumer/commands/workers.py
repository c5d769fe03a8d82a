"""`run --workers N`: the parent, which labels nothing and watches over those who do."""

import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from prometheus_client import CollectorRegistry, disable_created_metrics

from consumer.commands.run_settings import RunSettings
from consumer.supervising.restarts import RestartBounds
from consumer.supervising.supervisor import Supervisor
from consumer.supervising.worker_probes import WorkerProbes, asking, targets_page
from consumer.supervising.worker_process import WorkerProcess
from consumer.telemetry.worker_metrics import WorkerMetrics
from shared.clock import SystemClock
from shared.logs import configure_logs, get_logger
from shared.probes import ProbeServer
from shared.settings import LogSettings
from shared.stop_signals import StopSignals

# Bounds how late an end, or a signal to be passed on, is noticed.
LOOK_EVERY_S = 0.2
# Beyond the time that a worker takes at most to finish what is in flight: to leave its group and end.
LEAVE_S_MAX = 30.0


def run_workers(settings: RunSettings, logs: LogSettings) -> int:
    """Run workers until all are done, one can't be kept running, or a stop is asked for; return the exit code."""
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    names = [str(number) for number in range(settings.workers)]
    metrics = WorkerMetrics(registry, names)
    configure_logs(logs.log_level, logs.log_format, metrics.log_counts.count)
    supervisor = Supervisor(
        names,
        lambda name: WorkerProcess.start(worker_command(sys.orig_argv, settings, int(name))),
        metrics,
        SystemClock(),
        RestartBounds(),
        stop_s_max(settings),
    )
    targets = targets_page(supervisor, settings.metrics_host, lambda: server.port)
    probes = WorkerProbes(supervisor, asking(settings.metrics_host))
    server = ProbeServer(
        registry,
        settings.metrics_host,
        settings.metrics_port,
        probes.checks(),
        {"/targets": targets},
    )
    with server, StopSignals() as stop, passing_on(supervisor.signal):
        get_logger("workers").info("supervising", workers=settings.workers, metrics_port=server.port)
        while (code := supervisor.turn()) is None:
            stop.sleep(LOOK_EVERY_S)
            if stop.requested():
                supervisor.stop()
        server.await_last_scrape(settings.last_scrape_within)
        return code


def stop_s_max(settings: RunSettings) -> float:
    """Return how many seconds a worker may take to stop before it is killed."""
    return settings.shutdown_timeout + LEAVE_S_MAX


def worker_command(own_command: list[str], settings: RunSettings, number: int) -> list[str]:
    """Return this very command for one worker: what is said twice holds as it was said last."""
    instance = f"{settings.instance or socket.gethostname()}-{number}"
    port = settings.metrics_port + 1 + number if settings.metrics_port else 0
    own = ["--workers", "1", "--worker", str(number), "--instance", instance, "--metrics-port", str(port)]
    return [sys.executable, *own_command[1:], *own]


@contextmanager
def passing_on(send: Callable[[signal.Signals], None]) -> Iterator[None]:
    """Pass SIGHUP on."""

    def pass_on(number: int, _frame: FrameType | None) -> None:
        send(signal.Signals(number))

    before = signal.signal(signal.SIGHUP, pass_on)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)
