"""One run of a local cluster: its folder, its ports, its processes."""

import base64
import shutil
import signal
import time
import uuid
from collections.abc import Iterable
from pathlib import Path

from shared.dev_broker.guarded_processes import GuardedProcesses
from shared.dev_broker.java_commands import JavaCommands
from shared.dev_broker.readiness import await_brokers
from shared.dev_broker.server_properties import CLIENTS, Cluster, Node, render
from shared.errors import BrokerUnavailable, ConfigurationError

_FORMAT_TIME_S_MAX = 60.0
_END_TIME_S_MAX = 30.0
_READY_POLL_S = 0.05
_LOG_LINES_SHOWN = 15


class ClusterRun:
    """The processes of a cluster from their start to their end; settings and logs are in `folder`."""

    def __init__(self, folder: Path, cluster: Cluster, commands: JavaCommands, processes: GuardedProcesses) -> None:
        self.folder = folder
        self.cluster = cluster
        self._commands = commands
        self._processes = processes
        self._nodes = {node.number: node for node in cluster.nodes}
        # The nodes that are meant to run: one that ended all the same has failed.
        self._up: set[int] = set()
        self._paused: set[int] = set()

    def start(self, timeout_s: float) -> None:
        """Format the data folders, start all nodes and wait until they answer."""
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        for node in self._nodes.values():
            self._properties(node).write_text(render(self.cluster.properties(node)), encoding="utf-8")
            command = self._commands.format_data(cluster_id, self._properties(node))
            self._processes.start(node.number, command, self._log(node.number))
        for number in self._nodes:
            self._await_format(number)
        for number in self._nodes:
            self.launch(number)
        self.wait_ready(timeout_s)

    def wait_ready(self, timeout_s: float) -> None:
        """Wait until each running node answers and knows all running nodes."""
        deadline = time.monotonic() + timeout_s
        expected = frozenset(self._up - self._paused)
        try:
            for number in sorted(expected):
                address = self._nodes[number].address(CLIENTS)
                await_brokers(address, expected, deadline, self._pause_unless_ended)
        except BrokerUnavailable as error:
            if not error.hint:
                error.hint = self._log_hint()
            raise

    def launch(self, number: int) -> None:
        """Start a node on the data and ports it has."""
        node = self._node(number)
        self._processes.start(number, self._commands.run_broker(self._properties(node)), self._log(number))
        self._up.add(number)

    def end_node(self, number: int, signal_: signal.Signals) -> None:
        """End a running node with a signal; return when it is gone."""
        self._node(number)
        self._up.discard(number)
        self._processes.send_signal(number, signal_)
        if number in self._paused:
            self.resume(number)
        if self._processes.wait_end({number}, _END_TIME_S_MAX) is None:
            raise BrokerUnavailable(f"node {number} did not end after {signal_.name}", hint=self._log_hint())

    def pause(self, number: int) -> None:
        """Stop a node in the middle of what it does."""
        self._node(number)
        self._paused.add(number)
        self._processes.send_signal(number, signal.SIGSTOP)

    def resume(self, number: int) -> None:
        """Let a paused node go on."""
        self._node(number)
        self._paused.discard(number)
        self._processes.send_signal(number, signal.SIGCONT)

    def runs(self, number: int) -> bool:
        """Say whether a node has a process, paused or not."""
        return self._processes.process_id(number) is not None

    def process_ids(self) -> dict[int, int]:
        """Return the process of each node that has one."""
        found = {number: self._processes.process_id(number) for number in self._nodes}
        return {number: process for number, process in found.items() if process is not None}

    def wait_failure(self, timeout_s: float | None) -> BrokerUnavailable | None:
        """Wait until a node ends by itself; return how it failed, or None when all run."""
        number = self._processes.wait_end(self._up, timeout_s)
        if number is None:
            return None
        status = self._processes.end_status(number)
        message = f"node {number} ended by itself with status {status}; the end of its log:\n{self._last_lines(number)}"
        return BrokerUnavailable(message, hint=self._log_hint())

    def port_was_taken(self) -> bool:
        """Say whether a node found another process on one of its ports."""
        return any("Address already in use" in self._last_lines(number) for number in self._nodes)

    def end(self) -> None:
        """End all processes and remove the data; the logs stay."""
        self._processes.stop()

    def remove_folder(self) -> None:
        """Remove the settings and logs of a run that has ended."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _await_format(self, number: int) -> None:
        if self._processes.wait_end({number}, _FORMAT_TIME_S_MAX) is None:
            raise BrokerUnavailable(f"the data folder of node {number} was not ready in time", hint=self._log_hint())
        if self._processes.end_status(number) != 0:
            message = f"the settings of node {number} were refused; the end of its log:\n{self._last_lines(number)}"
            raise ConfigurationError(message, hint=self._log_hint())

    def _pause_unless_ended(self) -> None:
        failure = self.wait_failure(_READY_POLL_S)
        if failure is not None:
            raise failure

    def _node(self, number: int) -> Node:
        if number not in self._nodes:
            raise ConfigurationError(f"there is no node {number}, only {sorted(self._nodes)}")
        return self._nodes[number]

    def _properties(self, node: Node) -> Path:
        return self.folder / f"node-{node.number}.properties"

    def _log(self, number: int) -> Path:
        return self.folder / f"node-{number}.log"

    def _last_lines(self, number: int) -> str:
        log = self._log(number)
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
        return "\n".join(_tail(lines))

    def _log_hint(self) -> str:
        return f"the logs are in {self.folder}"


def _tail(lines: Iterable[str]) -> list[str]:
    # Of a Java stack trace the first line says what happened; the calls beneath would push everything else out.
    return [line for line in lines if not line.lstrip().startswith("at ")][-_LOG_LINES_SHOWN:]
