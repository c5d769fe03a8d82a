"""Real Apache Kafka on this machine without Docker: one to three brokers that can be killed, paused and restarted."""

import signal
import tempfile
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from pathlib import Path
from types import TracebackType
from typing import Self

from shared.dev_broker.cluster_run import ClusterRun
from shared.dev_broker.guarded_processes import GuardedProcesses
from shared.dev_broker.jars import fetch_jars, find_java
from shared.dev_broker.java_commands import JavaCommands, Life
from shared.dev_broker.ports import free_ports, is_free
from shared.dev_broker.server_properties import BROKERS, CLIENTS, CONTROLLERS, Cluster, Listener, Node
from shared.errors import BrokerUnavailable, ConfigurationError, ReviewstreamError

BROKERS_MAX = 3
START_TIME_S_MAX = 60.0

_START_ATTEMPTS = 3


class _Logs(Enum):
    KEEP = auto()
    REMOVE = auto()


class LocalKafka:
    """A Kafka cluster in processes of this machine, in KRaft mode; its data are gone when it stops."""

    def __init__(  # noqa: PLR0913 - what a cluster may be told
        self,
        brokers: int = 1,
        *,
        first_port: int | None = None,
        extra_listeners: Sequence[Listener] = (),
        extra_settings: Mapping[str, str] | None = None,
        cache: Path | None = None,
        life: Life = Life.SHORT,
    ) -> None:
        self._brokers = brokers
        self._first_port = first_port
        self._extra_listeners = tuple(extra_listeners)
        self._extra_settings = dict(extra_settings or {})
        self._cache = cache
        self._life = life
        self._current: ClusterRun | None = None
        self._kept_logs: Path | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.stop()
        elif self._current is not None:
            self._end(self._current, _Logs.KEEP)

    def start(self) -> None:
        """Start all brokers; return when every one of them answers and knows the others."""
        if self._current is not None:
            raise ConfigurationError("this local Kafka runs already")
        if not 1 <= self._brokers <= BROKERS_MAX:
            raise ConfigurationError(f"a local cluster has 1 to {BROKERS_MAX} brokers, not {self._brokers}")
        commands = JavaCommands(find_java(), fetch_jars(self._cache), self._life)
        # A port may be taken after it was found free and before the broker listens on it: then others are tried.
        for _ in range(_START_ATTEMPTS - 1):
            if self._start_once(commands):
                return
        if not self._start_once(commands):
            raise BrokerUnavailable(
                f"the ports chosen were taken by others {_START_ATTEMPTS} times",
                hint="is something opening ports on this machine at a high rate?",
            )

    def stop(self) -> None:
        """End all brokers and remove their data; their logs stay when one of them had failed."""
        if self._current is not None:
            failed = self._current.wait_failure(0) is not None
            self._end(self._current, _Logs.KEEP if failed else _Logs.REMOVE)

    def wait_ready(self, timeout_s: float = START_TIME_S_MAX) -> None:
        """Wait until each broker that should run answers and knows the others that should."""
        self._run.wait_ready(timeout_s)

    def wait_failure(self, timeout_s: float | None = None) -> BrokerUnavailable | None:
        """Wait until a broker ends that nobody ended; return how it failed, or None when none did."""
        return self._run.wait_failure(timeout_s)

    def kill(self, node: int) -> None:
        """Kill a broker as a power cut does (SIGKILL); return when it is gone."""
        self._run.end_node(node, signal.SIGKILL)

    def pause(self, node: int) -> None:
        """Freeze a broker (SIGSTOP): its connections stay open and nothing answers."""
        self._run.pause(node)

    def resume(self, node: int) -> None:
        """Let a frozen broker go on (SIGCONT)."""
        self._run.resume(node)

    def restart(self, node: int) -> None:
        """Start a broker again on its data and ports, ending it in good order first if it runs; see `wait_ready`."""
        if self._run.runs(node):
            self._run.end_node(node, signal.SIGTERM)
        self._run.launch(node)

    @property
    def bootstrap_servers(self) -> str:
        """The addresses for clients of all brokers."""
        return self.addresses(CLIENTS)

    def addresses(self, listener: Listener) -> str:
        """Return the addresses of all brokers on one listener, as bootstrap servers."""
        return ",".join(node.address(listener) for node in self._run.cluster.nodes)

    @property
    def process_ids(self) -> Mapping[int, int]:
        """The Java process of each broker that has one, by its node number; nodes count from 1."""
        return self._run.process_ids()

    @property
    def log_folder(self) -> Path | None:
        """Where the logs are: while it runs, and after it failed."""
        return self._kept_logs if self._current is None else self._current.folder

    @property
    def _run(self) -> ClusterRun:
        if self._current is None:
            raise ConfigurationError("this local Kafka does not run")
        return self._current

    def _start_once(self, commands: JavaCommands) -> bool:
        run = self._new_run(commands)
        try:
            run.start(START_TIME_S_MAX)
        except ReviewstreamError:
            port_was_taken = run.port_was_taken()
            self._end(run, _Logs.REMOVE if port_was_taken else _Logs.KEEP)
            if port_was_taken:
                return False
            raise
        except BaseException:
            # Ctrl-C in the middle of a start must not leave half a cluster.
            self._end(run, _Logs.REMOVE)
            raise
        self._current = run
        return True

    def _end(self, run: ClusterRun, logs: _Logs) -> None:
        self._current = None
        run.end()
        if logs is _Logs.REMOVE:
            run.remove_folder()
        else:
            self._kept_logs = run.folder

    def _new_run(self, commands: JavaCommands) -> ClusterRun:
        ports = self._choose_ports()
        folder = Path(tempfile.mkdtemp(prefix="reviewstream-kafka-"))
        data = folder / "data"
        nodes = [Node(number, data / f"node-{number}", ports[number]) for number in sorted(ports)]
        cluster = Cluster(nodes, self._extra_listeners, self._extra_settings)
        processes = GuardedProcesses.under_new_guardian(data, folder / "guardian.log")
        return ClusterRun(folder, cluster, commands, processes)

    def _choose_ports(self) -> dict[int, dict[str, int]]:
        listeners = [CLIENTS, BROKERS, CONTROLLERS, *self._extra_listeners]
        free = iter(free_ports(self._brokers * len(listeners)))
        ports: dict[int, dict[str, int]] = {}
        for number in range(1, self._brokers + 1):
            ports[number] = {listener.name: next(free) for listener in listeners}
            if self._first_port is not None:
                ports[number][CLIENTS.name] = _required(self._first_port + number - 1)
        return ports


def _required(port: int) -> int:
    if not is_free(port):
        raise ConfigurationError(f"port {port} is taken", hint="stop what listens there or choose another port")
    return port
