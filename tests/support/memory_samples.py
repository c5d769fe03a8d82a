"""How much memory processes hold, sampled while they run."""

import threading
from pathlib import Path
from types import TracebackType
from typing import Self

SAMPLE_EVERY_S = 0.25


class MemorySamples:
    """Samples the resident memory of processes in a thread of its own, in MB."""

    def __init__(self) -> None:
        self._by_process: dict[int, list[float]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def watch(self, process_id: int) -> None:
        """Sample this process from now on, until it ends."""
        self._by_process[process_id] = []

    def peak_mb(self) -> float | None:
        """Return the most that any of them held; None where /proc does not tell."""
        return max((max(samples) for samples in self._by_process.values() if samples), default=None)

    def _sample(self) -> None:
        while not self._stop.wait(SAMPLE_EVERY_S):
            for process_id, samples in list(self._by_process.items()):
                resident = resident_mb(process_id)
                if resident is not None:
                    samples.append(resident)


def resident_mb(process_id: int) -> float | None:
    """Return the resident memory of a process in MB; None where it has ended or /proc does not tell."""
    try:
        status = Path(f"/proc/{process_id}/status").read_text("ascii")
    except OSError:
        return None
    sizes = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(sizes[0]) / 1024 if sizes else None
