"""Our programs as whole processes, seen through what they say and their exit code."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings

DEADLINE_S = 120.0
ROOT = Path(__file__).parents[2]


def settings_in_environment(kafka: KafkaSettings, topics: TopicSettings) -> dict[str, str]:
    """Return the environment that makes a program use this broker and these topics."""
    return {
        "REVIEWS_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "REVIEWS_INPUT_TOPIC": topics.input_topic,
        "REVIEWS_OUTPUT_TOPIC": topics.output_topic,
        "REVIEWS_DEAD_LETTER_TOPIC": topics.dead_letters,
        "REVIEWS_PARTITIONS": str(topics.partitions),
        "REVIEWS_METRICS_PORT": "0",
    }


class Program:
    """A running program; its log events can be awaited."""

    def __init__(self, module: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self._events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.said: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env={**os.environ, **environment},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()

    def wait_for(self, event: str) -> dict[str, Any]:
        """Return the next log event of this name; fails where the program ends first."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            found = self._events.get(timeout=max(0.1, deadline - time.monotonic()))
            assert found is not None, f"ended before it said {event}:\n" + "\n".join(self.said[-20:])
            if found.get("event") == event:
                return found

    @property
    def process_id(self) -> int:
        """Its process's number."""
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def running(self) -> bool:
        """Return whether it has not ended."""
        return self._process.poll() is None

    def wait(self) -> int:
        """Wait for its end and return its exit code."""
        code = self._process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        return code

    def ended_within(self, seconds: float) -> bool:
        """Return whether it ends in so many seconds from now."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> int:
        """Ask it to stop, and return its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """Kill it as a crash would."""
        self.signal(signal.SIGKILL)
        self.wait()

    def output(self) -> str:
        """Return its standard output, after its end."""
        assert self._process.stdout is not None
        return self._process.stdout.read()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.running():
            self._process.kill()
        self.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.said.append(line.rstrip())
            try:
                self._events.put(msgspec.json.decode(line))
            except msgspec.DecodeError:
                continue
        self._events.put(None)
