"""The programs the demo starts: each a process of its own, ended for certain."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from prometheus_client.parser import text_string_to_metric_families

from shared.errors import FatalError
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings

POLL_S = 0.1
STOP_S_MAX = 40.0


class DemoProcess:
    """One program of ours with settings in its environment; its log goes to a file."""

    def __init__(self, module: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._command = [sys.executable, "-m", module, *arguments]
        self._environment = {**os.environ, **environment}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the program."""
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                self._command, env=self._environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    def wait(self, timeout_s: float) -> None:
        """Wait for its end; FatalError where it takes too long or fails."""
        try:
            code = self._running().wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise self._failure(f"did not end within {timeout_s:g} s") from None
        if code != 0:
            raise self._failure(f"left with exit code {code}")

    @property
    def process_id(self) -> int:
        """Its process's number, once it was started."""
        return self._running().pid

    def ended(self) -> bool:
        """Return whether it has ended."""
        return self._running().poll() is not None

    def stop(self) -> int:
        """Tell it to stop, wait, and return its exit code."""
        process = self._running()
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            raise self._failure(f"did not stop within {STOP_S_MAX:g} s") from None

    def __enter__(self) -> Self:
        """Start the program."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Make sure that nothing is left running."""
        process = self._running()
        if process.poll() is None:
            process.kill()
        process.wait()

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            raise FatalError("the program was not started")
        return self._process

    def _failure(self, what: str) -> FatalError:
        said = self._log.read_text("utf-8", "replace").splitlines()[-8:]
        return FatalError(f"{' '.join(self._command[1:4])} {what}:\n  " + "\n  ".join(said))


def stream_environment(kafka: KafkaSettings, topics: TopicSettings, model: Path, group: str) -> dict[str, str]:
    """Return the environment that makes both programs use this broker, these topics, this model and this group."""
    return {
        "REVIEWS_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "REVIEWS_INPUT_TOPIC": topics.input_topic,
        "REVIEWS_OUTPUT_TOPIC": topics.output_topic,
        "REVIEWS_DEAD_LETTER_TOPIC": topics.dead_letters,
        "REVIEWS_PARTITIONS": str(topics.partitions),
        "REVIEWS_MODEL": str(model.resolve()),
        "REVIEWS_GROUP": group,
    }


class ConsumerProbe:
    """The running consumer as seen through its HTTP port."""

    def __init__(self, process: DemoProcess, port: int) -> None:
        self._process = process
        self._url = f"http://127.0.0.1:{port}"

    def wait_until_ready(self, timeout_s: float) -> None:
        """Wait for /readyz; FatalError where it does not come."""
        self._wait(timeout_s, "did not become ready", lambda: self._get("/readyz") is not None)

    def wait_until_consumed(self, records: int, timeout_s: float) -> None:
        """Wait until so many records were read and answered."""
        self._wait(timeout_s, f"did not label {records} records", lambda: self.consumed() >= records)

    def consumed(self) -> int:
        """Return how many records were read and are no longer in flight."""
        samples = {
            sample.name: sample.value
            for family in text_string_to_metric_families(self._get("/metrics") or "")
            for sample in family.samples
            if sample.name in {"reviews_consumed_total", "reviews_inflight_records"}
        }
        return int(samples.get("reviews_consumed_total", 0) - samples.get("reviews_inflight_records", 0))

    def _wait(self, timeout_s: float, otherwise: str, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            if self._process.ended():
                self._process.wait(0)
                raise FatalError("the consumer ended by itself")
            if time.monotonic() >= deadline:
                raise FatalError(f"the consumer {otherwise} within {timeout_s:g} s")
            time.sleep(POLL_S)

    def _get(self, path: str) -> str | None:
        try:
            with urllib.request.urlopen(self._url + path, timeout=2) as answer:  # noqa: S310 - our own process
                text: str = answer.read().decode()
                return text
        except (urllib.error.URLError, OSError):
            return None
